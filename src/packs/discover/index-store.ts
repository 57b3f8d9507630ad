// The rows of the registry index as the database holds them, in pages and by name.
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import type { ManifestFacts } from '../../protocol/manifest/describe.ts';

/** A pack by the version that stands for it. */
export interface IndexedPack {
  readonly name: string;
  readonly version: string;
  readonly facts: ManifestFacts;
  readonly yanked: boolean;
  readonly deprecated: boolean;
}

const columns = (db: Queryable) => db`latest.name, version, facts, latest.yanked, latest.deprecated`;

export const indexedAfter = (db: Queryable, tree: Tree, after: string, limit: number) => db<IndexedPack[]>`
  select ${columns(db)} from pack_latest as latest join versions using (name_key, version)
  where latest.tree = ${tree} and latest.name > ${after} order by latest.name limit ${limit}`;

/** Those of the packs that are there. */
export const indexedOf = (db: Queryable, tree: Tree, names: readonly string[]) => db<IndexedPack[]>`
  select ${columns(db)} from pack_latest as latest join versions using (name_key, version)
  where latest.tree = ${tree} and latest.name = any (${[...names]}::text[])`;
