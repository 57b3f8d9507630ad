// The rows as a check of the registry reads them: beside one another, page by page, from one snapshot.
import type { Queryable, Sql, Tx } from '../database/connect.ts';
import { isHeld } from '../knowledge/documents/erase-store.ts';
import type { EventKind } from '../protocol/event.ts';

/** Pages are small where rows may be large. */
export const VERSIONS_AT_ONCE = 16;
const ROWS_AT_ONCE = 500;
/** Of rows that should not be there; whoever has more of them has one problem, and not so many. */
const STRAYS = 1_000;

/** Lets `work` read everything as it stood in one moment, however long it takes. */
export const inSnapshot = async <T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> => {
  const { result } = (await sql.begin('isolation level repeatable read read only', async (tx) => {
    await tx`select set_config('statement_timeout', '0', true),
      set_config('idle_in_transaction_session_timeout', '0', true)`;
    return { result: await work(tx) };
  })) as { result: T };
  return result;
};

/** An event as it is stored. */
export interface EventRow {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly at: Date;
  readonly leaf: Uint8Array;
  readonly sealed: Uint8Array | null;
  /** A 64-bit transaction id as decimal text; `0` where the event was brought here from elsewhere. */
  readonly xact: string;
  readonly ordinal: number;
}

type Missing<Row> = { readonly [name in keyof Row]: Row[name] | null };

/** A place of the log, and the event that stands there if it is one. */
export type LeafRow = { readonly position: number; readonly event_id: string } & (
  | EventRow
  | Missing<EventRow>
);

/** Places from `start` to before `end`, in order. */
export const leavesIn = (db: Queryable, start: number, end: number): Promise<LeafRow[]> => db<LeafRow[]>`
  select leaves.position, leaves.event_id, events.id, events.kind, events.subject, events.at, events.leaf,
    events.sealed, events.xact::text as xact, events.ordinal
  from leaves left join events on events.id = leaves.event_id
  where leaves.position >= ${start} and leaves.position < ${end} order by leaves.position`;

export const positionsBeyond = async (db: Queryable, size: number): Promise<number[]> => {
  const rows = await db<{ position: number }[]>`
    select position from leaves where position < 0 or position >= ${size} order by position limit ${STRAYS}`;
  return rows.map(({ position }) => position);
};

export const repeatedEvents = async (db: Queryable): Promise<string[]> => {
  const rows = await db<{ event_id: string }[]>`
    select event_id from leaves group by event_id having count(*) > 1 order by event_id limit ${STRAYS}`;
  return rows.map(({ event_id }) => event_id);
};

/** Events without a place, and whether the log went past them. */
export const unsealedAfter = (db: Queryable, after: string) => db<(EventRow & { skipped: boolean })[]>`
  select events.id, events.kind, events.subject, events.at, events.leaf, events.sealed, events.xact::text as xact,
    events.ordinal, (events.xact, events.ordinal) <= (log_head.last_xact, log_head.last_ordinal) as skipped
  from events, log_head
  where events.id > ${after} and not exists (select from leaves where event_id = events.id)
  order by events.id limit ${ROWS_AT_ONCE}`;

export interface SubtreeRow {
  readonly level: number;
  readonly position: number;
  readonly hash: Uint8Array;
}

/** Hashes of full tiles of a level, from one on, in order. */
export const subtreesAt = (db: Queryable, level: number, start: number, end: number): Promise<SubtreeRow[]> =>
  db<SubtreeRow[]>`
    select level, position, hash from subtrees
    where level = ${level} and position >= ${start} and position < ${end} order by position`;

/** Hashes of tiles that no log of this size has filled. */
export const straySubtrees = (db: Queryable, size: number): Promise<SubtreeRow[]> => db<SubtreeRow[]>`
  select level, position, hash from subtrees
  where (position + 1)::numeric * power(256::numeric, level) > ${size} order by level, position limit ${STRAYS}`;

export const writeSubtree = (db: Queryable, { level, position, hash }: SubtreeRow): Promise<unknown> => db`
  insert into subtrees (level, position, hash) values (${level}, ${position}, ${hash})
  on conflict (level, position) do update set hash = excluded.hash`;

export const removeSubtree = (db: Queryable, { level, position }: SubtreeRow): Promise<unknown> =>
  db`delete from subtrees where level = ${level} and position = ${position}`;

export interface CosignatureRow {
  readonly size: number;
  readonly witness: string;
  readonly line: string;
}

/** What witnesses signed of checkpoints with more than `start` and up to `end` leaves. */
export const cosignaturesIn = (db: Queryable, start: number, end: number): Promise<CosignatureRow[]> =>
  db<CosignatureRow[]>`
    select size, witness, line from cosignatures where size > ${start} and size <= ${end} order by size, witness`;

/** The checkpoint of that size as witnesses saw it. */
export const witnessedAt = async (db: Queryable, size: number): Promise<string | undefined> => {
  const [row] = await db<{ checkpoint: string }[]>`
    select checkpoint from witnessed_checkpoints where size = ${size}`;
  return row?.checkpoint;
};

