// What retrievals read, and the one statement that records them before anything is given out.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Queryable, Sql } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import { type Cid, cidOfDigest } from '../../protocol/cid.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId, PrincipalId, RoleId, Selector } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { FoundVersion } from './retrieval.ts';

interface VersionRow {
  readonly base: BaseId;
  readonly paused: boolean;
  readonly reads: boolean;
  readonly version: Cid | null;
  readonly seq: number;
  readonly content: Cid;
  readonly event_id: string;
}

const toFound = ({ base, paused, reads, version, seq, content, event_id }: VersionRow): FoundVersion => ({
  paused,
  reads,
  version: version === null ? undefined : { base, id: version, seq, content, eventId: event_id },
});

/** Null stands for whichever is current. */
const pinOf = (selector: Selector): Cid | null => (selector === 'current' ? null : selector);

/** The versions of a base that selectors stand for at one moment, in their order; nothing where there is no base. */
export const versionsFor = async (
  db: Queryable,
  base: BaseId,
  selectors: readonly Selector[],
): Promise<readonly FoundVersion[]> => {
  const rows = await db<VersionRow[]>`
    select bases.id as base, paused, reads, found.id as version, found.seq, found.content, found.event_id
    from knowledge_bases as bases
    cross join unnest(${selectors.map(pinOf)}::text[]) with ordinality as wanted (version, at)
    left join knowledge_versions as found
      on found.id = coalesce(wanted.version, bases.current) and found.base = bases.id
    where bases.id = ${base} order by wanted.at`;
  return rows.map(toFound);
};

export interface WantedEntry {
  readonly base: BaseId;
  readonly selector: Selector;
  readonly path: KnowledgePath;
}

export interface StandingEntry {
  readonly blob: Cid;
  readonly size: number;
  readonly mediaType: string;
  readonly erased: boolean;
}

export interface FoundEntry extends FoundVersion {
  readonly entry: StandingEntry | undefined;
}

type EntryRow = VersionRow & {
  readonly at: number;
  readonly blob: Uint8Array | null;
  readonly size: number;
  readonly media_type: string;
  readonly erased: boolean;
};

const toFoundEntry = (row: EntryRow): FoundEntry => ({
  ...toFound(row),
  entry:
    row.blob === null
      ? undefined
      : {
          blob: cidOfDigest('raw', row.blob),
          size: row.size,
          mediaType: row.media_type,
          erased: row.erased,
        },
});

const MOST_ASKED = 128;

const findEntries =
  (sql: Sql) =>
  async (all: readonly WantedEntry[]): Promise<readonly (FoundEntry | undefined)[]> => {
    const rows = await sql<EntryRow[]>`
      select wanted.at, bases.id as base, bases.paused, bases.reads, found.id as version, found.seq, found.content,
        found.event_id, entry.blob, entry.size, entry.media_type,
        exists (select from knowledge_erasures
          where knowledge_erasures.base = bases.id and knowledge_erasures.blob = entry.blob) as erased
      from unnest(${all.map(({ base }) => base)}::text[], ${all.map(({ selector }) => pinOf(selector))}::text[],
        ${all.map(({ path }) => path)}::text[]) with ordinality as wanted (base, version, path, at)
      -- Each limited, so that it is planned as what it is: one look into an index.
      cross join lateral (select * from knowledge_bases where id = wanted.base limit 1) as bases
      left join lateral (select * from knowledge_versions
        where id = coalesce(wanted.version, bases.current) and base = bases.id limit 1) as found on true
      left join lateral (select * from knowledge_entries
        where base = bases.id and path = wanted.path and from_seq <= found.seq
        order by from_seq desc limit 1) as entry on entry.to_seq is null or entry.to_seq > found.seq`;
    const found = new Map(rows.map((row) => [row.at, toFoundEntry(row)]));
    return all.map((_, at) => found.get(at + 1));
  };

