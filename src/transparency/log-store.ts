// The log's rows: which event stands at which position, what the tiles above them are made of, and the one head.
import { encodeHex } from '../../keys/bytes.ts';
import type { Queryable, Sql } from '../database/connect.ts';

/** Where an event stands in the order of all events; `xact` is a 64-bit transaction id as decimal text. */
export interface EventOrder {
  readonly xact: string;
  readonly ordinal: number;
}

/** The signed head of the log as it was committed last. */
export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note. */
  readonly checkpoint: string;
  readonly last: EventOrder;
  readonly sealedAt: Date;
}

export interface UnsealedEvent extends EventOrder {
  readonly id: string;
  readonly leaf: Uint8Array;
  readonly at: Date;
}

export const BEFORE_ALL: EventOrder = { xact: '0', ordinal: -1 };

/** Rings in every process when the head moved; carries the new size, or says that only its signature is new. */
export const SEALED_BELL = 'attestry_sealed';
export const SIGNED_ANEW = 'signed anew';

interface HeadRow {
  readonly size: number;
  readonly root: Uint8Array;
  readonly checkpoint: string;
  readonly xact: string;
  readonly ordinal: number;
  readonly sealed_at: Date;
}

export const readHead = async (db: Queryable): Promise<Head | undefined> => {
  const [row] = await db<HeadRow[]>`
    select size, root, checkpoint, last_xact::text as xact, last_ordinal as ordinal, sealed_at from log_head
    where only_one`;
  if (row === undefined) return undefined;
  const { xact, ordinal, sealed_at: sealedAt, ...rest } = row;
  return { ...rest, last: { xact, ordinal }, sealedAt };
};

/** The head of a new log, unless there is one. */
export const insertFirstHead = (db: Queryable, head: Head): Promise<unknown> => db`
  insert into log_head (size, root, checkpoint, sealed_at, last_xact, last_ordinal)
  values (${head.size}, ${head.root}, ${head.checkpoint}, ${head.sealedAt}, ${head.last.xact}::xid8,
    ${head.last.ordinal})
  on conflict do nothing`;

/** The same head under a signature of today's key. False where the head moved meanwhile. */
export const replaceCheckpoint = async (db: Queryable, head: Head, checkpoint: string): Promise<boolean> => {
  const rows = await db`
    with head as (
      update log_head set checkpoint = ${checkpoint}
      where only_one and size = ${head.size} and root = ${head.root} returning 1
    )
    select pg_notify(${SEALED_BELL}, ${SIGNED_ANEW}) from head`;
  return rows.length === 1;
};

/** What the sealer found to do. `waiting`: there are events that a running transaction may still come before. */
export interface Unsealed {
  readonly events: readonly UnsealedEvent[];
  readonly waiting: boolean;
}

/** Somebody else moved the head: whoever still goes on from the old one knows nothing any more. */
export class HeadMoved extends Error {
  override readonly name = 'HeadMoved';
}

/**
 * The events that follow a head, in their order; none that one with a lower place could still join.
 * @throws HeadMoved where one of them stands in the log already: without it the next tiles would be of another log
 */
export const nextUnsealed = async (db: Queryable, head: Head, limit: number): Promise<Unsealed> => {
  const { size, last } = head;
  const rows = await db<(UnsealedEvent & { ready: boolean; position: number | null })[]>`
    select events.id, leaf, at, xact::text as xact, ordinal, leaves.position,
      xact < pg_snapshot_xmin(pg_current_snapshot()) as ready
    from events left join leaves on leaves.event_id = events.id
    where (xact, ordinal) > (${last.xact}::xid8, ${last.ordinal}::bigint)
      and (leaves.position is null or leaves.position >= ${size})
    order by events.xact, events.ordinal limit ${limit}`;
  if (rows.some(({ position }) => position !== null))
    throw new HeadMoved('Events behind this head are in the log already.');
  const blocked = rows.findIndex((row) => !row.ready);
  return { events: blocked < 0 ? rows : rows.slice(0, blocked), waiting: blocked >= 0 };
};

/** A hash of a full tile: what the tile above it holds at `position`. */
export interface Subtree {
  readonly level: number;
  readonly position: number;
  readonly hash: Uint8Array;
}

