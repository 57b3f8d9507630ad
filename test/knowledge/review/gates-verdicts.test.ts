// What verdicts, criteria and evaluations let happen, for humans and for everybody else.
import { describe, expect, it } from 'vitest';
import {
  daysLater,
  evaluation,
  human,
  NOW,
  OLDER_DIGEST,
  proposer,
  runtime,
  shut,
  type Told,
  toldBy,
  verdict,
  verifier,
  worker,
} from '../world/situations.ts';

const agent = worker('other');
const byHuman: Told = {};
const byAgent: Told = { policy: { mode: 'direct' }, by: agent };
const byService: Told = { policy: { mode: 'verified' }, by: runtime };
const why = (told: Told): unknown => toldBy('human_review_required', told)?.['reasons'];

describe('a verdict on the revision', () => {
  const all: readonly (readonly [string, Told])[] = [
    ['a human', byHuman],
    ['an agent whose role may accept', byAgent],
    ['the service itself', byService],
  ];

  describe.each(all)('and %s', (_, told) => {
    it('M5: `fail` blocks', () => {
      expect(shut({ ...told, verdicts: [verdict(verifier, 'fail')] })).toContain('verdict_blocks_acceptance');
    });

    it('M6: `revise` blocks, until there is another revision', () => {
      expect(shut({ ...told, verdicts: [verdict(verifier, 'revise')] })).toContain(
        'verdict_blocks_acceptance',
      );
      const older = verdict(verifier, 'revise', { digest: OLDER_DIGEST });
      const passed = verdict(verifier, 'pass');
      expect(shut({ ...told, verdicts: [older, passed] })).toEqual([]);
    });

    it('`pass` lets it be accepted', () => {
      expect(shut({ ...told, verdicts: [verdict(verifier, 'pass')] })).toEqual([]);
    });
  });

  it('M7: is not needed by humans, nor by agents where they may accept', () => {
    expect(shut(byHuman)).toEqual([]);
    expect(shut(byAgent)).toEqual([]);
  });

  it('M7: is needed by the service itself, since that is its policy', () => {
    expect(shut(byService)).toEqual(['human_review_required']);
    expect(why(byService)).toEqual(['verification_missing']);
    expect(why({ ...byService, verdicts: [verdict(verifier, 'pass', { digest: OLDER_DIGEST })] })).toEqual([
      'verification_missing',
    ]);
  });

  it('M5: of one verifier blocks, however many others let it pass', () => {
    const verdicts = [verdict(verifier, 'pass'), verdict(agent, 'fail'), verdict(worker('third'), 'pass')];
    expect(shut({ verdicts })).toEqual(['verdict_blocks_acceptance']);
  });

  it('M5: is taken back by the same verifier only', () => {
    const failed = verdict(verifier, 'fail');
    const later = { at: daysLater(1) };
    expect(shut({ verdicts: [failed, verdict(verifier, 'pass', later)] })).toEqual([]);
    expect(shut({ verdicts: [failed, verdict(agent, 'pass', later)] })).toEqual([
      'verdict_blocks_acceptance',
    ]);
  });

  it('M5: counts by its time, and not by where it stands in a list', () => {
    const passed = verdict(verifier, 'pass', { at: daysLater(1) });
    const failed = verdict(verifier, 'fail', { at: NOW });
    expect(shut({ verdicts: [passed, failed] })).toEqual([]);
    expect(shut({ verdicts: [failed, { ...passed, at: daysLater(-1) }] })).toEqual([
      'verdict_blocks_acceptance',
    ]);
  });

  it('M9: is named in a refusal by who, what and where, and by nothing that was written', () => {
    const failed = verdict(verifier, 'fail', { criteria: ['tone.friendly'], eventId: 'event-failed' });
    expect(toldBy('verdict_blocks_acceptance', { verdicts: [failed] })).toEqual({
      verdicts: [{ verifier: verifier.id, verdict: 'fail', event_id: 'event-failed' }],
    });
  });

  it('where verdicts do not gate, keeps agents out and no human', () => {
    const policy = { verifier_gating: false };
    const verdicts = [verdict(verifier, 'fail')];
    expect(shut({ policy, verdicts })).toEqual([]);
    expect(shut({ policy: { ...policy, mode: 'direct' }, by: agent, verdicts })).toEqual([
      'human_review_required',
      'quorum_not_met',
    ]);
    expect(why({ policy: { ...policy, mode: 'direct' }, by: agent, verdicts })).toEqual(['verdict_negative']);
  });
});

describe('M8: whoever stands behind the proposer', () => {
  const owner = human('scribe-owner');
  const sibling = worker('sibling', 'scribe-owner');

  it.each([
    ['the proposer', proposer],
    ['its owner', owner],
    ['another agent of its owner', sibling],
  ])('gives no gating pass: %s', (_, by) => {
    const told = { ...byService, verdicts: [verdict(by, 'pass')] };
    expect(why(told)).toEqual(['verification_missing']);
    expect(why({ ...told, policy: { ...told.policy, allow_self_review: true } })).toEqual([
      'verification_missing',
    ]);
  });

  it('does not where its verdict was taken for anybody else’s, either', () => {
    expect(why({ ...byService, verdicts: [verdict(owner, 'pass', { own: false })] })).toEqual([
      'verification_missing',
    ]);
  });

  it('can still block it', () => {
    expect(shut({ verdicts: [verdict(proposer, 'fail')] })).toEqual(['verdict_blocks_acceptance']);
  });

  it('takes nothing away from a pass of somebody else', () => {
    expect(shut({ ...byService, verdicts: [verdict(proposer, 'pass'), verdict(verifier, 'pass')] })).toEqual(
      [],
    );
  });
});

describe('M11: criteria of success', () => {
  it('that are not met block, and are named', () => {
    const criteria = [
      { key: 'cites.sources', met: true },
      { key: 'tone.friendly', met: false },
    ];
    expect(shut({ revision: { criteria } })).toEqual(['criteria_unmet']);
    expect(toldBy('criteria_unmet', { revision: { criteria } })).toEqual({ criteria: ['tone.friendly'] });
  });

  it('that are met do not, and neither do none', () => {
    expect(shut({ revision: { criteria: [{ key: 'cites.sources', met: true }] } })).toEqual([]);
    expect(shut({ revision: { criteria: [] } })).toEqual([]);
  });
});

describe('G1: a required evaluation', () => {
  const policy = { required_evals: ['tone', 'wording'] };
  const tone = evaluation(verifier, 'tone', 'pass');
  const wording = evaluation(verifier, 'wording', 'pass');

  it('has to have passed, each of them', () => {
    expect(shut({ policy, evals: [tone, wording] })).toEqual([]);
    expect(shut({ policy, evals: [tone] })).toEqual(['evaluation_missing']);
    expect(toldBy('evaluation_missing', { policy, evals: [tone] })).toEqual({ suites: ['wording'] });
  });

  it('has to have passed on this very revision', () => {
    expect(shut({ policy, evals: [tone, { ...wording, digest: OLDER_DIGEST }] })).toEqual([
      'evaluation_missing',
    ]);
  });

  it('does not pass by failing, nor by the proposer’s own word', () => {
    expect(shut({ policy, evals: [tone, { ...wording, result: 'fail' }] })).toEqual(['evaluation_missing']);
    const own = { ...wording, evaluator: proposer.id as typeof wording.evaluator };
    expect(shut({ policy, evals: [tone, own] })).toEqual(['evaluation_missing']);
    expect(shut({ policy: { ...policy, allow_self_review: true }, evals: [tone, own] })).toEqual([
      'evaluation_missing',
    ]);
  });
});
