// The strictest of several policies allows what all of them allow: stricter rules hold at once, looser ones never.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLooser, readPolicy, strictest } from '../../../src/knowledge/bases/policy.ts';
import { isExpired, openingReasons, revisionsLeft } from '../../../src/knowledge/contributions/lifecycle.ts';
import { type Situation, unmetGates } from '../../../src/knowledge/review/gates.ts';
import type { WorkforceId } from '../../../src/protocol/knowledge/ids.ts';
import { type ContributionPolicy, MODES } from '../../../src/protocol/knowledge/policy.ts';
import { policies, situations } from '../world/arbitrary-situations.ts';
import { policyWith, role } from '../world/situations.ts';

const legal = 'workforce:acme.example:legal' as WorkforceId;
const sales = 'workforce:acme.example:sales' as WorkforceId;

describe('of two policies', () => {
  it.each<[string, Partial<ContributionPolicy>, Partial<ContributionPolicy>, Partial<ContributionPolicy>]>([
    ['the stricter mode', { mode: 'direct' }, { mode: 'reviewed' }, { mode: 'reviewed' }],
    ['the greater quorum', { required_approvals: 1 }, { required_approvals: 3 }, { required_approvals: 3 }],
    ['the veto', { rejection: 'quorum' }, { rejection: 'veto' }, { rejection: 'veto' }],
    ['the higher floor', { confidence_floor: 0.5 }, { confidence_floor: 0.9 }, { confidence_floor: 0.9 }],
    [
      'every evaluation',
      { required_evals: ['b'] },
      { required_evals: ['a'] },
      { required_evals: ['a', 'b'] },
    ],
    ['the fewest revisions', { max_revisions: 3 }, { max_revisions: 0 }, { max_revisions: 0 }],
    ['the shortest time', { proposal_ttl_days: 30 }, { proposal_ttl_days: 7 }, { proposal_ttl_days: 7 }],
    ['the fewest changes', { max_changes: 1 }, { max_changes: 2 }, { max_changes: 1 }],
    ['the fewest bytes', { max_bytes: 1 }, { max_bytes: 2 }, { max_bytes: 1 }],
    [
      'the media types of both',
      { media_types: ['text/*', 'a/b'] },
      { media_types: ['text/plain'] },
      { media_types: ['text/plain'] },
    ],
    [
      'named media types before any',
      { media_types: null },
      { media_types: ['a/*'] },
      { media_types: ['a/*'] },
    ],
    [
      'no media type where they share none',
      { media_types: ['a/*'] },
      { media_types: ['b/c'] },
      { media_types: [] },
    ],
    ['the workforces of both', { external: [legal] }, { external: [sales, legal] }, { external: [legal] }],
    [
      'no self-review',
      { allow_self_review: true },
      { allow_self_review: false },
      { allow_self_review: false },
    ],
    ['gating', { verifier_gating: true }, { verifier_gating: false }, { verifier_gating: true }],
    ['no rebasing', { auto_rebase: true }, { auto_rebase: false }, { auto_rebase: false }],
    ['signatures', { signed_decisions: true }, { signed_decisions: false }, { signed_decisions: true }],
    ['declared sources', { declared_sources_only: true }, {}, { declared_sources_only: true }],
  ])('%s holds', (_, one, other, both) => {
    expect(strictest([policyWith(one), policyWith(other)])).toEqual(policyWith(both));
    expect(strictest([policyWith(other), policyWith(one)])).toEqual(policyWith(both));
  });

  it('the narrower circle is asked', () => {
    const wide = policyWith({ reviewer_roles: [role('editor'), role('lawyer')] });
    const narrow = policyWith({ reviewer_roles: [role('lawyer')], required_approvals: 2 });
    expect(strictest([wide, narrow])).toEqual(narrow);
    expect(strictest([policyWith(), narrow])).toEqual(narrow);
  });

  it('both circles are asked where neither is within the other: nobody is left who is asked by nobody', () => {
    const editors = policyWith({ reviewer_roles: [role('editor')] });
    const lawyers = policyWith({ reviewer_roles: [role('lawyer')] });
    expect(strictest([editors, lawyers])).toEqual({
      ...editors,
      path_rules: [{ pattern: '**', required_approvals: 1, reviewer_roles: [role('lawyer')] }],
    });
  });

  it('a rule that names nobody goes on asking those whom its own policy asks', () => {
    const rule = { pattern: 'legal/**', required_approvals: 2, reviewer_roles: [] };
    const editors = policyWith({ reviewer_roles: [role('editor')] });
    const lawyers = policyWith({ reviewer_roles: [role('lawyer')], path_rules: [rule] });
    expect(strictest([editors, lawyers]).path_rules).toContainEqual({
      ...rule,
      reviewer_roles: [role('lawyer')],
    });
  });

  it('all path rules hold that say more than others', () => {
    const rule = { pattern: 'legal/**', required_approvals: 1, reviewer_roles: [role('lawyer')] };
    const more = { ...rule, required_approvals: 2 };
    const other = { ...rule, pattern: 'rates/*' };
    const both = strictest([policyWith({ path_rules: [rule] }), policyWith({ path_rules: [other, more] })]);
    expect(both.path_rules).toEqual([more, other]);
  });
});

