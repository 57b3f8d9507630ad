// Events about knowledge as whoever looks into them finds them: searched, and in the order in which they led to another.
import type { Queryable } from '../../database/connect.ts';
import type { KnowledgeEventKind } from '../../protocol/knowledge/event-kinds.ts';
import type { BaseId, ContributionId } from '../../protocol/knowledge/ids.ts';

export interface EventRow {
  readonly event_id: string;
  readonly base: BaseId;
  readonly contribution: ContributionId | null;
  readonly kind: KnowledgeEventKind;
  readonly actor: string;
  readonly trace_id: string | null;
  readonly causation: string | null;
  readonly at: Date;
  /** Null until it is sealed. */
  readonly position: number | null;
  /** The canonical bytes of the whole event. */
  readonly opened: Uint8Array;
}

export interface EventFilter {
  readonly contribution: ContributionId | undefined;
  readonly actor: string | undefined;
  readonly kind: KnowledgeEventKind | undefined;
  readonly traceId: string | undefined;
  readonly from: Date | undefined;
  /** Events at this time are left out. */
  readonly to: Date | undefined;
  readonly after: { readonly at: Date; readonly id: string } | undefined;
  readonly limit: number;
}

type Fragment = ReturnType<Queryable>;

const conditions = (db: Queryable, filter: EventFilter): Fragment => {
  const { contribution, actor, kind, traceId, from, to, after } = filter;
  return db`
    ${contribution === undefined ? db`` : db`and contribution = ${contribution}`}
    ${actor === undefined ? db`` : db`and actor = ${actor}`}
    ${kind === undefined ? db`` : db`and kind = ${kind}`}
    ${traceId === undefined ? db`` : db`and trace_id = ${traceId}`}
    ${from === undefined ? db`` : db`and at >= ${from}`}
    ${to === undefined ? db`` : db`and at < ${to}`}
    ${after === undefined ? db`` : db`and (at, event_id) > (${after.at}, ${after.id})`}`;
};

/** What is about one contribution or trace is little; of whole bases only as much is read as is shown. */
const matching = (db: Queryable, bases: readonly BaseId[], filter: EventFilter): Fragment =>
  filter.contribution !== undefined || filter.traceId !== undefined
    ? db`select * from knowledge_events where base = any(${[...bases]}::text[]) ${conditions(db, filter)}`
    : db`
        select each.* from unnest(${[...bases]}::text[]) as wanted (base)
        cross join lateral (
          select * from knowledge_events where base = wanted.base ${conditions(db, filter)}
          order by at, event_id limit ${filter.limit}) as each`;

/** Oldest first. */
export const searchEvents = (
  db: Queryable,
  bases: readonly BaseId[],
  filter: EventFilter,
): Promise<readonly EventRow[]> => db<EventRow[]>`
  with matching as materialized (${matching(db, bases, filter)})
  select matching.*, leaves.position, coalesce(events.sealed, events.leaf) as opened
  from matching join events on events.id = matching.event_id
    left join leaves on leaves.event_id = matching.event_id
  order by matching.at, matching.event_id limit ${filter.limit}`;

/** What happened to a contribution, each event behind the one that led to it: that is the order of the log. */
export const eventsOfContribution = (
  db: Queryable,
  contribution: ContributionId,
  after: string | undefined,
  limit: number,
): Promise<readonly EventRow[]> => db<EventRow[]>`
  select found.*, leaves.position, coalesce(events.sealed, events.leaf) as opened
  from knowledge_events as found join events on events.id = found.event_id
    left join leaves on leaves.event_id = found.event_id
  where contribution = ${contribution}
    ${after === undefined ? db`` : db`and (xact, ordinal) > (select xact, ordinal from events where id = ${after})`}
  order by xact, ordinal limit ${limit}`;

export type Whereabouts = Pick<EventRow, 'base' | 'contribution' | 'actor'>;

/** Which base an event is about, and who did it; undefined where it is none about knowledge. */
export const whereaboutsOf = async (db: Queryable, eventId: string): Promise<Whereabouts | undefined> => {
  const [row] = await db<Whereabouts[]>`
    select base, contribution, actor from knowledge_events where event_id = ${eventId}`;
  return row;
};
