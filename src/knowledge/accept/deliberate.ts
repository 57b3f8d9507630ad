// Whether a contribution may be accepted where its base stands, and how it would be moved there first. Pure.
import { fault } from '../../protocol/faults.ts';
import { revisionDigest } from '../../protocol/knowledge/changes.ts';
import { strictest } from '../bases/policy.ts';
import { requireTransition } from '../contributions/act.ts';
import type { Judgements } from '../contributions/contribution.ts';
import { type Gate, unmetGates } from '../review/gates.ts';
import type { Acceptance, Deliberation, Standpoint } from './acceptance.ts';
import type { FoundSituation } from './situation-store.ts';

/** What was found out, and why it is refused; a refusal may leave the contribution moved. */
export interface Deliberated {
  readonly found: Deliberation;
  readonly refusal: Error | undefined;
}

const NOTHING_SAID: Judgements = { verdicts: [], evals: [], decisions: [] };

const conflict = ({ base, contribution, clashes }: Deliberation): Error =>
  fault('base_version_conflict', {
    base_version: contribution.baseVersion,
    current: base.current,
    paths: clashes.slice(0, 64),
  });

const hasMoved = ({ base, contribution }: Deliberation): boolean => contribution.baseVersion !== base.current;

const refusal = ([first, ...more]: readonly Gate[]): Error | undefined =>
  first &&
  fault(first.code, {
    ...first.details,
    gates: [first, ...more].map(({ code, details }) => ({ code, ...details })),
  });

const refusedBy = (
  { deciding }: Acceptance,
  found: Deliberation,
  baseMoved: boolean,
  now: Date,
): Error | undefined =>
  refusal(
    unmetGates({
      ...found,
      by: deciding.decider,
      decisionSigned: deciding.signature !== null,
      baseMoved,
      now,
    }),
  );

const onto = (from: Deliberation): Deliberation => {
  const { base, contribution, revision } = from;
  const digest = revisionDigest(base.id, base.current, revision.changes);
  const moved = { digest, baseVersion: base.current, revision: contribution.revision + 1 };
  return {
    ...from,
    contribution: { ...contribution, ...moved },
    revision: { ...revision, ...moved },
    judgements: NOTHING_SAID,
    rebasedFrom: contribution,
  };
};

/**
 * Only where nothing that it touches changed; a signature would be about another revision, and so forbids it. What was
 * said about the older revision holds for it first: no verdict is lost because the base moved.
 */
const rebased = (acceptance: Acceptance, from: Deliberation, now: Date): Deliberated => {
  const { policy, clashes } = from;
  if (!policy.auto_rebase || policy.signed_decisions) return { found: from, refusal: undefined };
  const refused = refusedBy(acceptance, from, false, now);
  if (refused !== undefined) return { found: from, refusal: refused };
  if (clashes.length > 0) return { found: from, refusal: conflict(from) };
  return { found: onto(from), refusal: undefined };
};

/**
 * A contribution that was moved onto the current version starts clean, also where that is all that comes of it.
 * @param at where the base stands, which may be beyond where it was found
 * @throws Fault invalid_transition
 */
export const deliberate = (
  acceptance: Acceptance,
  { contribution, revision, judgements, policies, clashes, base }: FoundSituation,
  at: Standpoint,
  now: Date,
): Deliberated => {
  requireTransition(contribution, 'accept', acceptance.digest);
  const policy = strictest([base.policy, ...policies]);
  const read = { ...at, contribution, revision, judgements, policy, clashes, rebasedFrom: null };
  const moved = hasMoved(read) ? rebased(acceptance, read, now) : { found: read, refusal: undefined };
  if (moved.refusal !== undefined) return moved;
  return { ...moved, refusal: refusedBy(acceptance, moved.found, hasMoved(moved.found), now) };
};
