// What a version needs of other packs: its dependencies and the packs of its agents' tools, and what those need in turn.
import { fault, type Tree } from '../../protocol/faults.ts';
import { groupedBy, inParts } from '../../protocol/lists.ts';
import { highestSatisfying } from '../../protocol/semver-range.ts';
import type { Provider } from '../provided-store.ts';
import type { Candidate, ReadManifest, VersionName } from './manifest-store.ts';
import {
  afforded,
  type Gathered,
  keyOf,
  type Member,
  needsOf,
  noteMet,
  noteOthers,
  noteUnmet,
  type PackNeed,
  startGathered,
  type ToolNeed,
} from './needs.ts';

export interface ClosureDeps {
  /** Milliseconds that only ever go on. */
  readonly now: () => number;
  readonly manifestsOf: (tree: Tree, wanted: readonly VersionName[]) => Promise<readonly ReadManifest[]>;
  readonly versionsOfAll: (tree: Tree, names: readonly string[]) => Promise<readonly Candidate[]>;
  /** Of each id the pack that stands for it, by its newest version. */
  readonly providersOf: (tree: Tree, ids: readonly string[]) => Promise<readonly Provider[]>;
}

/** Manifests, names and ids that one question to the database is about; each may have very many versions. */
const AT_ONCE = 16;
const MAX_MS = 2_000;

/** One closure while it is gathered. */
interface Gathering {
  readonly the: ClosureDeps;
  readonly tree: Tree;
  readonly gathered: Gathered;
  /** Whether it took its time, or nobody waits for it any more. */
  readonly isOver: () => boolean;
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** Of several packs that give an id, the first by name; which others there are, by-type says. */
const askTools = async ({ the, tree, gathered }: Gathering, needs: readonly ToolNeed[]): Promise<void> => {
  const ids = [...new Set(needs.map(({ id }) => id))];
  const found = new Map((await the.providersOf(tree, ids)).map((each) => [each.id, each]));
  for (const need of needs) gathered.known.set(keyOf(need), found.get(need.id) ?? 'no_provider');
};

/** What is yanked is no answer to a range, but to an exact version it is. */
const chosen = (versions: readonly Candidate[], range: string): Candidate | undefined => {
  const offered = versions.filter(({ yanked, version }) => !yanked || version === range);
  const version = highestSatisfying(
    offered.map((each) => each.version),
    range,
  );
  return offered.find((each) => each.version === version);
};

/** A pack may have very many versions, so that time is looked at before each. */
const askPacks = async (
  { the, tree, gathered, isOver }: Gathering,
  needs: readonly PackNeed[],
): Promise<void> => {
  const names = [...new Set(needs.map(({ name }) => name))];
  const packs = groupedBy(await the.versionsOfAll(tree, names), ({ name }) => name);
  for (const need of needs) {
    if (isOver()) return;
    const versions = packs.get(need.name) ?? [];
    const none = versions.length === 0 ? 'no_pack' : 'no_version';
    gathered.known.set(keyOf(need), chosen(versions, need.range) ?? none);
  }
};

/** Asks about what is not known yet. @returns the versions that are new */
const meet = async <N extends ToolNeed | PackNeed>(
  gathering: Gathering,
  needs: readonly N[],
  ask: (gathering: Gathering, needs: readonly N[]) => Promise<void>,
): Promise<Member[]> => {
  const { gathered, isOver } = gathering;
  const unknown = new Map(
    needs.filter((need) => !gathered.known.has(keyOf(need))).map((need) => [keyOf(need), need]),
  );
  for (const part of inParts([...unknown.values()], AT_ONCE)) if (!isOver()) await ask(gathering, part);
  const added = needs.map((need) => {
    const answer = gathered.known.get(keyOf(need)) ?? 'limit';
    if (typeof answer !== 'string') return noteMet(gathered, need, answer);
    noteUnmet(gathered, need, answer);
    return undefined;
  });
  return added.filter(isThere);
};

const meetAll = async (gathering: Gathering, found: readonly ReadManifest[]): Promise<Member[]> => {
  const each = found.map((manifest) => afforded(gathering.gathered, needsOf(manifest)));
  noteOthers(
    gathering.gathered,
    each.flatMap(({ others }) => others),
  );
  const packs = each.flatMap((needs) => needs.packs);
  const tools = each.flatMap((needs) => needs.tools);
  return [...(await meet(gathering, packs, askPacks)), ...(await meet(gathering, tools, askTools))];
};

/** What was not looked into is needed itself, but what it needs nobody knows. */
const noteLeft = (gathered: Gathered, left: readonly Member[]): void => {
  for (const { name, version, requiredBy } of left) {
    const [by = ''] = requiredBy;
    noteUnmet(gathered, { by, name, range: version }, 'limit');
  }
};

/** A circle ends where it comes back: each version is looked at once. */
const gather = async (gathering: Gathering, root: ReadManifest): Promise<Gathered> => {
  const { the, tree, gathered, isOver } = gathering;
  const open = await meetAll(gathering, [root]);
  while (open.length > 0 && gathered.left >= 0 && !isOver())
    open.push(...(await meetAll(gathering, await the.manifestsOf(tree, open.splice(0, AT_ONCE)))));
  noteLeft(gathered, open);
  return gathered;
};

const byNameThenVersion = (a: Member, b: Member): number =>
  a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1;

/**
 * @param isGone whether nobody waits for it any more
 * @throws Fault pack_version_not_found, also for what only some may see
 */
export const closureOf =
  (the: ClosureDeps) =>
  async (tree: Tree, { name, version }: VersionName, isGone = () => false) => {
    const until = the.now() + MAX_MS;
    const isOver = (): boolean => isGone() || the.now() >= until;
    const [root] = await the.manifestsOf(tree, [{ name, version }]);
    if (root === undefined) throw fault('pack_version_not_found', { name, version });
    const gathering: Gathering = { the, tree, gathered: startGathered(), isOver };
    const { members, others, unresolved, left } = await gather(gathering, root);
    return {
      name,
      version,
      packs: [...members.values()].sort(byNameThenVersion).map((member) => ({
        name: member.name,
        version: member.version,
        requiredBy: [...member.requiredBy].sort(),
        tools: [...member.tools].sort(),
      })),
      others,
      unresolved,
      complete: unresolved.length === 0 && left >= 0,
    };
  };
