// The life of a contribution: where each act leads from each state, and why a human has to look at it. Pure.

import type { Verdict } from '../../protocol/knowledge/event.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { Sensitivity } from '../bases/base.ts';
import { isSensitive } from '../bases/base.ts';
import { requirementsFor } from '../bases/path-rules.ts';
import type { ContributionRecord, ContributionState, ReviewReason } from './contribution.ts';

export const ACTS = [
  'propose',
  'verdict',
  'evaluate',
  'approve',
  'request_changes',
  'revise',
  'accept',
  'reject',
  'withdraw',
  'expire',
] as const;
export type Act = (typeof ACTS)[number];

type Moves = Readonly<Partial<Record<Act, ContributionState>>>;

const ENDS = { reject: 'rejected', withdraw: 'withdrawn', expire: 'expired' } as const;

/**
 * Judged is only what stands for review: what was sent back is revised first, or ends. A revision may come before anybody
 * asked for it, since a base that moved asks nobody. Nothing leads out of a final state.
 */
const MOVES: Readonly<Record<ContributionState, Moves>> = {
  in_review: {
    verdict: 'in_review',
    evaluate: 'in_review',
    approve: 'in_review',
    request_changes: 'changes_requested',
    revise: 'in_review',
    accept: 'accepted',
    ...ENDS,
  },
  changes_requested: { revise: 'in_review', ...ENDS },
  accepted: {},
  rejected: {},
  withdrawn: {},
  expired: {},
};

/** @param state null where there is no contribution yet. @returns undefined for an act that cannot be there */
export const nextState = (state: ContributionState | null, act: Act): ContributionState | undefined =>
  state === null ? (act === 'propose' ? 'in_review' : undefined) : MOVES[state][act];

export const isFinal = (state: ContributionState): boolean => Object.keys(MOVES[state]).length === 0;

/** Strictly less than the floor; none stated is no opinion. */
export const isLowConfidence = (
  { confidence_floor }: Pick<ContributionPolicy, 'confidence_floor'>,
  confidence: number | null,
): boolean => confidence !== null && !(confidence >= confidence_floor);

/** Whether the mode lets anybody but humans accept. */
const isAutomatic = ({ mode }: ContributionPolicy): boolean => mode === 'verified' || mode === 'direct';

/**
 * Why a human has to look at a revision when it comes in; none where the policy lets it be accepted without one. That it
 * is unsure of itself, or may not go far, is said in every mode: it tells the humans what they look at.
 * @param paths that it changes; those that a path rule fits need approvals in every mode
 */
export const openingReasons = (
  policy: ContributionPolicy,
  sensitivity: Sensitivity,
  confidence: number | null,
  paths: readonly string[] = [],
): readonly ReviewReason[] => {
  const [, ...special] = requirementsFor(policy, paths);
  const reasons: readonly (readonly [ReviewReason, boolean])[] = [
    ['policy_reviewed', !isAutomatic(policy) || special.length > 0],
    ['low_confidence', isLowConfidence(policy, confidence)],
    ['no_confidence', policy.mode === 'verified' && confidence === null],
    ['sensitivity', isSensitive(sensitivity)],
  ];
  return reasons.filter(([, holds]) => holds).map(([reason]) => reason);
};

/** A reason stays until there is another revision: no second thought of an agent takes a human's look away. */
export const withReason = (
  reasons: readonly ReviewReason[],
  reason: ReviewReason,
): readonly ReviewReason[] => (reasons.includes(reason) ? reasons : [...reasons, reason]);

/** How often it may still be revised: from now on no more than a cap that was lowered since; one that was raised is none. */
export const revisionsLeft = (
  policy: Pick<ContributionPolicy, 'max_revisions'>,
  contribution: Pick<ContributionRecord, 'revisionsLeft'>,
): number => Math.max(0, Math.min(contribution.revisionsLeft, policy.max_revisions));

/** What a refused revision tells. */
export const revisionLimit = ({ max_revisions }: Pick<ContributionPolicy, 'max_revisions'>) => ({
  kind: 'revision-iterations',
  limit: max_revisions,
  observed: max_revisions + 1,
});

export interface AfterVerdict {
  readonly state: ContributionState;
  readonly reasons: readonly ReviewReason[];
}

/**
 * What becomes of a contribution that may be judged: `revise` sends it back to its proposer while there are revisions
 * left; then it stays where it is, and a human may reject it. A `pass` that the verifier is not sure of asks for a human.
 */
export const afterVerdict = (
  { state, reasons, ...contribution }: Pick<ContributionRecord, 'state' | 'reasons' | 'revisionsLeft'>,
  policy: ContributionPolicy,
  given: { readonly verdict: Verdict; readonly confidence: number | null },
): AfterVerdict => {
  if (given.verdict === 'pass' && isLowConfidence(policy, given.confidence))
    return { state, reasons: withReason(reasons, 'verifier_unsure') };
  if (given.verdict !== 'revise' || !policy.verifier_gating) return { state, reasons };
  return revisionsLeft(policy, contribution) > 0
    ? { state: nextState(state, 'request_changes') ?? state, reasons }
    : { state, reasons: withReason(reasons, 'verdict_revise_limit') };
};

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Counted from the newest revision. */
export const expiryOf = (
  { proposal_ttl_days }: Pick<ContributionPolicy, 'proposal_ttl_days'>,
  revisedAt: Date,
): Date => new Date(revisedAt.getTime() + proposal_ttl_days * DAY_MS);

/** Also where a policy that came later gives it less time. */
export const isExpired = (
  policy: Pick<ContributionPolicy, 'proposal_ttl_days'>,
  { expiresAt, revisedAt }: Pick<ContributionRecord, 'expiresAt' | 'revisedAt'>,
  now: Date,
): boolean => now >= expiresAt || now >= expiryOf(policy, revisedAt);
