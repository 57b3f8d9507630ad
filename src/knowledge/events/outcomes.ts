// What became of a write, told by the key that its sender gave it.
import { findOutcome } from '../../access/idempotency-store.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Sql } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';

/** Of the sender's own account. @throws Fault not_found where nothing came of it, or not yet */
export const readOutcome = (sql: Sql) => async (by: Acting, key: string) => {
  const found = await findOutcome(sql, by.account, key);
  if (found === undefined) throw fault('not_found', { key }, 'Nothing was done under this Idempotency-Key.');
  const { status, outcome, event_id, at } = found;
  return { status, outcome, event_id, at };
};
