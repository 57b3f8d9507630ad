// A human's decision about a revision that is no acceptance: to approve it, to reject it, or to ask for another one.

import type { Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import {
  type ActDeps,
  type ActOutcome,
  actOn,
  type Held,
  moved,
  ofContribution,
  requireTransition,
  unmoved,
  whereOf,
} from '../contributions/act.ts';
import type { DecisionRecord, DecisionWord, Judgements } from '../contributions/contribution.ts';
import { findRevision, judgementsOf, putDecision } from '../contributions/contribution-store.ts';
import { revisionLimit, revisionsLeft } from '../contributions/lifecycle.ts';
import type { KnowledgeRecord } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, Written } from '../events/record.ts';
import { areOne, isRejected } from './approvals.ts';

export type Word = Exclude<DecisionWord, 'accept'>;

export interface DecisionRequest {
  readonly digest: NamedDigest;
  readonly decision: Word;
  readonly reasonCode: string | null;
  /** The text of the signed decision's envelope, which has been believed. */
  readonly signature: string | null;
}

const draftOf = ({ by, contribution }: Held, request: DecisionRequest, at: Date): DecisionRecord => ({
  contribution: contribution.id,
  digest: contribution.digest,
  actor: by.id,
  account: by.account,
  closure: by.closure,
  role: by.role,
  decision: request.decision,
  reasonCode: request.reasonCode,
  signature: request.signature,
  at,
  eventId: '',
});

/** Nobody decides about what he, or an agent of his, proposed, unless the policy says that he may. */
const requireOther = ({ by, contribution, policy }: Held): void => {
  if (policy.allow_self_review || !areOne(by, contribution)) return;
  const details = { contribution_id: contribution.id, proposer: contribution.proposer, principal: by.id };
  throw fault('self_review_forbidden', details);
};

const ended = async (tx: Tx, held: Held, judgements: Judgements, draft: DecisionRecord): Promise<boolean> => {
  const { contribution } = held;
  const revision = await findRevision(tx, contribution.id, contribution.revision);
  if (revision === undefined) throw new Error('a contribution without its revision');
  const others = judgements.decisions.filter(({ actor }) => actor !== draft.actor);
  return isRejected({ ...held, revision, judgements: { decisions: [...others, draft] } });
};

type Kind =
  | 'KnowledgeContributionApproved'
  | 'KnowledgeContributionObjected'
  | 'KnowledgeContributionRejected'
  | 'KnowledgeContributionRevisionRequested';

const eventOf = (
  the: ActDeps,
  { by, clauses, contribution }: Held,
  kind: Kind,
  reason: string,
): KnowledgeRecord => {
  const { digest: revision_digest, lastEvent } = contribution;
  const [of, context, where] = [
    ofContribution(contribution),
    contextOf(by, clauses, lastEvent),
    whereOf(contribution),
  ];
  if (kind === 'KnowledgeContributionApproved')
    return the.make(kind, context, { ...of, revision_digest }, where);
  if (kind === 'KnowledgeContributionObjected')
    return the.make(kind, context, { ...of, revision_digest, reason_code: reason }, where);
  return the.make(kind, context, { ...of, reason_code: reason }, where);
};

/** Where a decision leads: to the event that tells of it, and to the state behind it. */
const consequence = async (tx: Tx, held: Held, judgements: Judgements, draft: DecisionRecord) => {
  const { contribution, policy } = held;
  const { decision } = draft;
  if (decision === 'request_changes') {
    if (revisionsLeft(policy, contribution) === 0)
      throw fault('revision_limit_exceeded', revisionLimit(policy));
    const state = requireTransition(contribution, 'request_changes', draft.digest);
    return { kind: 'KnowledgeContributionRevisionRequested', state } as const;
  }
  if (decision === 'reject' && (await ended(tx, held, judgements, draft)))
    return { kind: 'KnowledgeContributionRejected', state: 'rejected' } as const;
  const kind = decision === 'reject' ? 'KnowledgeContributionObjected' : 'KnowledgeContributionApproved';
  return { kind, state: contribution.state } as const;
};

const decide = async (
  the: ActDeps,
  tx: Tx,
  held: Held,
  request: DecisionRequest,
): Promise<Done<ActOutcome>> => {
  const { by, contribution } = held;
  requireTransition(contribution, request.decision, request.digest);
  requireOther(held);
  const judgements = await judgementsOf(tx, contribution.id, contribution.digest);
  const said = judgements.decisions.find(({ actor }) => actor === by.id);
  // The same word again is no news; one that is signed now, and was not before, is.
  if (said?.decision === request.decision && (request.signature === null || said.signature !== null))
    return unmoved(contribution, said.eventId);
  const draft = draftOf(held, request, the.now());
  const { kind, state } = await consequence(tx, held, judgements, draft);
  const record = eventOf(the, held, kind, request.reasonCode ?? 'unspecified');
  await putDecision(tx, { ...draft, eventId: record.event.id });
  return moved(tx, contribution, { state }, [record]);
};

/** @throws Fault contribution_not_found, invalid_transition, self_review_forbidden, revision_limit_exceeded; as `actOn` */
export const decideContribution =
  (the: ActDeps) =>
  (attempt: Attempt, id: ContributionId, request: DecisionRequest): Promise<Written<ActOutcome>> =>
    actOn(the)(attempt, id, { operation: 'review', capacities: ['reviewer'] }, (tx, held) =>
      decide(the, tx, held, request),
    );
