// Gives writers their receipts: the place of an event in the log and the proof of it, as soon as it is sealed.
import type { Sql } from '../database/connect.ts';
import type { Receipt } from '../protocol/receipt.ts';
import type { LogNodes } from './log-nodes.ts';
import { eventWithId, type FoundEvent, type Head } from './log-store.ts';
import { proveEvent, receiptOf } from './prove.ts';
import type { LogWatch } from './watch.ts';

export interface ReceiptDeps {
  readonly sql: Sql;
  readonly nodes: LogNodes;
  readonly watch: LogWatch;
  /** A writer waits this long for the seal; milliseconds. */
  readonly waitMs: number;
}

/** What is needed of an event to prove it; `sealed` is the full event behind a leaf that only commits to it. */
export type ProvableEvent = Pick<FoundEvent, 'id' | 'leaf' | 'sealed'>;

/** Of an event, or of an older one by its id. Undefined where the seal is late: the receipt can be had later. */
export type AwaitReceipt = (event: ProvableEvent | string) => Promise<Receipt | undefined>;

const headOver = async (watch: LogWatch, position: number): Promise<Head> => {
  const known = watch.head();
  const head = known !== undefined && known.size > position ? known : await watch.newestHead();
  if (head === undefined || head.size <= position) throw new Error('an event is sealed beyond the head');
  return head;
};

const prove = async (
  the: ReceiptDeps,
  event: ProvableEvent,
  position: number,
  open: boolean,
): Promise<string> => proveEvent(the.nodes)(event, position, await headOver(the.watch, position), open);

const requireEvent = async (sql: Sql, eventId: string): Promise<FoundEvent> => {
  const event = await eventWithId(sql, eventId);
  if (event === undefined) throw new Error(`event ${eventId} is gone`);
  return event;
};

/** For the one who wrote the event, and so may see all of it. */
export const awaitReceipt =
  (the: ReceiptDeps): AwaitReceipt =>
  async (wanted) => {
    const event = typeof wanted === 'string' ? await requireEvent(the.sql, wanted) : wanted;
    const position = await the.watch.positionOf(event.id, the.waitMs);
    if (position === undefined) return undefined;
    return receiptOf(event.id, position, await prove(the, event, position, true));
  };

/** `undefined`: no such event; `late`: recorded, and not sealed yet. */
export const findReceipt =
  (the: ReceiptDeps) =>
  async (eventId: string): Promise<Receipt | 'late' | undefined> => {
    const event = await eventWithId(the.sql, eventId);
    if (event === undefined) return undefined;
    if (event.position === null) return 'late';
    return receiptOf(event.id, event.position, await prove(the, event, event.position, false));
  };

/** The proof of an event for readers; `late` until it is sealed. `open`: they may see what a sealed leaf commits to. */
export const findProof =
  (the: ReceiptDeps) =>
  async (eventId: string, open: boolean): Promise<string | 'late'> => {
    const event = await requireEvent(the.sql, eventId);
    return event.position === null ? 'late' : prove(the, event, event.position, open);
  };
