// What became of writes that came with a key of their sender's, as rows.

import type { JsonObject } from '../../keys/canonical.ts';
import type { Queryable, Tx } from '../database/connect.ts';

export interface OutcomeRow {
  readonly account: string;
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly request: Uint8Array;
  readonly status: number;
  readonly outcome: JsonObject;
  /** Whose receipt the answer carries. */
  readonly event_id: string | null;
  readonly at: Date;
}

export const findOutcome = async (
  db: Queryable,
  account: string,
  key: string,
): Promise<OutcomeRow | undefined> => {
  const [row] = await db<OutcomeRow[]>`select * from idempotency where account = ${account} and key = ${key}`;
  return row;
};

/** Waits for whoever writes under the same key, and fails with the unique index `idempotency_pkey` if he succeeds. */
export const insertOutcome = (tx: Tx, row: OutcomeRow): Promise<unknown> => tx`
  insert into idempotency (account, key, request, status, outcome, event_id, at)
  values (${row.account}, ${row.key}, ${row.request}, ${row.status}, ${tx.json(row.outcome)}, ${row.event_id},
    ${row.at})`;

/** How many were forgotten. */
export const forgetOutcomes = async (db: Queryable, before: Date): Promise<number> => {
  const result = await db`delete from idempotency where at < ${before}`;
  return result.count;
};
