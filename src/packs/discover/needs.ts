// What versions need of other packs, gathered as it is found out, up to a limit.
import { nameKey } from '../../protocol/pack-id.ts';
import { agentEntries, dependenciesOf, toolsOf } from './agents.ts';
import type { ReadManifest, VersionName } from './manifest-store.ts';
import { type OtherTool, readTool } from './tool.ts';

interface Need {
  /** `name@version` of whoever needs it. */
  readonly by: string;
}

/** An id that some pack gives; `tool` as the allowlist has it. */
export interface ToolNeed extends Need {
  readonly tool: string;
  readonly id: string;
}

export interface PackNeed extends Need {
  readonly name: string;
  readonly range: string;
}

export interface Needs {
  readonly tools: readonly ToolNeed[];
  readonly packs: readonly PackNeed[];
  /** Tools that no registry holds. */
  readonly others: readonly (Need & OtherTool & { readonly tool: string })[];
}

export interface Member extends VersionName {
  readonly requiredBy: Set<string>;
  readonly tools: Set<string>;
}

export type Reason = 'no_provider' | 'no_pack' | 'no_version' | 'limit';

/** The version that gives a thing, or why there is none. */
export type Answer = VersionName | Reason;

export interface Gathered {
  /** How many more things are looked at. */
  left: number;
  /** What was found out of each thing, so that nobody is asked of it twice. */
  readonly known: Map<string, Answer>;
  readonly members: Map<string, Member>;
  readonly others: Needs['others'][number][];
  readonly unresolved: ((ToolNeed | PackNeed) & { readonly reason: Reason })[];
}

const MAX_MEMBERS = 500;
/** Things that all of them may need together; a long text counts for several. */
const MAX_NEEDS = 20_000;
const TEXT_OF_ONE = 256;
/** Lines that an answer may have beside the packs themselves. */
const MAX_LISTED = 2_000;

export const startGathered = (): Gathered => ({
  left: MAX_NEEDS,
  known: new Map(),
  members: new Map(),
  others: [],
  unresolved: [],
});

const byOf = ({ name, version }: VersionName): string => `${name}@${version}`;

/** What a manifest asks for, each thing once. */
export const needsOf = (found: ReadManifest): Needs => {
  const by = byOf(found);
  const entries = [...new Set(agentEntries(found.manifest).flatMap(toolsOf))];
  const tools = entries.map((tool) => ({ by, tool, ...readTool(tool) }));
  return {
    tools: tools.filter((need): need is ToolNeed => 'id' in need),
    others: tools.filter((need): need is Needs['others'][number] => 'heldBy' in need),
    packs: dependenciesOf(found.manifest).map(([name, range]) => ({ by, name, range })),
  };
};

/** A thing that two manifests ask for in the same words is the same. */
export const keyOf = (need: ToolNeed | PackNeed): string =>
  'id' in need ? `tool ${need.id}` : `pack ${need.name} ${need.range}`;

const sizeOf = (need: Needs['others'][number] | ToolNeed | PackNeed): number =>
  1 + Math.floor(('tool' in need ? need.tool : need.name + need.range).length / TEXT_OF_ONE);

/** Those that are looked at still; the others are noted as beyond the limit. */
const affordable = <N extends ToolNeed | PackNeed>(gathered: Gathered, needs: readonly N[]): readonly N[] =>
  needs.filter((need) => {
    gathered.left -= sizeOf(need);
    if (gathered.left >= 0) return true;
    noteUnmet(gathered, need, 'limit');
    return false;
  });

/** Takes what things cost out of what is left. */
export const afforded = (gathered: Gathered, { packs, tools, others }: Needs): Needs => ({
  packs: affordable(gathered, packs),
  tools: affordable(gathered, tools),
  others: others.filter((other) => {
    gathered.left -= sizeOf(other);
    return gathered.left >= 0;
  }),
});

export const noteOthers = ({ others }: Gathered, more: Needs['others']): void => {
  others.push(...more.slice(0, Math.max(0, MAX_LISTED - others.length)));
};

const short = (text: string): string => text.slice(0, TEXT_OF_ONE);

/** No id and no range is as long as what is cut here. */
const shortened = (need: ToolNeed | PackNeed): ToolNeed | PackNeed =>
  'id' in need
    ? { ...need, tool: short(need.tool), id: short(need.id) }
    : { ...need, name: short(need.name), range: short(need.range) };

export const noteUnmet = ({ unresolved }: Gathered, need: ToolNeed | PackNeed, reason: Reason): void => {
  if (unresolved.length < MAX_LISTED) unresolved.push({ ...shortened(need), reason });
};

/** Adds a version to what is needed. @returns it, where it is new and has needs of its own to look at. */
export const noteMet = (
  gathered: Gathered,
  need: ToolNeed | PackNeed,
  { name, version }: VersionName,
): Member | undefined => {
  const key = `${nameKey(name)}@${version}`;
  const known = gathered.members.get(key);
  if (known === undefined && gathered.members.size >= MAX_MEMBERS) {
    noteUnmet(gathered, need, 'limit');
    return undefined;
  }
  const member: Member = known ?? { name, version, requiredBy: new Set(), tools: new Set() };
  gathered.members.set(key, member);
  member.requiredBy.add(need.by);
  if ('tool' in need) member.tools.add(need.tool);
  return known === undefined ? member : undefined;
};
