// Lists that the registrar signs anew at each change, as rows of a table for each kind.
import type { Queryable, Tx } from '../database/connect.ts';

export type IssuedTable = 'keyrings' | 'withdrawals';

export interface IssuedRow {
  readonly version: number;
  /** The DSSE envelope, as JSON text. */
  readonly envelope: string;
  readonly issued_at: Date;
}

/** Which is the newest, without its text. */
export const newestIssued = async (
  db: Queryable,
  table: IssuedTable,
): Promise<Omit<IssuedRow, 'envelope'> | undefined> => {
  const [row] = await db<Omit<IssuedRow, 'envelope'>[]>`
    select version, issued_at from ${db(table)} order by version desc limit 1`;
  return row === undefined ? undefined : { ...row, version: Number(row.version) };
};

export const latestIssued = async (db: Queryable, table: IssuedTable): Promise<IssuedRow | undefined> => {
  const [row] = await db<IssuedRow[]>`
    select version, envelope, issued_at from ${db(table)} order by version desc limit 1`;
  return row === undefined ? undefined : { ...row, version: Number(row.version) };
};

/** Older ones say nothing that the events do not: only the newest is served. */
export const dropIssuedBelow = (tx: Tx, table: IssuedTable, version: number): Promise<unknown> =>
  tx`delete from ${tx(table)} where version < ${version}`;

export const insertIssued = (tx: Tx, table: IssuedTable, row: IssuedRow): Promise<unknown> => tx`
  insert into ${tx(table)} (version, envelope, issued_at) values (${row.version}, ${row.envelope}, ${row.issued_at})`;
