// Records of what happens to bases: each event, and where it is looked for later.
import type { Acting } from '../../access/workforces/acting.ts';
import type { EventFacts, RecordedEvent } from '../../protocol/event.ts';
import {
  type KnowledgeContext,
  type KnowledgePayloads,
  knowledgeEvent,
} from '../../protocol/knowledge/event.ts';
import type { KnowledgeEventKind } from '../../protocol/knowledge/event-kinds.ts';
import type { BaseId, ContributionId } from '../../protocol/knowledge/ids.ts';
import type { MakeEvent } from '../../transparency/append.ts';

/** An event that is to be stored, and the columns it is found by. */
export interface KnowledgeRecord {
  readonly event: RecordedEvent;
  readonly base: BaseId;
  readonly contribution: ContributionId | null;
  readonly actor: string;
  readonly traceId: string | null;
  readonly causation: string | null;
}

export interface Whereabouts {
  readonly base: BaseId;
  readonly contribution?: ContributionId;
}

const traceIdOf = ({ traceparent }: EventFacts): string | null => traceparent?.split('-')[1] ?? null;

/** Makes the record of one event that happens now; nothing is stored. */
export type MakeKnowledgeEvent = <K extends KnowledgeEventKind>(
  kind: K,
  context: Omit<KnowledgeContext, 'subject'>,
  payload: KnowledgePayloads[K],
  where: Whereabouts,
) => KnowledgeRecord;

export const makeKnowledgeEvent =
  (make: MakeEvent): MakeKnowledgeEvent =>
  (kind, context, payload, { base, contribution }) => {
    const facts = knowledgeEvent(kind, { ...context, subject: base }, payload);
    return {
      event: make(facts),
      base,
      contribution: contribution ?? null,
      actor: facts.actor,
      traceId: traceIdOf(facts),
      causation: facts.causationId ?? null,
    };
  };

/** Whoever acts, as the events of what he does have it. */
export const contextOf = (by: Acting, clauses: readonly string[], causationId: string | null) => ({
  workforce: by.workforce,
  actor: by.id,
  role: by.role,
  clauses,
  causationId,
  traceparent: by.trace.traceparent,
});

/** Events of one transaction, each the cause of the next. */
export const lastOf = (records: readonly KnowledgeRecord[]): RecordedEvent => {
  const last = records.at(-1);
  if (last === undefined) throw new Error('nothing happened');
  return last.event;
};
