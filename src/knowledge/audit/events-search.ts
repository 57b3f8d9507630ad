// Finds events about knowledge for those who may look at them, and shows one so that it can be checked against the log.
import { encodeBase64, fromUtf8 } from '../../../keys/bytes.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Sql } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { type BaseId, baseOfContribution } from '../../protocol/knowledge/ids.ts';
import type { FoundEvent } from '../../transparency/log-store.ts';
import { eventBytes } from '../../transparency/prove.ts';
import { auditedBases, orNothing, requireAuditor, type SightDeps } from '../bases/sight.ts';
import { pageOf } from '../calls/queries.ts';
import { eventBody } from './event-view.ts';
import { type EventFilter, searchEvents, whereaboutsOf } from './event-view-store.ts';

export interface EventSearchDeps extends SightDeps {
  readonly sql: Sql;
}

export interface EventSearch extends EventFilter {
  readonly base: BaseId | undefined;
}

const requireNarrow = ({ base, contribution, actor, traceId }: EventSearch): void => {
  if ([base, contribution, actor, traceId].some((each) => each !== undefined)) return;
  const message = 'Name at least one of base, contribution, actor and trace_id.';
  throw fault('validation_error', { fields: ['base', 'contribution', 'actor', 'trace_id'] }, message);
};

const basesFor = async (
  the: EventSearchDeps,
  by: Acting,
  { base, contribution }: EventSearch,
): Promise<readonly BaseId[]> => {
  if (base !== undefined) return [(await requireAuditor(the, by, base)).base.id];
  if (contribution === undefined) return auditedBases(by);
  const nothing = fault('contribution_not_found', { contribution_id: contribution });
  const seen = await orNothing(requireAuditor(the, by, baseOfContribution(contribution)), nothing);
  return [seen.base.id];
};

/**
 * Oldest first; of bases that one may not look into, nothing.
 * @throws Fault validation_error where neither base, contribution, actor nor trace is named; knowledge_base_not_found,
 *   authority_denied, contribution_not_found
 */
export const searchKnowledgeEvents =
  (the: EventSearchDeps) =>
  async (by: Acting, search: EventSearch): Promise<object> => {
    requireNarrow(search);
    const bases = await basesFor(the, by, search);
    const found = await searchEvents(the.sql, bases, { ...search, limit: search.limit + 1 });
    const { shown, next } = pageOf(found, search.limit, ({ at, event_id }) => ({ at, id: event_id }));
    return { events: shown.map(eventBody), next };
  };

export interface EventReadDeps extends EventSearchDeps {
  readonly eventWithId: (id: string) => Promise<FoundEvent | undefined>;
  /** With the event opened; `late` until it is sealed. */
  readonly findProof: (eventId: string, open: true) => Promise<string | 'late'>;
}

const absent = (eventId: string): Fault => fault('not_found', { event_id: eventId.slice(0, 100) });

/** Whoever did it may see it as well. */
const requireEventSight = async (the: EventReadDeps, by: Acting, eventId: string): Promise<void> => {
  const where = await whereaboutsOf(the.sql, eventId);
  if (where === undefined) throw absent(eventId);
  if (where.actor === by.id) return;
  await orNothing(requireAuditor(the, by, where.base), absent(eventId));
};

/** The event, the leaf that it stands for, and the proof that this leaf stands in the log. @throws Fault not_found */
export const readKnowledgeEvent =
  (the: EventReadDeps) =>
  async (by: Acting, eventId: string): Promise<object> => {
    await requireEventSight(the, by, eventId);
    const found = await the.eventWithId(eventId);
    if (found === undefined) throw absent(eventId);
    const proof = await the.findProof(eventId, true);
    return {
      event: fromUtf8(eventBytes(found, true)),
      leaf: encodeBase64(found.leaf),
      position: found.position,
      proof: proof === 'late' ? null : proof,
    };
  };
