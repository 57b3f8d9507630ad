// Who may accept what its proposer, or its verifier, is not sure of.
import { describe, expect, it } from 'vitest';
import { MODES } from '../../../src/protocol/knowledge/policy.ts';
import { human, runtime, shut, type Told, toldBy, verdict, verifier, worker } from '../world/situations.ts';

const agent = worker('other');
const direct: Told = { policy: { mode: 'direct' }, by: agent };
const auto: Told = { policy: { mode: 'verified' }, by: runtime, verdicts: [verdict(verifier, 'pass')] };

const sure = (told: Told, confidence: number | null): Told => ({ ...told, revision: { confidence } });
const floor = (told: Told, confidence_floor: number): Told => ({
  ...told,
  policy: { ...told.policy, confidence_floor },
});
const why = (told: Told): unknown => toldBy('human_review_required', told)?.['reasons'];

describe.each([
  ['the service itself', auto],
  ['an agent whose role may accept', direct],
])('M1: %s', (_, told) => {
  it('accepts what is as sure as the floor', () => {
    expect(shut(sure(told, 0.5))).toEqual([]);
    expect(shut(sure(floor(told, 0.8), 0.8))).toEqual([]);
  });

  it('does not accept what is less sure', () => {
    expect(shut(sure(told, 0.49))).toContain('human_review_required');
    expect(why(sure(told, 0.49))).toEqual(['low_confidence']);
    expect(shut(sure(floor(told, 0.8), 0.79))).toContain('human_review_required');
  });

  it('does not accept what was escalated before, whatever the numbers say now', () => {
    const escalated: Told = { ...told, contribution: { reasons: ['low_confidence'] } };
    expect(why(escalated)).toEqual(['low_confidence']);
  });
});

describe('M1: a human', () => {
  it.each(MODES)('accepts what is unsure in mode %s', (mode) => {
    const by = human('reviewer', { mayAdminister: true });
    expect(shut({ policy: { mode }, by, revision: { confidence: 0.1 } })).toEqual([]);
  });

  it('needs the approvals of the reviewed way for it where agents might accept the rest', () => {
    const told: Told = { policy: { mode: 'direct', required_approvals: 2 } };
    expect(shut(sure(told, 0.49))).toEqual(['quorum_not_met']);
    expect(shut(sure(told, 0.5))).toEqual([]);
  });
});

describe('M2: confidence that is not stated', () => {
  it('escalates nothing', () => {
    expect(shut(sure(direct, null))).toEqual([]);
    expect(shut(sure(floor(direct, 1), null))).toEqual([]);
  });

  it('is not enough for the service itself', () => {
    expect(why(sure(auto, null))).toEqual(['no_confidence']);
    expect(why(sure(auto, 0.9))).toBeUndefined();
  });
});

describe('M10: the confidence of a verifier', () => {
  const passing = (confidence: number | null): Told => ({
    ...auto,
    verdicts: [verdict(verifier, 'pass', { confidence })],
  });

  it('lets a pass below the floor ask for a human, and is no pass', () => {
    expect(why(passing(0.49))).toEqual(['verification_missing', 'verifier_unsure']);
    expect(why({ ...passing(0.49), ...direct })).toEqual(['verifier_unsure']);
  });

  it('lets a pass at the floor, or without any, be one', () => {
    expect(shut(passing(0.5))).toEqual([]);
    expect(shut(passing(null))).toEqual([]);
  });

  it('lets one verifier who is unsure outweigh another who is sure', () => {
    const both = [
      verdict(verifier, 'pass', { confidence: 0.9 }),
      verdict(agent, 'pass', { confidence: 0.1 }),
    ];
    expect(why({ ...auto, verdicts: both })).toEqual(['verifier_unsure']);
  });

  it('keeps no human from accepting', () => {
    expect(shut({ verdicts: [verdict(verifier, 'pass', { confidence: 0 })] })).toEqual([]);
  });
});
