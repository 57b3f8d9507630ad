// Tells this process what any process committed: at once by the doorbell, and by a bounded check if one was missed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { coalesce } from '../../storage/coalesce.ts';
import type { Sql } from '../database/connect.ts';
import { currentHorizon, DOORBELL, type EventSighting, eventsSince, ringDoorbell } from './event-store.ts';

/** What the one shared act of each kind is about. */
const EVENTS = 'events';

/** So many commits share one ring: readers elsewhere wait this long at most, and writers not at all. */
const RING_EVERY_MS = 5;

export interface FollowDeps {
  readonly sql: Sql;
  /** Called for each event once, in commit order as far as it is known; for this process's own with some delay. */
  readonly onEvent: (event: EventSighting) => void;
  readonly checkEveryMs: number;
  /** Called whenever another process committed something. */
  readonly onRing?: () => void;
}

export interface Follower {
  /** Reads what is new now; concurrent calls share one read that starts after each of them. */
  catchUp(): Promise<void>;
  /** Lets every other process know that something was committed: within moments, and once for many commits. */
  ring(): void;
  stop(): Promise<void>;
}

const reader = (the: FollowDeps, from: string) => {
  let horizon = from;
  let seen = new Set<string>();
  return async (): Promise<void> => {
    const found = await eventsSince(the.sql, horizon);
    for (const event of found.events) if (!seen.has(event.id)) the.onEvent(event);
    seen = new Set(found.events.map((event) => event.id));
    horizon = found.horizon;
  };
};

export const followEvents = async (the: FollowDeps): Promise<Follower> => {
  const readNew = reader(the, await currentHorizon(the.sql));
  const read = coalesce(readNew);
  const quietly = () => void read(EVENTS).catch(() => undefined);
  const ringer = randomUUID();
  // What this process committed it knows already; the next check moves past it.
  const onRing = (from: string) => {
    if (from === ringer) return;
    the.onRing?.();
    quietly();
  };
  const listening = await the.sql.listen(DOORBELL, onRing, quietly);
  const ring = coalesce(async () => {
    await sleep(RING_EVERY_MS);
    await ringDoorbell(the.sql, ringer);
  });
  const timer = setInterval(quietly, the.checkEveryMs).unref();
  return {
    catchUp: () => read(EVENTS),
    ring: () => void ring(EVENTS).catch(() => undefined),
    stop: async () => {
      clearInterval(timer);
      await Promise.allSettled([read(EVENTS), ring(EVENTS)]);
      await listening.unlisten();
    },
  };
};
