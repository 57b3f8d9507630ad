// What every write to a base has in common: done once for each key of its sender's, all of it or nothing, with a receipt.

import { equalBytes } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { findOutcome, insertOutcome, type OutcomeRow } from '../../access/idempotency-store.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction, isUniqueViolation } from '../../database/transaction.ts';
import { Fault, fault } from '../../protocol/faults.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt, ProvableEvent } from '../../transparency/receipts.ts';
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
export interface Repeatable {
  readonly by: Pick<Acting, 'account'>;
  /** `Idempotency-Key`. */
  readonly key: string | undefined;
  /** SHA-256 of who asks, method, address and body. */
  readonly request: Uint8Array;
}

/** A write of somebody's. */
export interface Attempt extends Repeatable {
  readonly by: Acting;
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

/** A fact in the database; its event may still wait for its seal. */
export type Recorded<Outcome extends JsonObject> = Omit<Written<Outcome>, 'receipt'>;

const repeated = <Outcome extends JsonObject>(
  row: OutcomeRow,
  { request, key }: Repeatable,
): Recorded<Outcome> => {
  if (!equalBytes(row.request, request)) throw fault('idempotency_conflict', { key });
  const event = row.event_id ?? undefined;
  return { outcome: row.outcome as Outcome, status: row.status, event, repeated: true };
};

type OnceDeps = Omit<RecordDeps, 'awaitReceipt'>;

const before = async (the: OnceDeps, { by, key }: Repeatable): Promise<OutcomeRow | undefined> =>
  key === undefined ? undefined : findOutcome(the.sql, by.account, key);

/** What the same request is answered from then on; undefined where it came without a key. */
export const keptOutcome = (
  { by, key, request }: Repeatable,
  { status, outcome, records }: Done<JsonObject>,
  at: Date,
): OutcomeRow | undefined => {
  if (key === undefined) return undefined;
  const event_id = records.length === 0 ? null : lastOf(records).id;
  return { account: by.account, key, request, status, outcome, event_id, at };
};

const remember = async (tx: Tx, attempt: Repeatable, done: Done<JsonObject>, at: Date): Promise<void> => {
  const kept = keptOutcome(attempt, done, at);
  if (kept !== undefined) await insertOutcome(tx, kept);
};

const attempted = async <Outcome extends JsonObject>(
  the: OnceDeps,
  attempt: Repeatable,
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
export const lostToItself = (error: unknown): boolean =>
  error instanceof Fault || isUniqueViolation(error, 'idempotency_pkey');

/** `work` takes its locks first, then asks `requireInForce`, then writes; its events are appended at its end. */
export type RecordOnce = <Outcome extends JsonObject>(
  attempt: Repeatable,
  work: (tx: Tx) => Promise<Done<Outcome>>,
) => Promise<Recorded<Outcome>>;

export type Answered = <Outcome extends JsonObject>(
  attempt: Repeatable,
) => Promise<Recorded<Outcome> | undefined>;

/** What the same request was answered before, for whoever prepares a write at length. @throws Fault idempotency_conflict */
export const answered =
  (the: OnceDeps): Answered =>
  async <Outcome extends JsonObject>(attempt: Repeatable) => {
    const known = await before(the, attempt);
    return known === undefined ? undefined : repeated<Outcome>(known, attempt);
  };

/** For whoever has no time to wait for the seal. @throws Fault idempotency_conflict; whatever `work` throws */
export const recordOnce =
  (the: OnceDeps): RecordOnce =>
  async <Outcome extends JsonObject>(attempt: Repeatable, work: (tx: Tx) => Promise<Done<Outcome>>) => {
    const known = await before(the, attempt);
    if (known !== undefined) return repeated<Outcome>(known, attempt);
    try {
      return await attempted(the, attempt, work);
    } catch (error) {
      const first = lostToItself(error) ? await before(the, attempt) : undefined;
      if (first === undefined) throw error;
      return repeated<Outcome>(first, attempt);
    }
  };

export const withReceipt = async <Outcome extends JsonObject>(
  awaitReceipt: AwaitReceipt,
  recorded: Recorded<Outcome>,
): Promise<Written<Outcome>> => {
  const { event } = recorded;
  return { ...recorded, receipt: event === undefined ? undefined : await awaitReceipt(event) };
};

export type RecordWrite = <Outcome extends JsonObject>(
  attempt: Repeatable,
  work: (tx: Tx) => Promise<Done<Outcome>>,
) => Promise<Written<Outcome>>;

/** `recordOnce`, answered with its receipt. */
export const recordWrite = (the: RecordDeps): RecordWrite => {
  const once = recordOnce(the);
  return async (attempt, work) => withReceipt(the.awaitReceipt, await once(attempt, work));
};
