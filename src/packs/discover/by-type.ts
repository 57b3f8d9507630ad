// Which packs provide an id: the index decides, never the name's prefix.
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import { groupedBy } from '../../protocol/lists.ts';
import { compareVersions, latestOf } from '../../protocol/semver-range.ts';
import { type Provider, versionsProviding } from '../provided-store.ts';

export interface TypeQuestion {
  readonly tree: Tree;
  readonly typeId: string;
  readonly after: string;
  readonly limit: number;
}

/** The newest of the versions that provide an id, by the rule of `latest`. */
const newestOf = (versions: readonly Provider[]): Provider | undefined => {
  const newest = latestOf(versions);
  return versions.find(({ version }) => version === newest);
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
  const providers = await versionsProviding(db, [typeId], { tree, after, most: limit + 1 });
  const found = groupedBy(providers, ({ name }) => name);
  const packs = [...found.values()].slice(0, limit);
  const nextCursor = found.size > limit ? packs.at(-1)?.[0]?.name : undefined;
  return { typeId, results: packs.map(rowOf), ...(nextCursor === undefined ? {} : { nextCursor }) };
};
