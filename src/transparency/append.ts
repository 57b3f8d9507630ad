// Records a state change in the transaction that makes it: both become true together, or neither.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '../database/connect.ts';
import { type EventFacts, type RecordedEvent, recordEvent } from '../protocol/event.ts';
import { insertEvent } from './event-store.ts';

const NONCE_BYTES = 32;
/** To ask for a few random bytes costs as much as to ask for many. */
const NONCES_AT_ONCE = 128;

const startNonces = (): (() => Uint8Array) => {
  let pool = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === pool.length) [pool, at] = [randomBytes(NONCE_BYTES * NONCES_AT_ONCE), 0];
    // A copy of its own, and none left behind: a nonce is what keeps a sealed leaf closed.
    const nonce = Uint8Array.prototype.slice.call(pool, at, at + NONCE_BYTES);
    pool.fill(0, at, at + NONCE_BYTES);
    at += NONCE_BYTES;
    return nonce;
  };
};

/** Makes the record of a state change that happens now; nothing is stored. */
export type MakeEvent = (facts: EventFacts) => RecordedEvent;

export type AppendEvent = (tx: Tx, facts: EventFacts) => Promise<RecordedEvent>;

export interface AppendDeps {
  readonly now: () => Date;
}

export const makeEvent = (the: AppendDeps): MakeEvent => {
  const freshNonce = startNonces();
  return (facts) => recordEvent(randomUUID(), the.now(), freshNonce(), facts);
};

export const appendEvent = (the: AppendDeps): AppendEvent => {
  const make = makeEvent(the);
  return async (tx, facts) => {
    const event = make(facts);
    await insertEvent(tx, event);
    return event;
  };
};
