// What the log learns of a contribution that comes in.
import type { Acting } from '../../access/workforces/acting.ts';
import type { KnowledgePayloads } from '../../protocol/knowledge/event.ts';
import type { Authorised } from '../bases/authorise.ts';
import { contextOf, type KnowledgeRecord, type MakeKnowledgeEvent } from '../events/events.ts';
import type { ContributionRecord } from './contribution.ts';
import type { ProposedRevision } from './contribution-body.ts';

const signalRef = ({ signal }: ProposedRevision) =>
  signal === null ? {} : { signal_event_ref: { workforce: signal.workforce, event_id: signal.event_id } };

const payloadOf = (
  contribution: ContributionRecord,
  revision: ProposedRevision,
): KnowledgePayloads['KnowledgeContributionProposed'] => ({
  contribution_id: contribution.id,
  knowledge_base_id: contribution.base,
  revision: contribution.revision,
  base_version: contribution.baseVersion,
  revision_digest: contribution.digest,
  change_count: revision.changes.length,
  source_count: revision.sources.length,
  ...(contribution.confidence === null ? {} : { confidence: contribution.confidence }),
  ...signalRef(revision),
});

export interface EventMaker {
  readonly make: MakeKnowledgeEvent;
}

/** Low confidence is on record before anybody, or anything, is asked to decide (RFC 0039). */
export const escalation = (
  { make }: EventMaker,
  context: ReturnType<typeof contextOf>,
  contribution: ContributionRecord,
  floor: number,
): readonly KnowledgeRecord[] => {
  const { id, base, revision, confidence, reasons } = contribution;
  if (confidence === null || !reasons.includes('low_confidence')) return [];
  const payload = {
    contribution_id: id,
    knowledge_base_id: base,
    revision,
    confidence,
    floor,
    escalationKind: 'escalate' as const,
  };
  return [make('KnowledgeContributionConfidenceEscalated', context, payload, { base, contribution: id })];
};

/** Proposed, escalated where it is unsure, and open for review: each the cause of the next. */
export const proposalEvents = (
  the: EventMaker,
  by: Acting,
  { base, clauses }: Authorised,
  contribution: ContributionRecord,
  revision: ProposedRevision,
): readonly KnowledgeRecord[] => {
  const where = { base: base.id, contribution: contribution.id };
  const cause = revision.signal?.event_id ?? revision.causationId;
  const host = revision.signal?.host_id;
  const first = {
    ...contextOf(by, clauses, cause),
    ...(host === undefined ? {} : { causationHostId: host }),
  };
  const proposed = the.make('KnowledgeContributionProposed', first, payloadOf(contribution, revision), where);
  const next = contextOf(by, clauses, proposed.event.id);
  const escalated = escalation(the, next, contribution, base.policy.confidence_floor);
  const last = escalated.at(-1)?.event.id ?? proposed.event.id;
  const payload = {
    contribution_id: contribution.id,
    knowledge_base_id: base.id,
    revision: contribution.revision,
    reasons: contribution.reasons,
  };
  const opened = the.make('KnowledgeContributionReviewOpened', contextOf(by, clauses, last), payload, where);
  return [proposed, ...escalated, opened];
};
