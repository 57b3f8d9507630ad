// Advisories beside the events that tell what they say, page by page.
import type { Queryable } from '../database/connect.ts';
import type { AdvisoryContent } from '../packs/advisories/advisory.ts';
import type { WithdrawalNote } from '../packs/advisories/advisory-store.ts';

const ROWS_AT_ONCE = 200;

/** The row of an advisory, the last event that told its content, and the one that withdrew it. */
export interface AdvisoryRow {
  readonly id: string;
  /** Null where there are events of it, and no row. */
  readonly content: AdvisoryContent | null;
  readonly published_at: Date;
  readonly changed_at: Date | null;
  readonly event_id: string;
  readonly withdrawn: WithdrawalNote | null;
  /** The keys of the packs under which it is looked for. */
  readonly packs: readonly string[];
  readonly told_id: string | null;
  readonly told_leaf: Uint8Array | null;
  readonly ended_id: string | null;
  readonly ended_leaf: Uint8Array | null;
}

export const advisoriesAfter = (db: Queryable, after: string): Promise<AdvisoryRow[]> => db<AdvisoryRow[]>`
  with last as (
    select distinct on (subject, ends) substr(subject, 10) as id, kind = 'advisory.withdrawn' as ends,
      events.id as event_id, leaf
    from events left join leaves on leaves.event_id = events.id
    where kind in ('advisory.published', 'advisory.changed', 'advisory.withdrawn')
      and substr(subject, 10) > ${after}
    order by subject, ends, position desc nulls first, xact desc, ordinal desc
  )
  select id, content, published_at, changed_at, row.event_id, withdrawn,
    array(select name_key from advised_packs where advisory_id = id order by name_key collate "C") as packs,
    told.event_id as told_id, told.leaf as told_leaf, ended.event_id as ended_id, ended.leaf as ended_leaf
  from (select * from advisories where id > ${after}) as row
    full join (select * from last where not ends) as told using (id)
    full join (select * from last where ends) as ended using (id)
  order by id limit ${ROWS_AT_ONCE}`;
