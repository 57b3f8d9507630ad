// What every write to a base has in common: done once for each key of its sender's, all of it or nothing, with a receipt.

import { equalBytes } from '../../keys/bytes.ts';
import type { JsonObject } from '../../keys/canonical.ts';
import { findOutcome, insertOutcome, type OutcomeRow } from '../access/idempotency-store.ts';
import type { Acting } from '../access/workforces/acting.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction, isUniqueViolation } from '../database/transaction.ts';
import { Fault, fault } from '../protocol/faults.ts';
import type { Receipt } from '../protocol/receipt.ts';
import type { AwaitReceipt, ProvableEvent } from '../transparency/receipts.ts';
import { insertRecords } from './event-store.ts';
import { type KnowledgeRecord, lastOf } from './events.ts';

export interface RecordDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly awaitReceipt: AwaitReceipt;
  /** Lets every process learn of what happened to a subject. */
  readonly announce: (subject: string) => void;
}

/** What the sender of a write said about sending it again. */
export interface Attempt {
  readonly by: Acting;
  /** `Idempotency-Key`. */
  readonly key: string | undefined;
  /** SHA-256 of method, address and body. */
  readonly request: Uint8Array;
}

export interface Done<Outcome extends JsonObject> {
  /** What the answer tells, whenever it is asked for; nothing that people wrote. */
  readonly outcome: Outcome;
  readonly status: number;
  /** In their order; the answer carries the receipt of the last. */
  readonly records: readonly KnowledgeRecord[];
}

export interface Written<Outcome extends JsonObject> {
  readonly outcome: Outcome;
  readonly status: number;
  readonly event: ProvableEvent | string | undefined;
  /** Undefined where the seal is late. */
  readonly receipt: Receipt | undefined;
  /** True where the same request had been answered before. */
  readonly repeated: boolean;
}

type Recorded<Outcome extends JsonObject> = Omit<Written<Outcome>, 'receipt'>;

const repeated = <Outcome extends JsonObject>(
  row: OutcomeRow,
  { request, key }: Attempt,
): Recorded<Outcome> => {
  if (!equalBytes(row.request, request)) throw fault('idempotency_conflict', { key });
  const event = row.event_id ?? undefined;
  return { outcome: row.outcome as Outcome, status: row.status, event, repeated: true };
};

const before = async (the: RecordDeps, { by, key }: Attempt): Promise<OutcomeRow | undefined> =>
  key === undefined ? undefined : findOutcome(the.sql, by.account, key);

const remember = (
  tx: Tx,
  { by, key, request }: Attempt,
  done: Done<JsonObject>,
  at: Date,
): Promise<unknown> => {
  if (key === undefined) return Promise.resolve();
  const event_id = done.records.length === 0 ? null : lastOf(done.records).id;
  const { status, outcome } = done;
  return insertOutcome(tx, { account: by.account, key, request, status, outcome, event_id, at });
};

const attempted = async <Outcome extends JsonObject>(
  the: RecordDeps,
  attempt: Attempt,
  work: (tx: Tx) => Promise<Done<Outcome>>,
): Promise<Recorded<Outcome>> => {
  // The point of no return is the end of this transaction.
  const done = await inTransaction(the.sql, async (tx) => {
    const outcome = await work(tx);
    if (outcome.records.length > 0) await insertRecords(tx, outcome.records);
    await remember(tx, attempt, outcome, the.now());
    return outcome;
  });
  for (const base of new Set(done.records.map((record) => record.base))) the.announce(base);
  const event = done.records.length === 0 ? undefined : lastOf(done.records);
  return { outcome: done.outcome, status: done.status, event, repeated: false };
};

/** Another attempt under the same key may have come first, and have left nothing to do, or taken the key. */
const lostToItself = (error: unknown): boolean =>
  error instanceof Fault || isUniqueViolation(error, 'idempotency_pkey');

const once = async <Outcome extends JsonObject>(
  the: RecordDeps,
  attempt: Attempt,
  work: (tx: Tx) => Promise<Done<Outcome>>,
): Promise<Recorded<Outcome>> => {
  const known = await before(the, attempt);
  if (known !== undefined) return repeated(known, attempt);
  try {
    return await attempted(the, attempt, work);
  } catch (error) {
    const first = lostToItself(error) ? await before(the, attempt) : undefined;
    if (first === undefined) throw error;
    return repeated(first, attempt);
  }
};

/** `work` takes its locks first, then asks `requireInForce`, then writes; its events are appended at its end. */
export type RecordWrite = <Outcome extends JsonObject>(
  attempt: Attempt,
  work: (tx: Tx) => Promise<Done<Outcome>>,
) => Promise<Written<Outcome>>;

/** @throws Fault idempotency_conflict; whatever `work` throws */
export const recordWrite =
  (the: RecordDeps): RecordWrite =>
  async (attempt, work) => {
    const recorded = await once(the, attempt, work);
    const { event } = recorded;
    return { ...recorded, receipt: event === undefined ? undefined : await the.awaitReceipt(event) };
  };
