// Which packs provide an id: the index decides, never the name's prefix.
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import { compareVersions, latestOf } from '../../protocol/semver-range.ts';
import { type Provider, providersOf } from '../provided-store.ts';

export interface TypeQuestion {
  readonly tree: Tree;
  readonly typeId: string;
  readonly after: string;
  readonly limit: number;
}

/** The newest of the versions that provide an id, by the rule of `latest`. */
export const newestOf = (versions: readonly Provider[]): Provider | undefined => {
  const newest = latestOf(versions);
  return versions.find(({ version }) => version === newest);
};

export const groupedBy = <T>(
  list: readonly T[],
  keyOf: (each: T) => string,
): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const each of list) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return groups;
};

const rowOf = (versions: readonly Provider[]) => {
  const newest = newestOf(versions);
  return {
    name: newest?.name,
    version: newest?.version,
    versions: versions.map(({ version }) => version).sort(compareVersions),
    kind: newest?.kind,
    provides: newest?.is_agent ? 'agentId' : 'typeId',
    yanked: versions.every(({ yanked }) => yanked),
    deprecated: versions.every(({ deprecated }) => deprecated),
  };
};

export const packsOfType = async (db: Queryable, { tree, typeId, after, limit }: TypeQuestion) => {
  const providers = await providersOf(db, [typeId], { tree, after, most: limit + 1 });
  const found = groupedBy(providers, ({ name }) => name);
  const packs = [...found.values()].slice(0, limit);
  const nextCursor = found.size > limit ? packs.at(-1)?.[0]?.name : undefined;
  return { typeId, results: packs.map(rowOf), ...(nextCursor === undefined ? {} : { nextCursor }) };
};
