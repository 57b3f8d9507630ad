// Where each act leads from each state of a contribution, and nowhere else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ContributionState,
  type ReviewReason,
  STATES,
} from '../../../src/knowledge/contributions/contribution.ts';
import {
  ACTS,
  type Act,
  afterVerdict,
  expiryOf,
  isExpired,
  isFinal,
  nextState,
  openingReasons,
  revisionLimit,
  revisionsLeft,
} from '../../../src/knowledge/contributions/lifecycle.ts';
import { MODES } from '../../../src/protocol/knowledge/policy.ts';
import { daysLater, NOW, policyWith } from '../world/situations.ts';

const FINAL: readonly ContributionState[] = ['accepted', 'rejected', 'withdrawn', 'expired'];

/** Every way there is, said once more and otherwise. */
const WAYS: readonly (readonly [ContributionState | null, Act, ContributionState])[] = [
  [null, 'propose', 'in_review'],
  ['in_review', 'verdict', 'in_review'],
  ['in_review', 'evaluate', 'in_review'],
  ['in_review', 'approve', 'in_review'],
  ['in_review', 'request_changes', 'changes_requested'],
  ['in_review', 'revise', 'in_review'],
  ['in_review', 'accept', 'accepted'],
  ['in_review', 'reject', 'rejected'],
  ['in_review', 'withdraw', 'withdrawn'],
  ['in_review', 'expire', 'expired'],
  ['changes_requested', 'revise', 'in_review'],
  ['changes_requested', 'reject', 'rejected'],
  ['changes_requested', 'withdraw', 'withdrawn'],
  ['changes_requested', 'expire', 'expired'],
];

