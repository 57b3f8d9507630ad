// What verifiers and evaluations found of a revision, and why nobody but a human may accept it. Pure.

import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord } from '../bases/base.ts';
import { isSensitive } from '../bases/base.ts';
import type {
  ContributionRecord,
  Judgements,
  ReviewReason,
  RevisionRecord,
  VerdictRecord,
} from '../contributions/contribution.ts';
import { isLowConfidence } from '../contributions/lifecycle.ts';
import { newestOf } from './approvals.ts';

/** What a revision is looked at with, whoever looks. */
export interface Reviewed {
  readonly base: Pick<BaseRecord, 'sensitivity'>;
  readonly contribution: Pick<ContributionRecord, 'account' | 'closure' | 'reasons'>;
  readonly revision: Pick<RevisionRecord, 'digest' | 'confidence'>;
  readonly policy: ContributionPolicy;
  readonly judgements: Pick<Judgements, 'verdicts' | 'evals'>;
}

/** Beside what is recorded: no verifier let it pass yet, or one did not. */
export type HumanReason = ReviewReason | 'verification_missing' | 'verdict_negative';

/** The newest of each verifier on this very revision. */
const verdictsOf = ({ judgements, revision }: Reviewed): readonly VerdictRecord[] =>
  newestOf(
    judgements.verdicts.filter(({ digest }) => digest === revision.digest),
    ({ verifier }) => verifier,
  );

/** Whoever gave them; none at all is not one of them. */
export const negativeVerdicts = (reviewed: Reviewed): readonly VerdictRecord[] =>
  verdictsOf(reviewed).filter(({ verdict }) => verdict !== 'pass');

const isUnsure = ({ policy }: Reviewed, { verdict, confidence }: VerdictRecord): boolean =>
  verdict === 'pass' && isLowConfidence(policy, confidence);

/** Nobody verifies what he, or an agent of his, proposed, whatever a policy says of self-review. */
const isGatingPass = (reviewed: Reviewed, each: VerdictRecord): boolean =>
  each.verdict === 'pass' &&
  !each.own &&
  !isUnsure(reviewed, each) &&
  ![each.verifier, each.account].some((name) => reviewed.contribution.closure.includes(name));

/** Somebody sure, who does not stand behind the proposer, let this very revision pass. */
const hasGatingPass = (reviewed: Reviewed): boolean =>
  verdictsOf(reviewed).some((each) => isGatingPass(reviewed, each));

/**
 * Required suites that have not passed on this very revision. What the proposer, or who stands behind it, found out
 * itself proves nothing, whatever a policy says of self-review. One evaluator's pass does not undo another's fail.
 */
export const missingSuites = ({
  contribution,
  revision,
  policy,
  judgements,
}: Reviewed): readonly string[] => {
  const others = judgements.evals.filter(
    ({ digest, evaluator }) => digest === revision.digest && !contribution.closure.includes(evaluator),
  );
  const hasPassed = (wanted: string): boolean => {
    const results = others.filter(({ suite }) => suite === wanted).map(({ result }) => result);
    return results.includes('pass') && !results.includes('fail');
  };
  return policy.required_evals.filter((suite) => !hasPassed(suite));
};

const told = (reasons: Readonly<Partial<Record<HumanReason, boolean>>>): readonly HumanReason[] =>
  (Object.keys(reasons) as HumanReason[]).filter((reason) => reasons[reason]);

/**
 * Why no agent may accept this, in whichever mode: all that was recorded, but for the policy's own wish, and all that
 * holds now. Where verdicts do not gate, they still keep agents out.
 */
export const doubts = (reviewed: Reviewed): readonly HumanReason[] => {
  const { base, contribution, policy, revision } = reviewed;
  const now = told({
    low_confidence: isLowConfidence(policy, revision.confidence),
    sensitivity: isSensitive(base.sensitivity),
    verifier_unsure: verdictsOf(reviewed).some((each) => isUnsure(reviewed, each)),
    verdict_negative: negativeVerdicts(reviewed).length > 0,
  });
  const recorded = contribution.reasons.filter((reason) => reason !== 'policy_reviewed');
  return [...new Set([...recorded, ...now])];
};

/** Only what is said to be sure, and was found good, is accepted by the service itself. */
const runtimeDoubts = (reviewed: Reviewed): readonly HumanReason[] =>
  told({
    policy_reviewed: reviewed.policy.mode !== 'verified',
    no_confidence: reviewed.revision.confidence === null,
    verification_missing: !hasGatingPass(reviewed),
  });

/** Why nobody of this kind may accept it; none for humans. */
export const humanReasons = (
  reviewed: Reviewed,
  kind: 'human' | 'worker' | 'runtime',
): readonly HumanReason[] => {
  if (kind === 'human') return [];
  const byKind =
    kind === 'runtime'
      ? runtimeDoubts(reviewed)
      : told({ policy_reviewed: reviewed.policy.mode !== 'direct' });
  return [...new Set([...byKind, ...doubts(reviewed)])];
};
