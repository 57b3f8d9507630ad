// The change feed: every sealed event in the order of the log, from a position on that never skips one.
import type { Sql } from '../database/connect.ts';
import { type SealedEvent, sealedFrom } from './log-store.ts';
import type { LogWatch } from './watch.ts';

export interface EventsDeps {
  readonly sql: Sql;
  readonly watch: LogWatch;
}

export interface EventsRequest {
  /** The position of the first event wanted. */
  readonly since: number;
  readonly limit: number;
  /** How long to wait for it where it is not there yet; milliseconds. */
  readonly waitMs: number;
  /** Ends the wait when the reader is gone. */
  readonly quit: AbortSignal;
  /** Whether the reader may see what sealed leaves commit to. */
  readonly open: boolean;
}

export interface EventsPage {
  readonly events: readonly { readonly position: number; readonly leaf: unknown; readonly event?: unknown }[];
  /** Where to go on. */
  readonly next: number;
  /** Leaves in the log. */
  readonly size: number;
}

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

const shown = ({ position, leaf, sealed }: SealedEvent, open: boolean) => ({
  position,
  leaf: parsed(leaf),
  ...(open && sealed !== null ? { event: parsed(sealed) } : {}),
});

/** Positions are dense, so that the next one wanted is all a reader has to remember. */
export const readEvents =
  (the: EventsDeps) =>
  async ({ since, limit, waitMs, quit, open }: EventsRequest): Promise<EventsPage> => {
    if (waitMs > 0) await the.watch.beyond(since, waitMs, quit);
    const head = the.watch.head();
    // Whoever waited in vain, or is ahead of the log, costs the database nothing.
    if (head !== undefined && head.size <= since) return { events: [], next: since, size: head.size };
    const events = await sealedFrom(the.sql, since, limit);
    const next = since + events.length;
    return {
      events: events.map((event) => shown(event, open)),
      next,
      size: Math.max(head?.size ?? 0, next),
    };
  };
