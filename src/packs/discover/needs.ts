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

export interface Gathered {
  readonly members: Map<string, Member>;
  readonly others: Needs['others'][number][];
  readonly unresolved: ((ToolNeed | PackNeed) & { readonly reason: Reason })[];
}

const MAX_MEMBERS = 500;
/** Lines that an answer may have beside the packs themselves. */
const MAX_LISTED = 2_000;

export const gathering = (): Gathered => ({ members: new Map(), others: [], unresolved: [] });

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

export const noteOthers = ({ others }: Gathered, more: Needs['others']): void => {
  others.push(...more.slice(0, Math.max(0, MAX_LISTED - others.length)));
};

export const noteUnmet = ({ unresolved }: Gathered, need: ToolNeed | PackNeed, reason: Reason): void => {
  if (unresolved.length < MAX_LISTED) unresolved.push({ ...need, reason });
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
