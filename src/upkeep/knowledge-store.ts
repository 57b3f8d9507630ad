// Bases, their policies, their versions and the moves of their pointers, beside the events that made them, page by page.
import type { Queryable } from '../database/connect.ts';
import type { Cid } from '../protocol/cid.ts';
import type { BaseId, PrincipalId } from '../protocol/knowledge/ids.ts';

const ROWS_AT_ONCE = 200;
const STRAYS = 1_000;

/** The event that a row names; all null where there is none. */
export interface MadeBy {
  readonly event_kind: string | null;
  readonly event_leaf: Uint8Array | null;
  readonly event_sealed: Uint8Array | null;
}

/** False in a database of a time before there were bases. */
export const hasBases = async (db: Queryable): Promise<boolean> => {
  const [row] = await db<{ found: boolean }[]>`select to_regclass('knowledge_bases') is not null as found`;
  return row?.found === true;
};

export type CheckedBase = MadeBy & {
  readonly id: BaseId;
  readonly workforce: string;
  readonly registration: unknown;
  readonly sensitivity: string;
  readonly policy: unknown;
  readonly policy_version: number;
  readonly paused: boolean;
  readonly reads: boolean;
  readonly held: boolean;
  readonly generation: number;
  readonly current: Cid | null;
  readonly pointer_event: string | null;
  readonly last_seq: number;
  /** Of the newest version that is there; 0 where there is none. */
  readonly newest_seq: number;
  readonly versions: number;
};

export const basesAfter = (db: Queryable, after: string): Promise<CheckedBase[]> => db<CheckedBase[]>`
  with page as (select * from knowledge_bases where id > ${after} order by id limit ${ROWS_AT_ONCE})
  select page.*, counted.newest_seq, counted.versions,
    events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
  from page left join events on events.id = page.event_id
    cross join lateral (select coalesce(max(seq), 0) as newest_seq, count(*) as versions
      from knowledge_versions where base = page.id) as counted
  order by page.id`;

/** The one of that name, beside what a pointer is set by. */
export const basesWith = (db: Queryable, id: BaseId) => db<{ readonly newest_seq: number }[]>`
  select coalesce(max(versions.seq), 0) as newest_seq
  from knowledge_bases as bases left join knowledge_versions as versions on versions.base = bases.id
  where bases.id = ${id} group by bases.id`;

export const countBases = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ count: number }[]>`select count(*) as count from knowledge_bases`;
  return row?.count ?? 0;
};

export type StandingEvent = { readonly kind: string } & Omit<MadeBy, 'event_kind'>;

/** By which a base is paused or not, and by which it is held or not: the last of each, as the log has them. */
export const standingEvents = (db: Queryable, base: BaseId): Promise<StandingEvent[]> => db<StandingEvent[]>`
  select distinct on (kind in ('KnowledgeBaseHeld', 'KnowledgeBaseReleased'))
    kind, leaf as event_leaf, sealed as event_sealed
  from events left join leaves on leaves.event_id = events.id
  where subject = ${base} and kind in ('KnowledgeBasePaused', 'KnowledgeBaseResumed', 'KnowledgeBaseHeld',
    'KnowledgeBaseReleased')
  order by kind in ('KnowledgeBaseHeld', 'KnowledgeBaseReleased'), leaves.position desc nulls first,
    events.xact desc, events.ordinal desc`;

export type PolicyRow = MadeBy & {
  readonly version: number;
  readonly policy: unknown;
};

export const policiesOf = (db: Queryable, base: BaseId, after: number): Promise<PolicyRow[]> => db<
  PolicyRow[]
>`
  select version, policy, events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
  from knowledge_policies left join events on events.id = knowledge_policies.event_id
  where base = ${base} and version > ${after} order by version limit ${ROWS_AT_ONCE}`;

