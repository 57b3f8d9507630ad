// Events about knowledge beside the rows by which they are found, page by page, and how such a row is written again.
import type { Queryable, Tx } from '../database/connect.ts';

const ROWS_AT_ONCE = 500;
const STRAYS = 1_000;

/** What a row says that an event is found by. */
export interface FoundBy {
  readonly base: string;
  readonly contribution: string | null;
  readonly kind: string;
  readonly actor: string;
  readonly trace_id: string | null;
  readonly causation: string | null;
  readonly at: Date;
}

/** Columns of the row are null where there is none. */
export type KnowledgeEventRow = { readonly [K in keyof FoundBy as `row_${K}`]: FoundBy[K] | null } & {
  readonly id: string;
  readonly kind: string;
  readonly at: Date;
  readonly event_leaf: Uint8Array;
  readonly event_sealed: Uint8Array | null;
  /** Of a retrieval, as it was kept to be repeated. */
  readonly kept_base: string | null;
  readonly kept_version: string | null;
  readonly kept_hash: string | null;
  readonly kept_request: unknown;
};

export const knowledgeEventsAfter = (
  db: Queryable,
  kinds: readonly string[],
  after: string,
): Promise<KnowledgeEventRow[]> => db<KnowledgeEventRow[]>`
  with page as (
    select id, kind, at, leaf, sealed from events
    where kind = any(${[...kinds]}::text[]) and id > ${after} order by id limit ${ROWS_AT_ONCE}
  )
  select page.id, page.kind, page.at, page.leaf as event_leaf, page.sealed as event_sealed,
    found.base as row_base, found.contribution as row_contribution, found.kind as row_kind, found.actor as row_actor,
    found.trace_id as row_trace_id, found.causation as row_causation, found.at as row_at,
    kept.base as kept_base, kept.version as kept_version, kept.hash as kept_hash, kept.request as kept_request
  from page left join knowledge_events as found on found.event_id = page.id
    left join knowledge_retrievals as kept on kept.event_id = page.id
  order by page.id`;

export const countKnowledgeEvents = async (db: Queryable, kinds: readonly string[]): Promise<number> => {
  const [row] = await db<{ count: number }[]>`
    select count(*) as count from events where kind = any(${[...kinds]}::text[])`;
  return row?.count ?? 0;
};

/** Rows by which nothing is found. */
export const foundByNothing = async (db: Queryable): Promise<string[]> => {
  const rows = await db<{ event_id: string }[]>`
    select event_id from knowledge_events where not exists (select from events where id = event_id)
    order by event_id limit ${STRAYS}`;
  return rows.map(({ event_id }) => event_id);
};

/** Retrievals that no event tells of. */
export const keptForNothing = async (db: Queryable): Promise<string[]> => {
  const rows = await db<{ event_id: string }[]>`
    select event_id from knowledge_retrievals
    where not exists (select from events where id = event_id and kind = 'CapabilityInvoked')
    order by event_id limit ${STRAYS}`;
  return rows.map(({ event_id }) => event_id);
};

export const writeFoundBy = (tx: Tx, eventId: string, row: FoundBy): Promise<unknown> => tx`
  insert into knowledge_events (event_id, base, contribution, kind, actor, trace_id, causation, at)
  values (${eventId}, ${row.base}, ${row.contribution}, ${row.kind}, ${row.actor}, ${row.trace_id}, ${row.causation},
    ${row.at})
  on conflict (event_id) do update set base = excluded.base, contribution = excluded.contribution,
    kind = excluded.kind, actor = excluded.actor, trace_id = excluded.trace_id, causation = excluded.causation,
    at = excluded.at`;

export const dropFoundBy = (tx: Tx, eventIds: readonly string[]): Promise<unknown> =>
  tx`delete from knowledge_events where event_id = any(${[...eventIds]}::text[])`;