/** A version beside everything that it has to agree with. */
export interface VersionRow {
  readonly name_key: string;
  readonly name: string;
  readonly version: string;
  readonly tree: 'v1' | 'v2';
  readonly digest: Uint8Array;
  readonly size: number;
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array | null;
  readonly key_id: string | null;
  readonly facts: unknown;
  readonly files: unknown;
  readonly warnings: unknown;
  readonly publisher: string;
  readonly published_at: Date;
  readonly event_id: string;
  readonly statement: string | null;
  readonly yanked: Readonly<Record<string, unknown>> | null;
  readonly standing_event_id: string | null;
  readonly deprecated: unknown;
  readonly deprecation_event_id: string | null;
  /** Where it is not null the row is a tombstone, and the tarball may be gone. */
  readonly unpublished: unknown;
  readonly unpublished_event_id: string | null;
  readonly publisher_known: boolean;
  /** Of the delegation of its key. */
  readonly delegation: string | null;
  /** Of the event that published it; null where there is none. */
  readonly event_kind: string | null;
  readonly event_leaf: Uint8Array | null;
  readonly event_sealed: Uint8Array | null;
  /** Of the events by which it stands as it does: of its yank, its deprecation and its end. */
  readonly standing_kind: string | null;
  readonly standing_leaf: Uint8Array | null;
  readonly standing_sealed: Uint8Array | null;
  readonly deprecation_kind: string | null;
  readonly deprecation_leaf: Uint8Array | null;
  readonly deprecation_sealed: Uint8Array | null;
  readonly unpublished_kind: string | null;
  readonly unpublished_leaf: Uint8Array | null;
  readonly unpublished_sealed: Uint8Array | null;
}

/** The next versions behind a key of them. */
export const versionsAfter = (
  db: Queryable,
  after: Pick<VersionRow, 'name_key' | 'version'>,
): Promise<VersionRow[]> => db<VersionRow[]>`
  select versions.*, accounts.name is not null as publisher_known, delegations.envelope as delegation,
    published.kind as event_kind, published.leaf as event_leaf, published.sealed as event_sealed,
    stands.kind as standing_kind, stands.leaf as standing_leaf, stands.sealed as standing_sealed,
    deprecation.kind as deprecation_kind, deprecation.leaf as deprecation_leaf,
    deprecation.sealed as deprecation_sealed, ended.kind as unpublished_kind, ended.leaf as unpublished_leaf,
    ended.sealed as unpublished_sealed
  from versions
    left join accounts on accounts.name = versions.publisher
    left join delegations on delegations.key_id = versions.key_id
    left join events as published on published.id = versions.event_id
    left join events as stands on stands.id = versions.standing_event_id
    left join events as deprecation on deprecation.id = versions.deprecation_event_id
    left join events as ended on ended.id = versions.unpublished_event_id
  where (versions.name_key, versions.version) > (${after.name_key}, ${after.version})
  order by versions.name_key, versions.version limit ${VERSIONS_AT_ONCE}`;

export const countVersions = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ count: number }[]>`select count(*) from versions`;
  return row?.count ?? 0;
};

/** Some versions whose tarballs have to be there, each time others, as `name_key@version`. */
export const someVersions = async (db: Queryable, count: number): Promise<Set<string>> => {
  const rows = await db<{ name: string }[]>`
    select name_key || '@' || version as name from versions where unpublished is null
    order by random() limit ${count}`;
  return new Set(rows.map(({ name }) => name));
};

export const publishedWithoutVersion = (db: Queryable) => db<{ id: string; subject: string }[]>`
  select id, subject from events
  where kind in ('pack.published', 'mirror.ingested') and not exists (select from versions where versions.event_id = events.id)
  order by id limit ${STRAYS}`;

/** An event with its place, null while it has none. */
export type PlacedEvent = EventRow & { readonly position: number | null };

/** The next events of some kinds behind an id. */
export const eventsOfKinds = (
  db: Queryable,
  kinds: readonly EventKind[],
  after: string,
): Promise<PlacedEvent[]> =>
  db<PlacedEvent[]>`
    select events.id, events.kind, events.subject, events.at, events.leaf, events.sealed, events.xact::text as xact,
      events.ordinal, leaves.position
    from events left join leaves on leaves.event_id = events.id
    where events.kind = any(${kinds as string[]}) and events.id > ${after}
    order by events.id limit ${ROWS_AT_ONCE}`;

export const allRoots = (db: Queryable) =>
  db<{ version: number; envelope: string }[]>`select version, envelope from roots order by version`;

/** Which of these digests, in hex, somebody holds: what a sweep asks once more before it takes one of the others. */
export const namedDigests = async (db: Queryable, digests: readonly string[]): Promise<Set<string>> => {
  const rows = await db<{ digest: string }[]>`
    select hex as digest from unnest(${digests as string[]}::text[]) as hex
      cross join lateral (select decode(hex, 'hex') as blob) as wanted
    where ${isHeld(db, db`wanted.blob`)}`;
  return new Set(rows.map(({ digest }) => digest));
};
