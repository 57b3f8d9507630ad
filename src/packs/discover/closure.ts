// What a version needs of other packs: its dependencies and the packs of its agents' tools, and what those need in turn.
import { fault, type Tree } from '../../protocol/faults.ts';
import { highestSatisfying } from '../../protocol/semver-range.ts';
import type { Provider } from '../provided-store.ts';
import { groupedBy, newestOf } from './by-type.ts';
import type { Candidate, ReadManifest, VersionName } from './manifest-store.ts';
import {
  type Gathered,
  gathering,
  type Member,
  type Needs,
  needsOf,
  noteMet,
  noteOthers,
  noteUnmet,
  type PackNeed,
  type ToolNeed,
} from './needs.ts';

export interface ClosureDeps {
  readonly manifestsOf: (tree: Tree, wanted: readonly VersionName[]) => Promise<readonly ReadManifest[]>;
  readonly versionsOfAll: (tree: Tree, names: readonly string[]) => Promise<readonly Candidate[]>;
  readonly providersOf: (tree: Tree, ids: readonly string[]) => Promise<readonly Provider[]>;
}

/** Manifests, names and ids that one question to the database is about. */
const AT_ONCE = 16;
const ASKED_AT_ONCE = 500;

const inParts = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, part) =>
    list.slice(part * size, part * size + size),
  );

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** Of several packs that give an id, the first by name; which others there are, by-type says. */
const meetTools = (gathered: Gathered, needs: readonly ToolNeed[], found: readonly Provider[]): Member[] => {
  const packs = groupedBy(found, ({ id }) => id);
  return needs
    .map((need) => {
      const [first = []] = groupedBy(packs.get(need.id) ?? [], ({ name }) => name).values();
      const provider = newestOf(first);
      if (provider !== undefined) return noteMet(gathered, need, provider);
      noteUnmet(gathered, need, 'no_provider');
      return undefined;
    })
    .filter(isThere);
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

const meetPacks = (gathered: Gathered, needs: readonly PackNeed[], found: readonly Candidate[]): Member[] => {
  const packs = groupedBy(found, ({ name }) => name);
  return needs
    .map((need) => {
      const versions = packs.get(need.name) ?? [];
      const version = chosen(versions, need.range);
      if (version !== undefined) return noteMet(gathered, need, version);
      noteUnmet(gathered, need, versions.length === 0 ? 'no_pack' : 'no_version');
      return undefined;
    })
    .filter(isThere);
};

const meet = async (the: ClosureDeps, tree: Tree, gathered: Gathered, needs: Needs): Promise<Member[]> => {
  const added: Member[] = [];
  noteOthers(gathered, needs.others);
  for (const part of inParts(needs.packs, ASKED_AT_ONCE)) {
    const names = part.map(({ name }) => name);
    added.push(...meetPacks(gathered, part, await the.versionsOfAll(tree, names)));
  }
  for (const part of inParts(needs.tools, ASKED_AT_ONCE)) {
    const ids = part.map(({ id }) => id);
    added.push(...meetTools(gathered, part, await the.providersOf(tree, ids)));
  }
  return added;
};

const allNeeds = (found: readonly ReadManifest[]): Needs => {
  const each = found.map(needsOf);
  return {
    tools: each.flatMap(({ tools }) => tools),
    packs: each.flatMap(({ packs }) => packs),
    others: each.flatMap(({ others }) => others),
  };
};

/** A circle ends where it comes back: each version is looked at once. */
const gather = async (the: ClosureDeps, tree: Tree, root: ReadManifest): Promise<Gathered> => {
  const gathered = gathering();
  const open: VersionName[] = await meet(the, tree, gathered, needsOf(root));
  for (let next = open.splice(0, AT_ONCE); next.length > 0; next = open.splice(0, AT_ONCE))
    open.push(...(await meet(the, tree, gathered, allNeeds(await the.manifestsOf(tree, next)))));
  return gathered;
};

const byNameThenVersion = (a: Member, b: Member): number =>
  a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1;

/** @throws Fault pack_version_not_found, also for what only some may see */
export const closureOf =
  (the: ClosureDeps) =>
  async (tree: Tree, { name, version }: VersionName) => {
    const [root] = await the.manifestsOf(tree, [{ name, version }]);
    if (root === undefined) throw fault('pack_version_not_found', { name, version });
    const { members, others, unresolved } = await gather(the, tree, root);
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
      complete: unresolved.length === 0,
    };
  };
