// Whether a base, a contribution and what it carries let anything be accepted now; and all that does not, at once.
import { describe, expect, it } from 'vitest';
import { STATES } from '../../../src/knowledge/contributions/contribution.ts';
import { unmetGates } from '../../../src/knowledge/review/gates.ts';
import type { WorkforceId } from '../../../src/protocol/knowledge/ids.ts';
import {
  DIGEST,
  daysLater,
  human,
  OLDER_DIGEST,
  proposer,
  put,
  shut,
  situation,
  type Told,
  toldBy,
  verdict,
  verifier,
} from '../world/situations.ts';

describe('an acceptance', () => {
  it('is open where nothing stands against it', () => {
    expect(unmetGates(situation())).toEqual([]);
  });

  it('G9: waits while the base is paused, or held', () => {
    expect(shut({ base: { paused: true } })).toEqual(['knowledge_base_paused']);
    expect(shut({ base: { held: true } })).toEqual(['knowledge_base_held']);
  });

  it.each(STATES.filter((state) => state !== 'in_review'))('is none of what is %s', (state) => {
    expect(shut({ contribution: { state } })).toEqual(['invalid_transition']);
    expect(toldBy('invalid_transition', { contribution: { state } })).toMatchObject({ state, act: 'accept' });
  });

  it('M17: is of the revision that stands now, and of no earlier one', () => {
    const revised: Told = { contribution: { revision: 2, digest: OLDER_DIGEST } };
    expect(toldBy('invalid_transition', revised)).toMatchObject({
      revision: 2,
      revision_digest: OLDER_DIGEST,
    });
    expect(shut({ ...revised, revision: { revision: 2, digest: OLDER_DIGEST } })).toEqual([]);
    expect(shut({ contribution: { revision: 2, digest: DIGEST } })).toEqual(['invalid_transition']);
    expect(shut({ contribution: { revision: 1, digest: OLDER_DIGEST } })).toEqual(['invalid_transition']);
  });

  it('M20: comes in time, whether or not anybody has noticed that it is over', () => {
    expect(shut({ now: daysLater(28) })).toEqual([]);
    expect(toldBy('invalid_transition', { now: daysLater(29) })).toMatchObject({ state: 'expired' });
    expect(
      toldBy('invalid_transition', { contribution: { state: 'accepted' }, now: daysLater(99) }),
    ).toMatchObject({
      state: 'accepted',
    });
  });

  it('is signed where the policy wants it, by humans', () => {
    const policy = { signed_decisions: true };
    expect(shut({ policy })).toEqual(['signature_missing']);
    expect(shut({ policy, decisionSigned: true })).toEqual([]);
  });

  it('is refused where the base moved on', () => {
    expect(shut({ baseMoved: true })).toEqual(['base_version_conflict']);
    expect(shut({ baseMoved: false })).toEqual([]);
  });
});

describe('what a contribution carries', () => {
  const carrying = (
    policy: Told['policy'],
    changes = [put('a.md', 10), put('b.png', 30, 'image/png')],
  ): Told => ({
    policy: policy ?? {},
    revision: { changes },
  });

  it.each([
    ['changes', { max_changes: 1 }, { max_changes: 2 }],
    ['bytes', { max_bytes: 39 }, { max_bytes: 40 }],
    ['media types', { media_types: ['text/*'] }, { media_types: ['text/*', 'image/png'] }],
  ])('keeps to the %s of a policy that came later', (_, stricter, enough) => {
    expect(shut(carrying(stricter))).toEqual(['contribution_invalid']);
    expect(shut(carrying(enough))).toEqual([]);
  });

  it('G6: names sources that the data manifest declares, where the policy wants that', () => {
    const declared = { sources: [{ uri: 'https://acme.example/handbook/refunds' }] };
    const undeclared = { sources: [{ uri: 'https://elsewhere.example/rumours' }] };
    const policy = { declared_sources_only: true };
    expect(shut({ policy, contribution: declared })).toEqual([]);
    expect(shut({ policy, contribution: undeclared })).toEqual(['contribution_invalid']);
    expect(shut({ policy, contribution: { sources: [] } })).toEqual(['contribution_invalid']);
    expect(shut({ contribution: undeclared })).toEqual([]);
  });

  it('answers signals of no workforce but those that the policy names', () => {
    const signal = { workforce: 'workforce:acme.example:legal' as WorkforceId, event_id: 'event-signal' };
    expect(shut({ contribution: { signal } })).toEqual(['contribution_invalid']);
    expect(shut({ policy: { external: [signal.workforce] }, contribution: { signal } })).toEqual([]);
  });
});

describe('a refusal', () => {
  const everything: Told = {
    policy: { mode: 'closed', max_changes: 1, required_evals: ['tone'], signed_decisions: true },
    by: human('scribe-owner'),
    base: { paused: true, held: true },
    contribution: { state: 'changes_requested' },
    revision: { changes: [put('a.md'), put('b.md')], criteria: [{ key: 'cites.sources', met: false }] },
    verdicts: [verdict(verifier, 'fail')],
    baseMoved: true,
  };
  const all = [
    'knowledge_base_paused',
    'knowledge_base_held',
    'invalid_transition',
    'contribution_closed',
    'self_review_forbidden',
    'contribution_invalid',
    'verdict_blocks_acceptance',
    'criteria_unmet',
    'evaluation_missing',
    'quorum_not_met',
    'signature_missing',
    'base_version_conflict',
  ];

  it('names every gate that is shut at once, what stands first first', () => {
    expect(shut(everything)).toEqual(all);
  });

  it('says of an agent, too, that a human has to accept', () => {
    const codes = shut({ ...everything, by: proposer });
    expect(codes).toEqual([
      ...all.slice(0, 9),
      'human_review_required',
      'quorum_not_met',
      'base_version_conflict',
    ]);
  });

  it('tells how much is wrong only so far', () => {
    const changes = Array.from({ length: 200 }, (_, at) => put(`${at}.png`, 1, 'image/png'));
    const told: Told = { policy: { media_types: ['text/*'], required_approvals: 2 }, revision: { changes } };
    expect(toldBy('contribution_invalid', told)?.['violations']).toHaveLength(64);
    expect(toldBy('quorum_not_met', told)).toMatchObject({ requirements: [{ paths: { length: 16 } }] });
  });
});
