// What holds of the gates whatever the policy, the people and their words are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvalsThatCount, areOne } from '../../../src/knowledge/review/approvals.ts';
import { type Situation, unmetGates } from '../../../src/knowledge/review/gates.ts';
import { decisions, situations } from '../world/arbitrary-situations.ts';
import { daysLater, human, verdict, verifier, worker } from '../world/situations.ts';

const RUNS = { numRuns: 1_500 };
const codes = (situation: Situation): readonly string[] => unmetGates(situation).map(({ code }) => code);
const opens = (situation: Situation): boolean => codes(situation).length === 0;

const judged = (situation: Situation, more: Partial<Situation['judgements']>): Situation => ({
  ...situation,
  judgements: { ...situation.judgements, ...more },
});

describe('the gates', () => {
  it('are told in one order, each once', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const told = codes(situation);
        expect(new Set(told).size).toBe(told.length);
        expect(codes(situation)).toEqual(told);
      }),
      RUNS,
    );
  });

  it('M5: a `fail` that is added opens none, whoever gives it and whenever', () => {
    const failing = fc.record({
      by: fc.constantFrom(verifier, worker('other', 'bo'), human('ada')),
      at: fc.integer({ min: -9, max: 9 }).map(daysLater),
    });
    fc.assert(
      fc.property(situations, failing, (situation, { by, at }) => {
        const verdicts = [...situation.judgements.verdicts, verdict(by, 'fail', { at })];
        expect(codes(judged(situation, { verdicts }))).toEqual(expect.arrayContaining([...codes(situation)]));
      }),
      RUNS,
    );
  });

  it('M5: nothing is accepted while a `fail` of anybody stands, where verdicts gate', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const verdicts = [...situation.judgements.verdicts, verdict(verifier, 'fail', { at: daysLater(9) })];
        const policy = { ...situation.policy, verifier_gating: true };
        expect(codes(judged({ ...situation, policy }, { verdicts }))).toContain('verdict_blocks_acceptance');
      }),
      RUNS,
    );
  });

  it('M1: nobody but a human accepts what is less sure than the floor', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { confidence } = situation.revision;
        const isLow = confidence !== null && confidence < situation.policy.confidence_floor;
        if (isLow && opens(situation)) expect(situation.by.kind).toBe('human');
      }),
      RUNS,
    );
  });

  it('nobody who stands behind the proposer accepts, unless the policy lets him', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        if (!situation.policy.allow_self_review && opens(situation))
          expect(areOne(situation.by, situation.contribution)).toBe(false);
      }),
      RUNS,
    );
  });

  it('let the service itself accept only what somebody else let pass, and surely', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        if (situation.by.kind !== 'runtime' || !opens(situation)) return;
        const { policy, revision, contribution, judgements, base } = situation;
        expect([policy.mode, revision.confidence !== null]).toEqual(['verified', true]);
        expect(['public', 'internal']).toContain(base.sensitivity);
        const passes = judgements.verdicts.filter((each) => each.verdict === 'pass' && !each.own);
        expect(passes.some(({ verifier: by }) => !contribution.closure.includes(by))).toBe(true);
      }),
      RUNS,
    );
  });

  it('M23: words that are added by agents, about another revision, or as nobody’s approval open none', () => {
    fc.assert(
      fc.property(situations, decisions, (situation, word) => {
        const isApproval =
          ['approve', 'accept'].includes(word.decision) &&
          word.digest === situation.revision.digest &&
          word.actor.startsWith('human:');
        if (isApproval) return;
        const added = judged(situation, { decisions: [...situation.judgements.decisions, word] });
        expect(codes(added)).toEqual(expect.arrayContaining([...codes(situation)]));
      }),
      RUNS,
    );
  });
});

describe('M23: the approvals that count', () => {
  it('are of different people, none of whom stands behind the proposer', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const policy = { ...situation.policy, path_rules: [], allow_self_review: false };
        const counted = approvalsThatCount({ ...situation, policy });
        for (const [at, each] of counted.entries()) {
          expect(areOne(each, situation.contribution)).toBe(false);
          expect(counted.slice(at + 1).some((other) => areOne(each, other))).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('are no fewer after another approval', () => {
    fc.assert(
      fc.property(situations, decisions, (situation, word) => {
        const { decisions: before } = situation.judgements;
        if (before.some(({ actor }) => actor === word.actor)) return;
        const later = { ...word, decision: 'approve' as const, at: daysLater(9) };
        const policy = { ...situation.policy, path_rules: [] };
        const count = (all: typeof before) =>
          approvalsThatCount(judged({ ...situation, policy }, { decisions: all })).length;
        expect(count([...before, later])).toBeGreaterThanOrEqual(count(before));
      }),
      RUNS,
    );
  });

  it('do not depend on the order in which they are told, where no two were given at one time', () => {
    fc.assert(
      fc.property(situations, fc.infiniteStream(fc.nat()), (situation, ranks) => {
        const all = situation.judgements.decisions.map((each, at) => ({ ...each, at: daysLater(at) }));
        const shuffled = all
          .map((each) => ({ each, rank: ranks.next().value ?? 0 }))
          .sort((one, other) => one.rank - other.rank)
          .map(({ each }) => each);
        const count = (told: typeof all) => approvalsThatCount(judged(situation, { decisions: told }));
        expect(count(shuffled)).toEqual(count(all));
      }),
      RUNS,
    );
  });
});
