// The events about how a base is governed, found among all others about it.
import type { Queryable } from '../../database/connect.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';

/** What happened to its registration, policy or standing last; for whoever keeps others from changing them. */
export const lastGovernance = async (db: Queryable, base: BaseId): Promise<string | undefined> => {
  const [row] = await db<{ event_id: string }[]>`
    select knowledge_events.event_id
    from knowledge_events join events on events.id = knowledge_events.event_id
    where knowledge_events.base = ${base} and knowledge_events.kind in ('KnowledgeBaseRegistered',
      'KnowledgeBasePolicyChanged', 'KnowledgeBasePaused', 'KnowledgeBaseResumed', 'KnowledgeBaseHeld',
      'KnowledgeBaseReleased')
    order by events.xact desc, events.ordinal desc limit 1`;
  return row?.event_id;
};
