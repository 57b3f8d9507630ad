// The change feed: every sealed event in the order of the log, from a position on that never skips one.
import type { Sql } from '../database/connect.ts';
import { type SealedEvent, sealedFrom } from './log-store.ts';
import type { LogWatch } from './watch.ts';

export interface EventsDeps {
  readonly sql: Sql;
  readonly watch: LogWatch;
}

/** Nothing, everything, or what happened to some subjects. */
export type Sight = 'none' | 'all' | ((subject: string) => boolean);

export interface EventsRequest {
  /** The position of the first event wanted. */
  readonly since: number;
  readonly limit: number;
  /** How long to wait for it where it is not there yet; milliseconds. */
  readonly waitMs: number;
  /** Ends the wait when the reader is gone. */
  readonly quit: AbortSignal;
  /** Of which sealed leaves the reader may see what they commit to. */
  readonly sight: Sight;
}

export interface EventsPage {
  readonly events: readonly { readonly position: number; readonly leaf: unknown; readonly event?: unknown }[];
  /** Where to go on. */
  readonly next: number;
  /** Leaves in the log. */
  readonly size: number;
}

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

/** What a sealed leaf commits to, where the reader may see it. */
const openedTo = (sight: Sight, sealed: Uint8Array | null): { readonly event?: unknown } => {
  if (sealed === null || sight === 'none') return {};
  const event = parsed(sealed) as { readonly subject: string };
  return sight === 'all' || sight(event.subject) ? { event } : {};
};

const shown = ({ position, leaf, sealed }: SealedEvent, sight: Sight) => ({
  position,
  leaf: parsed(leaf),
  ...openedTo(sight, sealed),
});

/** Positions are dense, so that the next one wanted is all a reader has to remember. */
export const readEvents =
  (the: EventsDeps) =>
  async ({ since, limit, waitMs, quit, sight }: EventsRequest): Promise<EventsPage> => {
    if (waitMs > 0) await the.watch.beyond(since, waitMs, quit);
    const head = the.watch.head();
    // Whoever waited in vain, or is ahead of the log, costs the database nothing.
    if (head !== undefined && head.size <= since) return { events: [], next: since, size: head.size };
    const events = await sealedFrom(the.sql, since, limit);
    const next = since + events.length;
    return {
      events: events.map((event) => shown(event, sight)),
      next,
      size: Math.max(head?.size ?? 0, next),
    };
  };
