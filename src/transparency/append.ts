// Records a state change in the transaction that makes it: both become true together, or neither.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '../database/connect.ts';
import { type EventFacts, type RecordedEvent, recordEvent } from '../protocol/event.ts';
import { insertEvent } from './event-store.ts';

const NONCE_BYTES = 32;

/** Makes the record of a state change that happens now; nothing is stored. */
export type MakeEvent = (facts: EventFacts) => RecordedEvent;

export type AppendEvent = (tx: Tx, facts: EventFacts) => Promise<RecordedEvent>;

export interface AppendDeps {
  readonly now: () => Date;
}

export const makeEvent =
  (the: AppendDeps): MakeEvent =>
  (facts) =>
    recordEvent(randomUUID(), the.now(), randomBytes(NONCE_BYTES), facts);

export const appendEvent =
  (the: AppendDeps): AppendEvent =>
  async (tx, facts) => {
    const event = makeEvent(the)(facts);
    await insertEvent(tx, event);
    return event;
  };