/** Between `verified` and `direct`, what the service itself may is as in `verified`. */
const readFor = ({ by }: Situation, policy: ContributionPolicy): ContributionPolicy =>
  by.kind === 'runtime' && policy.mode === 'direct' ? { ...policy, mode: 'verified' } : policy;

const shutBy = (situation: Situation, policy: ContributionPolicy): readonly string[] =>
  unmetGates({ ...situation, policy }).map(({ code }) => code);

describe('the strictest of any policies', () => {
  const several = fc.tuple(policies, policies, policies);

  it('is the same, whatever their order and however often they are told', () => {
    fc.assert(
      fc.property(several, ([one, two, three]) => {
        const all = strictest([one, two, three]);
        expect(strictest([three, one, two])).toEqual(all);
        expect(strictest([two, two, one, three, one])).toEqual(all);
        expect(strictest([all])).toEqual(all);
        expect(strictest([all, all])).toEqual(all);
      }),
      { numRuns: 1_000 },
    );
  });

  it('alone is that policy: the same gates are shut by it', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { policy } = situation;
        expect(shutBy(situation, strictest([policy]))).toEqual(shutBy(situation, policy));
      }),
      { numRuns: 1_000 },
    );
  });

  it('M4, G8: opens no gate that one of them shuts', () => {
    let accepted = 0;
    fc.assert(
      fc.property(situations, several, (situation, all) => {
        const told = shutBy(situation, strictest(all));
        if (told.length === 0) accepted += 1;
        for (const each of all)
          expect(told).toEqual(expect.arrayContaining([...shutBy(situation, readFor(situation, each))]));
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('asks for humans, ends and sends back no later than any of them', () => {
    fc.assert(
      fc.property(situations, several, (situation, all) => {
        const policy = strictest(all);
        const { contribution, revision, base, now } = situation;
        const reasons = openingReasons(policy, base.sensitivity, revision.confidence);
        for (const each of all) {
          expect(revisionsLeft(policy, contribution)).toBeLessThanOrEqual(revisionsLeft(each, contribution));
          if (isExpired(each, contribution, now)) expect(isExpired(policy, contribution, now)).toBe(true);
          if (openingReasons(each, base.sensitivity, revision.confidence).includes('low_confidence'))
            expect(reasons).toContain('low_confidence');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a change of policy is looser', () => {
  it.each(MODES)('never for the same policy, in mode %s', (mode) => {
    expect(isLooser(policyWith({ mode }), policyWith({ mode }))).toBe(false);
  });

  it('G8: up the ladder of modes, and not down it', () => {
    for (const [at, mode] of MODES.entries())
      for (const [than, other] of MODES.entries())
        expect(isLooser(policyWith({ mode }), policyWith({ mode: other }))).toBe(than > at);
  });

  it('where any one thing is, however much stricter the rest became', () => {
    const from = policyWith({ confidence_floor: 0.6 });
    expect(isLooser(from, policyWith({ mode: 'closed', confidence_floor: 0.5 }))).toBe(true);
    expect(isLooser(from, policyWith({ mode: 'closed', confidence_floor: 0.7 }))).toBe(false);
  });

  it('where a rule goes or asks fewer, and not where one comes or asks more', () => {
    const rule = { pattern: 'legal/**', required_approvals: 2, reviewer_roles: [] };
    const one = policyWith({ path_rules: [rule] });
    expect(isLooser(one, policyWith())).toBe(true);
    expect(isLooser(policyWith(), one)).toBe(false);
    expect(isLooser(one, policyWith({ path_rules: [{ ...rule, required_approvals: 1 }] }))).toBe(true);
    expect(isLooser(one, policyWith({ path_rules: [{ ...rule, required_approvals: 3 }] }))).toBe(false);
  });

  it('where others are asked, since they may approve what those before would not', () => {
    const editors = policyWith({ reviewer_roles: [role('editor')] });
    expect(isLooser(editors, policyWith({ reviewer_roles: [role('lawyer')] }))).toBe(true);
    expect(isLooser(editors, policyWith())).toBe(true);
    expect(isLooser(policyWith(), editors)).toBe(false);
  });

  it('not where only the order of its lists, or of its members as they were stored, is another', () => {
    const sent = {
      reviewer_roles: [role('b'), role('a')],
      path_rules: [{ pattern: '*', required_approvals: 2 }],
    };
    const policy = readPolicy(sent, 'internal');
    const [rule] = policy.path_rules;
    const stored = {
      ...policy,
      reviewer_roles: [role('a'), role('b')],
      path_rules: [{ required_approvals: 2, reviewer_roles: rule?.reviewer_roles ?? [], pattern: '*' }],
    };
    expect(isLooser(policy, stored)).toBe(false);
    expect(isLooser(stored, policy)).toBe(false);
  });

  it('never where it is the strictest of the old one and any other', () => {
    fc.assert(
      fc.property(policies, policies, (from, other) => {
        expect(isLooser(from, strictest([from, other]))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('wherever it opens a gate that was shut before', () => {
    fc.assert(
      fc.property(situations, policies, (situation, to) => {
        const before = shutBy(situation, readFor(situation, situation.policy));
        const after = shutBy(situation, to);
        if (before.some((code) => !after.includes(code))) expect(isLooser(situation.policy, to)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
