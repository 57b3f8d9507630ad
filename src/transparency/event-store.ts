// Where events stand until and after they are sealed.
import type { Queryable, Tx } from '../database/connect.ts';
import type { RecordedEvent } from '../protocol/event.ts';

/** Rings in every process when something was committed; says only who rang, so missing one only costs a moment. */
export const DOORBELL = 'attestry_events';

export const insertEvent = (tx: Tx, event: RecordedEvent): Promise<unknown> => tx`
  select append_event(${event.id}, ${event.kind}, ${event.subject}, ${event.at}, ${event.leaf}, ${event.sealed})`;

export interface EventSighting {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
}

/** Below `horizon` nothing can be committed any more; at or above it an event may still appear. */
export interface Sightings {
  readonly events: readonly EventSighting[];
  readonly horizon: string;
}

/** Events that were committed since `horizon`, some perhaps seen before; a transaction id never comes too late. */
export const eventsSince = async (db: Queryable, horizon: string): Promise<Sightings> => {
  const rows = await db<{ id: string | null; kind: string; subject: string; horizon: string }[]>`
    select events.id, events.kind, events.subject, now_open.horizon::text as horizon
    from (select pg_snapshot_xmin(now) as horizon, pg_snapshot_xmax(now) as ahead from pg_current_snapshot() as now)
      as now_open
    left join events on events.xact >= ${horizon}::xid8 and events.xact < now_open.ahead
    order by events.xact, events.ordinal`;
  const events = rows.flatMap((row) => (row.id === null ? [] : [{ ...row, id: row.id }]));
  return { events, horizon: rows[0]?.horizon ?? horizon };
};

export const currentHorizon = async (db: Queryable): Promise<string> => {
  const [row] = await db<{ horizon: string }[]>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`;
  return row?.horizon ?? '0';
};

/** A ring may be lost in a crash, like the process that rang: it need not wait for the disk. */
export const ringDoorbell = (db: Queryable, ringer: string): Promise<unknown> =>
  db`select set_config('synchronous_commit', 'off', true), pg_notify(${DOORBELL}, ${ringer})`;
