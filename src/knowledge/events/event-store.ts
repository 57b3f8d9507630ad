// Events about knowledge as rows: appended with their place in the index of what happened to which base.

import type { Tx } from '../../database/connect.ts';
import { rowOfRecord } from './event-rows.ts';
import type { KnowledgeRecord } from './events.ts';

/** In the order given, which is the order in which the log will have them. */
export const insertRecords = async (tx: Tx, records: readonly KnowledgeRecord[]): Promise<void> => {
  await tx`
    with wanted as materialized (
      select * from json_to_recordset(${JSON.stringify(records.map(rowOfRecord))}::text::json)
        as each (event_id text, event_kind text, subject text, at timestamptz, leaf text, sealed text, base text,
          contribution text, actor text, trace_id text, causation text)
    ), appended as materialized (
      select append_event(event_id, event_kind, subject, at, decode(leaf, 'base64'), decode(sealed, 'base64'))
      from wanted
    ), found as (
      insert into knowledge_events (event_id, base, contribution, kind, actor, trace_id, causation, at)
      select event_id, base, contribution, event_kind, actor, trace_id, causation, at from wanted
    )
    select count(*) from appended`;
};
