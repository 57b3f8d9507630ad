// Published versions as rows, as they are read.
import { digestOfRaw } from '../../storage/digest.ts';
import type { Queryable, Sql } from '../database/connect.ts';
import { sharing } from '../database/share.ts';
import type { Tree } from '../protocol/faults.ts';
import { nameKey, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import type { ListedVersion, StoredVersion } from './version-record.ts';

type Row<V> = Omit<V, 'digest' | 'keyId' | 'eventId' | 'publishedAt'> & {
  readonly digest: Uint8Array;
  readonly key_id: string | null;
  readonly event_id: string;
  readonly published_at: Date;
};

const toVersion = <V extends ListedVersion>(row: Row<V>): V => {
  const { digest, key_id, event_id, published_at, ...rest } = row;
  const named = { keyId: key_id, eventId: event_id, publishedAt: published_at };
  return { ...rest, digest: digestOfRaw(digest), ...named } as unknown as V;
};

const listedColumns = (db: Queryable) => db`
  name, version, tree, digest, size, key_id, facts, warnings, publisher, published_at, event_id, yanked, deprecated,
  unpublished, signature is not null as signed, statement is not null as stated`;

const allColumns = (db: Queryable) => db`${listedColumns(db)}, manifest, signature, statement, files`;

/** Whatever holds this (name, version), be it a tombstone, in either tree and however the name is capitalised. */
export const holderOf = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<ListedVersion | undefined> => {
  const [row] = await db<Row<ListedVersion>[]>`
    select ${listedColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version}`;
  return row === undefined ? undefined : toVersion(row);
};

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

export type FindHolder = (asked: Address) => Promise<ListedVersion | undefined>;

const addressOf = ({ name, version }: Address): string => `${nameKey(name)}@${version}`;

const findAll =
  (sql: Sql) =>
  async (all: readonly Address[]): Promise<readonly (ListedVersion | undefined)[]> => {
    const [only] = all;
    if (only !== undefined && all.length === 1) return [await holderOf(sql, only.name, only.version)];
    const rows = await sql<Row<ListedVersion>[]>`
      select found.* from unnest(${all.map(({ name }) => nameKey(name))}::text[],
        ${all.map(({ version }) => version)}::text[]) as wanted (name_key, version)
      -- Limited, so that it is planned as what it is: one look into the index for each.
      cross join lateral (select ${listedColumns(sql)} from versions
        where name_key = wanted.name_key and version = wanted.version limit 1) as found`;
    const found = new Map(rows.map((row) => [addressOf(row), toVersion<ListedVersion>(row)]));
    return all.map((asked) => found.get(addressOf(asked)));
  };

const MOST_ASKED = 64;

/** `holderOf` for many who ask at once. */
export const holders = (sql: Sql): FindHolder =>
  sharing({ run: findAll(sql), weigh: () => 1, most: MOST_ASKED });

export const findVersion = async (
  db: Queryable,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<StoredVersion | undefined> => {
  const [row] = await db<Row<StoredVersion>[]>`
    select ${allColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version} and tree = ${tree} and name = ${name}
      and unpublished is null`;
  return row === undefined ? undefined : toVersion(row);
};

/** The release statement of a version in either tree, null where it has none. */
export const statementOf = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<{ readonly statement: string | null } | undefined> => {
  const [row] = await db<{ statement: string | null }[]>`
    select statement from versions
    where name_key = ${nameKey(name)} and version = ${version} and name = ${name} and unpublished is null`;
  return row;
};

/** Every version of one pack in one tree that was not unpublished, in no particular order. */
export const versionsOf = async (db: Queryable, tree: Tree, name: PackName): Promise<ListedVersion[]> => {
  const rows = await db<Row<ListedVersion>[]>`
    select ${listedColumns(db)} from versions
    where name_key = ${nameKey(name)} and tree = ${tree} and name = ${name} and unpublished is null`;
  return rows.map(toVersion);
};

/** Whether any pack stands or stood under a namespace such as `vendor.acme`. */
export const namespaceInUse =
  (sql: Sql) =>
  async (namespace: string): Promise<boolean> => {
    const rows = await sql`
      select 1 from versions where starts_with(name_key, ${`${nameKey(namespace)}.`}) limit 1`;
    return rows.length > 0;
  };