export type CheckedVersion = MadeBy & {
  readonly id: Cid;
  readonly base: BaseId;
  readonly seq: number;
  readonly parent: Cid | null;
  readonly content: Cid;
  readonly entries: number;
  readonly bytes: number;
  readonly manifest: Uint8Array;
  readonly signature: string;
  readonly contribution: string;
  readonly proposer: PrincipalId;
  readonly created_at: Date;
  readonly event_id: string;
};

/** Newest first. */
export const checkedVersions = (db: Queryable, base: BaseId, below: number): Promise<CheckedVersion[]> =>
  db<CheckedVersion[]>`
    select versions.*, events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_versions as versions left join events on events.id = versions.event_id
    where base = ${base} and seq < ${below} order by seq desc limit ${ROWS_AT_ONCE}`;

/** Whether a version came from elsewhere: then the line of its base begins with it, whatever its number. */
export const isImported = async (db: Queryable, base: BaseId, version: Cid): Promise<boolean> => {
  const [row] = await db<{ found: boolean }[]>`
    select exists (select from knowledge_pointer_moves
      where base = ${base} and generation = 1 and to_version = ${version} and reason = 'import') as found`;
  return row?.found === true;
};

export type CheckedMove = MadeBy & {
  readonly generation: number;
  readonly from_version: Cid | null;
  readonly to_version: Cid;
  readonly reason: string;
  readonly rollback_of: string | null;
  readonly actor: string;
  readonly at: Date;
  readonly event_id: string;
  /** Whether the base has the version that it went to. */
  readonly known: boolean;
};

export const movesAfter = (db: Queryable, base: BaseId, after: number): Promise<CheckedMove[]> =>
  db<CheckedMove[]>`
    select moves.*, versions.id is not null as known,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_pointer_moves as moves
      left join knowledge_versions as versions on versions.id = moves.to_version and versions.base = moves.base
      left join events on events.id = moves.event_id
    where moves.base = ${base} and generation > ${after} order by generation limit ${ROWS_AT_ONCE}`;

export const lastMove = async (
  db: Queryable,
  base: BaseId,
): Promise<Pick<CheckedMove, 'to_version' | 'generation' | 'event_id'> | undefined> => {
  const [row] = await db<Pick<CheckedMove, 'to_version' | 'generation' | 'event_id'>[]>`
    select to_version, generation, event_id from knowledge_pointer_moves
    where base = ${base} order by generation desc limit 1`;
  return row;
};

export type LostRow = Omit<MadeBy, 'event_kind'> & {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
};

/** Events that made a row which is not there. */
export const knowledgeWithoutRow = (db: Queryable): Promise<LostRow[]> => db<LostRow[]>`
  with made as (
    select event_id, 'KnowledgeBaseRegistered' as kind from knowledge_bases
    union all select event_id, 'KnowledgeBasePolicyChanged' from knowledge_policies
    union all select event_id, 'KnowledgeBaseVersionCreated' from knowledge_versions
    union all select event_id, 'KnowledgeBaseCurrentPointerMoved' from knowledge_pointer_moves
    union all select event_id, 'KnowledgeBaseContentErased' from knowledge_erasures
    union all select event_id, 'KnowledgeContributionProposed' from knowledge_revisions
    union all select event_id, 'KnowledgeContributionRevised' from knowledge_revisions
    union all select event_id, 'CapabilityInvoked' from knowledge_retrievals
  )
  select events.id, events.kind, events.subject, events.leaf as event_leaf, events.sealed as event_sealed
  from events left join made on made.event_id = events.id and made.kind = events.kind
  where events.kind in ('KnowledgeBaseRegistered', 'KnowledgeBasePolicyChanged', 'KnowledgeBaseVersionCreated',
      'KnowledgeBaseCurrentPointerMoved', 'KnowledgeBaseContentErased', 'KnowledgeContributionProposed',
      'KnowledgeContributionRevised', 'CapabilityInvoked')
    and made.event_id is null
  order by events.id limit ${STRAYS}`;