/** One step of the log: `events` go in behind `from`, and the head becomes `to`. */
export interface HeadMove {
  readonly from: Head;
  readonly to: Head;
  readonly events: readonly UnsealedEvent[];
  readonly subtrees: readonly Subtree[];
}

/** All of it or nothing, and nothing where the head is no longer the one that this step was made from. */
export const moveHead = async (db: Queryable, { from, to, events, subtrees }: HeadMove): Promise<boolean> => {
  const rows = await db`
    with head as (
      update log_head set size = ${to.size}, root = ${to.root}, checkpoint = ${to.checkpoint},
        sealed_at = ${to.sealedAt}, last_xact = ${to.last.xact}::xid8, last_ordinal = ${to.last.ordinal}
      where only_one and size = ${from.size} and root = ${from.root}
      returning 1
    ), placed as (
      insert into leaves (position, event_id)
      select ${from.size}::bigint + place - 1, id
      from head, unnest(${events.map(({ id }) => id)}::text[]) with ordinality as event (id, place)
    ), grown as (
      insert into subtrees (level, position, hash)
      select level, position, decode(hash, 'hex')
      from head, unnest(${subtrees.map(({ level }) => level)}::smallint[],
        ${subtrees.map(({ position }) => position)}::bigint[],
        ${subtrees.map(({ hash }) => encodeHex(hash))}::text[]) as subtree (level, position, hash)
    )
    select pg_notify(${SEALED_BELL}, ${String(to.size)}) from head`;
  return rows.length === 1;
};

/** Leaves at positions from `start` to before `end`, in order. */
export const leavesBetween = async (db: Queryable, start: number, end: number): Promise<Uint8Array[]> => {
  const rows = await db<{ leaf: Uint8Array }[]>`
    select events.leaf from leaves join events on events.id = leaves.event_id
    where leaves.position >= ${start} and leaves.position < ${end} order by leaves.position`;
  return rows.map(({ leaf }) => leaf);
};

export const subtreesBetween = async (
  db: Queryable,
  level: number,
  start: number,
  end: number,
): Promise<Uint8Array[]> => {
  const rows = await db<{ hash: Uint8Array }[]>`
    select hash from subtrees
    where level = ${level} and position >= ${start} and position < ${end} order by position`;
  return rows.map(({ hash }) => hash);
};

export interface SealedEvent {
  readonly position: number;
  readonly id: string;
  readonly kind: string;
  readonly leaf: Uint8Array;
  /** The full event behind a leaf that only commits to it. */
  readonly sealed: Uint8Array | null;
}

/** Sealed events from a position on, in order. */
export const sealedFrom = (db: Queryable, start: number, limit: number): Promise<SealedEvent[]> =>
  db<SealedEvent[]>`
    select leaves.position, events.id, events.kind, events.leaf, events.sealed
    from leaves join events on events.id = leaves.event_id
    where leaves.position >= ${start} order by leaves.position limit ${limit}`;

/** An event by its id; `position` is null until it is sealed. */
export type FoundEvent = Omit<SealedEvent, 'position'> & { readonly position: number | null };

export const eventWithId = async (db: Queryable, id: string): Promise<FoundEvent | undefined> => {
  const [row] = await db<FoundEvent[]>`
    select leaves.position, events.id, events.kind, events.leaf, events.sealed
    from events left join leaves on leaves.event_id = events.id where events.id = ${id}`;
  return row;
};

export const positionsOf = (
  db: Queryable,
  ids: readonly string[],
): Promise<{ readonly event_id: string; readonly position: number }[]> =>
  db`select event_id, position from leaves where event_id = any(${ids as string[]})`;

/** What witnesses signed of the checkpoint of a size: note lines, without their line ends. */
export const cosignaturesOf = async (db: Queryable, size: number): Promise<string[]> => {
  const rows = await db<{ line: string }[]>`
    select line from cosignatures where size = ${size} order by witness`;
  return rows.map(({ line }) => line);
};

/** When the oldest event that still waits for its seal was recorded; undefined where none waits. */
export const oldestUnsealed = (sql: Sql) => async (): Promise<Date | undefined> => {
  const [row] = await sql<{ at: Date }[]>`
      select events.at from events, log_head
      where (events.xact, events.ordinal) > (log_head.last_xact, log_head.last_ordinal)
        and not exists (select from leaves where event_id = events.id)
      order by events.xact, events.ordinal limit 1`;
  return row?.at;
};