describe('a contribution', () => {
  const cases = [null, ...STATES].flatMap((state) => ACTS.map((act) => ({ state, act })));
  const wayOf = ({ state, act }: (typeof cases)[number]) =>
    WAYS.find(([from, by]) => from === state && by === act);

  it.each(cases.filter((each) => wayOf(each) !== undefined))('that is $state can $act', (each) => {
    expect(nextState(each.state, each.act)).toBe(wayOf(each)?.[2]);
  });

  it.each(cases.filter((each) => wayOf(each) === undefined))('that is $state cannot $act', (each) => {
    expect(nextState(each.state, each.act)).toBeUndefined();
  });

  it('has no way out of its end, and a way to its end from everywhere else', () => {
    expect(STATES.filter(isFinal)).toEqual(FINAL);
    for (const state of STATES.filter((each) => !isFinal(each)))
      expect(ACTS.map((act) => nextState(state, act))).toEqual(
        expect.arrayContaining(['withdrawn', 'expired']),
      );
  });

  it('can come to stand in every state there is', () => {
    const reached = new Set<ContributionState>();
    const todo: (ContributionState | null)[] = [null];
    for (let state = todo.pop(); state !== undefined; state = todo.pop())
      for (const next of ACTS.flatMap((act) => nextState(state, act) ?? []))
        if (!reached.has(next)) todo.push(...[next].filter((each) => reached.add(each)));
    expect([...reached].sort()).toEqual([...STATES].sort());
  });

  it('moves or stays where it is, whatever is tried in whichever order, and is accepted only out of review', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ACTS), { maxLength: 30 }), (acts) => {
        let state: ContributionState | null = null;
        let end: ContributionState | undefined;
        for (const act of acts) {
          const next: ContributionState | undefined = nextState(state, act);
          if (end !== undefined) expect(next).toBeUndefined();
          if (next === 'accepted') expect([state, act]).toEqual(['in_review', 'accept']);
          if (next === undefined) continue;
          expect(STATES).toContain(next);
          state = next;
          if (isFinal(state)) end = state;
        }
        expect(end ?? state).toBe(state);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('why a human has to look at what comes in', () => {
  const reviewed = policyWith();
  const verified = policyWith({ mode: 'verified' });
  const direct = policyWith({ mode: 'direct' });

  it('M1: is that it is less sure than the floor, and not that it is just as sure', () => {
    expect(openingReasons(verified, 'internal', 0.49)).toEqual(['low_confidence']);
    expect(openingReasons(verified, 'internal', 0.5)).toEqual([]);
    expect(openingReasons(policyWith({ mode: 'verified', confidence_floor: 0.8 }), 'internal', 0.79)).toEqual(
      ['low_confidence'],
    );
  });

  it('M2: is never low confidence where none is stated, though nothing is accepted by itself without it', () => {
    expect(openingReasons(direct, 'internal', null)).toEqual([]);
    expect(openingReasons(reviewed, 'internal', null)).toEqual(['policy_reviewed']);
    expect(openingReasons(verified, 'internal', null)).toEqual(['no_confidence']);
  });

  it.each(MODES)('M3: names low confidence in mode %s, too', (mode) => {
    expect(openingReasons(policyWith({ mode }), 'internal', 0.1)).toContain('low_confidence');
    expect(openingReasons(policyWith({ mode }), 'internal', 0.9)).not.toContain('low_confidence');
  });

  it('G7: is how far the content may go', () => {
    expect(openingReasons(reviewed, 'confidential', 0.9)).toEqual(['policy_reviewed', 'sensitivity']);
    expect(openingReasons(reviewed, 'internal', 0.9)).toEqual(['policy_reviewed']);
  });

  it('is a path for which the policy wants approvals', () => {
    const rule = { pattern: 'legal/**', required_approvals: 1, reviewer_roles: [] };
    const policy = policyWith({ mode: 'direct', path_rules: [rule] });
    expect(openingReasons(policy, 'internal', 0.9, ['legal/terms.md'])).toEqual(['policy_reviewed']);
    expect(openingReasons(policy, 'internal', 0.9, ['notes.md'])).toEqual([]);
  });

  it('is a number that is none', () => {
    expect(openingReasons(verified, 'internal', Number.NaN)).toEqual(['low_confidence']);
  });
});

describe('what becomes of a verdict', () => {
  const policy = policyWith({ mode: 'verified' });
  const reasons: readonly ReviewReason[] = [];
  const standing = (left = 3) => ({ state: 'in_review' as const, reasons, revisionsLeft: left });
  const given = (verdict: 'pass' | 'fail' | 'revise', confidence: number | null = null) => ({
    verdict,
    confidence,
  });

  it('M6: `revise` sends back while there are revisions left, and then asks for a human', () => {
    expect(afterVerdict(standing(), policy, given('revise'))).toEqual({
      state: 'changes_requested',
      reasons,
    });
    expect(afterVerdict(standing(1), policy, given('revise')).state).toBe('changes_requested');
    expect(afterVerdict(standing(0), policy, given('revise'))).toEqual({
      state: 'in_review',
      reasons: ['verdict_revise_limit'],
    });
  });

  it('M6: a cap that was lowered since holds at once, and one that was raised does not', () => {
    expect(revisionsLeft({ max_revisions: 1 }, { revisionsLeft: 3 })).toBe(1);
    expect(revisionsLeft({ max_revisions: 9 }, { revisionsLeft: 3 })).toBe(3);
    expect(afterVerdict(standing(), policyWith({ max_revisions: 0 }), given('revise')).state).toBe(
      'in_review',
    );
    expect(revisionLimit({ max_revisions: 3 })).toEqual({
      kind: 'revision-iterations',
      limit: 3,
      observed: 4,
    });
  });

  it.each(['pass', 'fail'] as const)('M5: `%s` moves nothing by itself', (verdict) => {
    expect(afterVerdict(standing(), policy, given(verdict))).toEqual({ state: 'in_review', reasons });
  });

  it('M10: a pass of a verifier that is unsure asks for a human; of one that is sure, or says nothing, it does not', () => {
    expect(afterVerdict(standing(), policy, given('pass', 0.49)).reasons).toEqual(['verifier_unsure']);
    expect(afterVerdict(standing(), policy, given('pass', 0.5)).reasons).toEqual([]);
    expect(afterVerdict(standing(), policy, given('pass')).reasons).toEqual([]);
  });

  it('a reason is told once, and no later verdict takes it away', () => {
    const unsure = afterVerdict(standing(), policy, given('pass', 0.1));
    const again = afterVerdict({ ...standing(), ...unsure }, policy, given('pass', 0.2));
    expect(afterVerdict({ ...standing(), ...again }, policy, given('pass', 1)).reasons).toEqual([
      'verifier_unsure',
    ]);
  });

  it('`revise` moves nothing where verdicts do not gate', () => {
    const advisory = policyWith({ verifier_gating: false });
    expect(afterVerdict(standing(), advisory, given('revise'))).toEqual({ state: 'in_review', reasons });
  });
});

describe('M20: time', () => {
  const policy = policyWith({ proposal_ttl_days: 30 });
  const contribution = { revisedAt: NOW, expiresAt: expiryOf(policy, NOW) };

  it('is counted from the newest revision', () => {
    expect(expiryOf(policy, NOW)).toEqual(daysLater(30));
    expect(isExpired(policy, contribution, daysLater(29))).toBe(false);
    expect(isExpired(policy, contribution, daysLater(30))).toBe(true);
  });

  it('gets shorter by a later policy, and never longer', () => {
    expect(isExpired(policyWith({ proposal_ttl_days: 7 }), contribution, daysLater(8))).toBe(true);
    expect(isExpired(policyWith({ proposal_ttl_days: 90 }), contribution, daysLater(31))).toBe(true);
  });
});
