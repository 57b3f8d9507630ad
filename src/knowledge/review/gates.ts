// Whether a revision may be accepted now, by somebody: every gate that is still shut, at once. Pure.
import type { FaultCode, FaultDetails } from '../../protocol/faults.ts';
import type { Actor } from '../../protocol/knowledge/event.ts';
import type { RoleId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ContributionRecord, Judgements, RevisionRecord } from '../contributions/contribution.ts';
import { isExpired, isFinal, nextState } from '../contributions/lifecycle.ts';
import { brokenTerms } from '../contributions/terms.ts';
import { areOne, shortfalls, type Voice } from './approvals.ts';
import { doubts, humanReasons, missingSuites, negativeVerdicts } from './human-review.ts';

/** Who wants to accept, with a role that may. */
export interface Decider {
  readonly kind: 'human' | 'worker' | 'runtime';
  readonly id: Actor;
  readonly account: string;
  /** Everybody who stands behind him; nobody behind the service itself. */
  readonly closure: readonly string[];
  readonly role: RoleId | null;
  /** Whether his role may review, so that his acceptance is an approval, too. */
  readonly mayReview: boolean;
  /** Whether his role may administer the base. */
  readonly mayAdminister: boolean;
}

export interface Situation {
  readonly base: BaseRecord;
  readonly contribution: ContributionRecord;
  readonly revision: RevisionRecord;
  /** The strictest of all since it was proposed. */
  readonly policy: ContributionPolicy;
  readonly judgements: Judgements;
  readonly by: Decider;
  readonly decisionSigned: boolean;
  /** Whether the base is not at the version any more that the revision is made from. */
  readonly baseMoved: boolean;
  readonly now: Date;
}

export interface Gate {
  readonly code: FaultCode;
  readonly details: FaultDetails;
}

type Check = (situation: Situation) => readonly Gate[];

const MOST_TOLD = 16;

const shutIf = (shut: boolean, code: FaultCode, details: FaultDetails): readonly Gate[] =>
  shut ? [{ code, details }] : [];

const standing: Check = ({ base: { id, paused, held } }) => [
  ...shutIf(paused, 'knowledge_base_paused', { knowledge_base_id: id }),
  ...shutIf(held, 'knowledge_base_held', { knowledge_base_id: id }),
];

/** What should have expired counts as expired, and only the revision that stands now can be accepted. */
const transition: Check = ({ contribution, revision, policy, now }) => {
  const { id, revision: number, digest } = contribution;
  const isOver = !isFinal(contribution.state) && isExpired(policy, contribution, now);
  const state = isOver ? 'expired' : contribution.state;
  const isStale = revision.digest !== digest || revision.revision !== number;
  return shutIf(nextState(state, 'accept') === undefined || isStale, 'invalid_transition', {
    contribution_id: id,
    state,
    act: 'accept',
    ...(isStale ? { revision: number, revision_digest: digest } : {}),
  });
};

/** In the strictest mode whoever administers the base is the only one who changes it. */
const closed: Check = ({ base, policy, by }) =>
  shutIf(policy.mode === 'closed' && !(by.kind === 'human' && by.mayAdminister), 'contribution_closed', {
    knowledge_base_id: base.id,
  });

/** Holds in every mode, also where one steward is alone with a closed base: his policy has to say so. */
export const selfReview: Check = ({ contribution, policy, by }) =>
  shutIf(!policy.allow_self_review && areOne(by, contribution), 'self_review_forbidden', {
    contribution_id: contribution.id,
    proposer: contribution.proposer,
    principal: by.id,
  });

/** The terms of a policy that came later hold for what was proposed before, if they are stricter. */
const terms: Check = ({ base, contribution: { sources, signal }, revision: { changes }, policy }) => {
  const violations = brokenTerms(policy, base.registration.data_manifest, { changes, sources, signal });
  return shutIf(violations.length > 0, 'contribution_invalid', { violations });
};

/** Nothing overrides a verdict but the same verifier's next one, or another revision. */
const verdicts: Check = (situation) => {
  const negative = situation.policy.verifier_gating ? negativeVerdicts(situation) : [];
  const found = negative.map(({ verifier, verdict, eventId }) => ({
    verifier,
    verdict,
    event_id: eventId,
  }));
  return shutIf(found.length > 0, 'verdict_blocks_acceptance', { verdicts: found });
};

const criteria: Check = ({ revision }) => {
  const unmet = revision.criteria.filter(({ met }) => !met).map(({ key }) => key);
  return shutIf(unmet.length > 0, 'criteria_unmet', { criteria: unmet });
};

const evaluations: Check = (situation) => {
  const missing = missingSuites(situation);
  return shutIf(missing.length > 0, 'evaluation_missing', { suites: missing });
};

const humans: Check = (situation) => {
  const reasons = humanReasons(situation, situation.by.kind);
  return shutIf(reasons.length > 0, 'human_review_required', { reasons });
};

const ownApproval = (situation: Situation): Voice | undefined => {
  const { by } = situation;
  return by.kind === 'human' && by.mayReview && selfReview(situation).length === 0 ? by : undefined;
};

/**
 * What holds for every contribution binds neither the service itself, which needs a verifier instead, nor anybody in
 * `direct`, unless something asks for humans there: then it goes the way of `reviewed`. Path rules bind everybody.
 */
const asksGenerally = (situation: Situation): boolean =>
  situation.by.kind !== 'runtime' && (situation.policy.mode !== 'direct' || doubts(situation).length > 0);

const quorum: Check = (situation) => {
  const short = shortfalls(situation, ownApproval(situation), asksGenerally(situation));
  const requirements = short.map(({ paths, ...rest }) => ({ ...rest, paths: paths.slice(0, MOST_TOLD) }));
  return shutIf(short.length > 0, 'quorum_not_met', { requirements });
};

const signature: Check = ({ policy, by, decisionSigned }) =>
  shutIf(policy.signed_decisions && by.kind === 'human' && !decisionSigned, 'signature_missing', {
    principal: by.id,
  });

const ground: Check = ({ base, revision, baseMoved }) =>
  shutIf(baseMoved, 'base_version_conflict', {
    base_version: revision.baseVersion,
    current: base.current,
  });

// Whether anything can be accepted at all, then who may, then what of it, then by whose word, then onto what.
const CHECKS: readonly Check[] = [
  standing,
  transition,
  closed,
  selfReview,
  terms,
  verdicts,
  criteria,
  evaluations,
  humans,
  quorum,
  signature,
  ground,
];

/** In the order of `CHECKS`, so that the first names the refusal; none where it may be accepted now. */
export const unmetGates = (situation: Situation): readonly Gate[] =>
  CHECKS.flatMap((check) => check(situation));