export type FindEntry = (wanted: WantedEntry) => Promise<FoundEntry | undefined>;

/** The base, the version and what stands at the path in it, from one moment; those who ask at once share a statement. */
export const entryFinder = (sql: Sql): FindEntry =>
  sharing({ run: findEntries(sql), weigh: () => 1, most: MOST_ASKED });

/** A retrieval to be recorded with its event, all in the names that the statement reads. */
export interface RetrievalRow {
  readonly event_id: string;
  readonly event_kind: string;
  readonly subject: string;
  readonly at: Date;
  readonly leaf: string | null;
  readonly sealed: string | null;
  readonly base: BaseId;
  readonly contribution: string | null;
  readonly actor: string;
  readonly trace_id: string | null;
  readonly causation: string | null;
  readonly token_id: string;
  readonly principal: PrincipalId;
  readonly role: RoleId | null;
  readonly version: Cid;
  readonly request: JsonObject;
  readonly hash: NamedDigest;
}

export interface RetrievalOutcome {
  readonly token_ok: boolean;
  readonly principal_ok: boolean;
}

const appendAll =
  (sql: Sql) =>
  async (all: readonly RetrievalRow[]): Promise<readonly RetrievalOutcome[]> => {
    const rows = await sql<(RetrievalOutcome & { event_id: string })[]>`
      with wanted as materialized (
        select * from json_to_recordset(${JSON.stringify(all)}::text::json)
          as each (event_id text, event_kind text, subject text, at timestamptz, leaf text, sealed text, base text,
            actor text, trace_id text, causation text, token_id text, principal text, role text, version text,
            request jsonb, hash text)
      ), tokens_asked as materialized (
        select token_id, token_in_force(token_id, max(at)) as token_ok from wanted group by token_id
      ), principals_asked as materialized (
        select principal, role, principal_in_force(principal, role) as principal_ok from wanted group by principal, role
      ), asked as materialized (
        select wanted.*, token_ok, principal_ok from wanted join tokens_asked using (token_id)
        join principals_asked on principals_asked.principal = wanted.principal
          and principals_asked.role is not distinct from wanted.role
      ), allowed as materialized (
        select * from asked where token_ok and principal_ok
      ), appended as materialized (
        select append_event(event_id, event_kind, subject, at, decode(leaf, 'base64'), decode(sealed, 'base64'))
        from allowed
      ), found as (
        insert into knowledge_events (event_id, base, kind, actor, trace_id, causation, at)
        select event_id, base, event_kind, actor, trace_id, causation, at from allowed
      ), kept as (
        insert into knowledge_retrievals (event_id, base, version, request, hash)
        select event_id, base, version, request, hash from allowed
      )
      select event_id, token_ok, principal_ok from asked cross join (select count(*) from appended) as done`;
    const found = new Map(rows.map((row) => [row.event_id, row]));
    return all.map(({ event_id }) => {
      const row = found.get(event_id);
      if (row === undefined) throw new Error('the database did not say what became of a retrieval');
      return row;
    });
  };

/** Records a retrieval with its event, unless its token or its principal ended meanwhile. */
export type AppendRetrieval = (row: RetrievalRow) => Promise<RetrievalOutcome>;

/** Those that come close together share one statement, and so one wait for the disk. */
export const retrievalAppender = (sql: Sql): AppendRetrieval =>
  sharing({ run: appendAll(sql), weigh: () => 1, most: MOST_ASKED });

/** As it was recorded. */
export interface RecordedRetrieval {
  readonly base: BaseId;
  readonly version: Cid;
  readonly request: JsonObject;
  readonly hash: NamedDigest;
}

export const findRetrieval = async (
  db: Queryable,
  eventId: string,
): Promise<RecordedRetrieval | undefined> => {
  const [row] = await db<RecordedRetrieval[]>`
    select base, version, request, hash from knowledge_retrievals where event_id = ${eventId}`;
  return row;
};
