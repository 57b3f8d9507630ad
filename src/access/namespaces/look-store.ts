// Finds the names that may look like another among any number of them, and keeps the index that makes that cheap.
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import { lookKeys, skeletonOf } from './look-alikes.ts';
import { readNamespace } from './names.ts';

/** Words are held in every scope. */
export const EVERYWHERE = '*';

export const lookKeysOf = (where: string, org: string): readonly number[] => lookKeys(where, skeletonOf(org));

/** Names that have a key in common with it, its own account's left out; most of them pass for it. */
export const claimsLike = async (
  db: Queryable,
  keys: readonly number[],
  account: string,
): Promise<readonly string[]> => {
  // One look into the index for each key: of all keys at once the planner expects too many rows, and reads the table.
  const rows = await db<{ namespace: string }[]>`
    select distinct namespace from unnest(${keys as number[]}::integer[]) as key
    cross join lateral (select namespace, account from namespace_claims where look_keys @> array[key]) as found
    where account <> ${account} order by namespace`;
  return rows.map(({ namespace }) => namespace);
};

export const heldLike = async (db: Queryable, keys: readonly number[]): Promise<readonly string[]> => {
  const rows = await db<{ name: string }[]>`
    select distinct name from unnest(${keys as number[]}::integer[]) as key
    cross join lateral (select name from held_namespaces where look_keys @> array[key]) as found
    order by name`;
  return rows.map(({ name }) => name);
};

const AT_ONCE = 500;

const indexSome = async (sql: Sql): Promise<boolean> => {
  const rows = await sql<{ namespace: string }[]>`
    select namespace from namespace_claims where look_keys is null limit ${AT_ONCE}`;
  const found = rows.map(({ namespace }) => {
    const { scope, org } = readNamespace(namespace);
    return { namespace, keys: lookKeysOf(scope, org) };
  });
  if (found.length > 0)
    await sql`
      update namespace_claims set look_keys = found.keys
      from json_to_recordset(${JSON.stringify(found)}::text::json) as found (namespace text, keys integer[])
      where namespace_claims.namespace = found.namespace`;
  return found.length === AT_ONCE;
};

/** Claims from before there was this index, or by a program that does not know it, are taken into it in batches. */
export const indexNames = (sql: Sql) => async (): Promise<void> => {
  while (await indexSome(sql));
};

export interface HeldRow {
  readonly name: string;
  readonly reason: string;
  readonly held_at: Date;
}

export const heldNames = (db: Queryable): Promise<HeldRow[]> =>
  db<HeldRow[]>`select name, reason, held_at from held_namespaces order by name`;

export const heldName = async (db: Queryable, name: string): Promise<HeldRow | undefined> => {
  const [row] = await db<HeldRow[]>`select name, reason, held_at from held_namespaces where name = ${name}`;
  return row;
};

export const insertHeld = (tx: Tx, row: HeldRow, keys: readonly number[]): Promise<unknown> => tx`
  insert into held_namespaces (name, reason, held_at, look_keys)
  values (${row.name}, ${row.reason}, ${row.held_at}, ${keys as number[]}::integer[])`;

/** False where it is not held. */
export const deleteHeld = async (tx: Tx, name: string): Promise<boolean> =>
  (await tx`delete from held_namespaces where name = ${name}`).count === 1;
