// Whose word counts: nobody's about his own, one of each person, and only of those whom the policy asks.
import { describe, expect, it } from 'vitest';
import type { Sensitivity } from '../../../src/knowledge/bases/base.ts';
import { approvalsThatCount, isRejected } from '../../../src/knowledge/review/approvals.ts';
import { MODES, type Mode } from '../../../src/protocol/knowledge/policy.ts';
import {
  daysLater,
  decision,
  human,
  OLDER_DIGEST,
  proposer,
  put,
  reviewer,
  role,
  runtime,
  shut,
  situation,
  type Told,
  toldBy,
  verdict,
  verifier,
  worker,
} from '../world/situations.ts';

const owner = human('scribe-owner', { mayAdminister: true });
const second = human('second');
const third = human('third');

describe('separation of duties', () => {
  it.each([
    ['the proposer', proposer],
    ['its owner', owner],
    ['another agent of its owner', worker('sibling', 'scribe-owner')],
    ['whoever acts by its account', human('other', { account: 'scribe' })],
    ['whoever the same human delegated to', human('other', { behind: ['human:acme.example:scribe-owner'] })],
  ])('refuses %s', (_, by) => {
    expect(shut({ policy: { mode: 'direct' }, by })).toContain('self_review_forbidden');
    expect(shut({ policy: { mode: 'direct', allow_self_review: true }, by })).toEqual([]);
  });

  it('takes somebody behind whom nobody of them stands', () => {
    expect(shut({ policy: { mode: 'direct' }, by: worker('stranger') })).toEqual([]);
    expect(shut({ by: reviewer })).toEqual([]);
  });

  it.each(MODES)('holds in mode %s', (mode) => {
    expect(shut({ policy: { mode }, by: owner })).toContain('self_review_forbidden');
  });

  it('does not count the word of whoever stands behind the proposer, unless the policy lets it', () => {
    const told: Told = { policy: { required_approvals: 2 }, decisions: [decision(owner, 'approve')] };
    expect(shut(told)).toEqual(['quorum_not_met']);
    expect(shut({ ...told, policy: { ...told.policy, allow_self_review: true } })).toEqual([]);
    expect(shut({ ...told, decisions: [decision(second, 'approve')] })).toEqual([]);
  });
});

describe('in `reviewed`', () => {
  it('a human’s acceptance is his approval, too', () => {
    expect(shut({ by: reviewer })).toEqual([]);
    expect(shut({ by: human('other', { mayReview: false }) })).toEqual(['quorum_not_met']);
    expect(
      shut({ by: human('other', { mayReview: false }), decisions: [decision(second, 'approve')] }),
    ).toEqual([]);
  });

  it('nothing but a human accepts, whatever was approved and verified', () => {
    const told: Told = { decisions: [decision(second, 'approve')], verdicts: [verdict(verifier, 'pass')] };
    expect(shut({ ...told, by: worker('other') })).toEqual(['human_review_required']);
    expect(shut({ ...told, by: runtime })).toEqual(['human_review_required']);
    expect(shut({ ...told, by: reviewer })).toEqual([]);
  });
});

describe('in `direct`', () => {
  it('whoever’s role may accept does, alone', () => {
    const policy = { mode: 'direct', required_approvals: 3 } as const;
    expect(shut({ policy, by: worker('other') })).toEqual([]);
    expect(shut({ policy, by: reviewer })).toEqual([]);
  });

  it('the service itself does not', () => {
    const told: Told = { by: runtime, verdicts: [verdict(verifier, 'pass')] };
    expect(shut({ ...told, policy: { mode: 'direct' } })).toEqual(['human_review_required']);
    expect(shut({ ...told, policy: { mode: 'verified' } })).toEqual([]);
  });
});

describe('in `verified`', () => {
  const policy = { mode: 'verified' } as const;
  const verdicts = [verdict(verifier, 'pass')];

  it('no agent accepts, but the service itself and humans do', () => {
    expect(shut({ policy, verdicts, by: worker('other') })).toContain('human_review_required');
    expect(shut({ policy, verdicts, by: runtime })).toEqual([]);
    expect(shut({ policy, by: reviewer })).toEqual([]);
  });

  it('what its proposer left behind waits for a human', () => {
    const contribution = { reasons: ['proposer_decommissioned'] } as const;
    expect(shut({ policy, verdicts, contribution, by: runtime })).toEqual(['human_review_required']);
    expect(shut({ policy, verdicts, contribution, by: reviewer })).toEqual([]);
  });
});

describe('G7: what may not go far', () => {
  const verdicts = [verdict(verifier, 'pass')];
  const at = (sensitivity: Sensitivity, mode: Mode): Told => ({
    policy: { mode },
    base: { sensitivity },
    verdicts,
  });

  it.each(['confidential', 'restricted'] as const)('is accepted by humans only: %s', (sensitivity) => {
    expect(shut({ ...at(sensitivity, 'verified'), by: runtime })).toEqual(['human_review_required']);
    expect(shut({ ...at(sensitivity, 'direct'), by: worker('other') })).toContain('human_review_required');
    expect(shut({ ...at(sensitivity, 'direct'), by: reviewer })).toEqual([]);
  });

  it.each(['public', 'internal'] as const)('is not what is %s', (sensitivity) => {
    expect(shut({ ...at(sensitivity, 'verified'), by: runtime })).toEqual([]);
    expect(shut({ ...at(sensitivity, 'direct'), by: worker('other') })).toEqual([]);
  });
});

describe('in `closed`', () => {
  const policy = { mode: 'closed' } as const;

  it('only a human who administers the base accepts', () => {
    expect(shut({ policy, by: human('steward', { mayAdminister: true }) })).toEqual([]);
    expect(shut({ policy, by: reviewer })).toEqual(['contribution_closed']);
    expect(shut({ policy, by: { ...worker('other'), mayAdminister: true } })).toContain(
      'contribution_closed',
    );
    expect(shut({ policy, by: runtime })).toContain('contribution_closed');
  });
});

describe('M23: a quorum', () => {
  const two: Told = { policy: { required_approvals: 2 } };
  const with_ = (...decisions: NonNullable<Told['decisions']>): Told => ({ ...two, decisions });

  it('is so many humans', () => {
    expect(shut(two)).toEqual(['quorum_not_met']);
    expect(toldBy('quorum_not_met', two)).toEqual({
      requirements: [{ required_approvals: 2, approvals: 1, reviewer_roles: [], paths: ['refunds.md'] }],
    });
    expect(shut(with_(decision(second, 'approve')))).toEqual([]);
  });

  it('counts the same human once, however often he says it', () => {
    expect(shut(with_(decision(reviewer, 'approve'), decision(reviewer, 'approve')))).toEqual([
      'quorum_not_met',
    ]);
  });

  it('counts one account, and one human behind several, once', () => {
    expect(shut(with_(decision(human('alias', { account: 'reviewer' }), 'approve')))).toEqual([
      'quorum_not_met',
    ]);
    const delegate = human('delegate', { behind: [reviewer.id] });
    expect(shut(with_(decision(delegate, 'approve')))).toEqual(['quorum_not_met']);
    expect(shut(with_(decision(delegate, 'approve'), decision(second, 'approve')))).toEqual([]);
  });

  it('counts one account once, also where nobody said who stands behind it', () => {
    const alias = human('alias', { account: 'reviewer' });
    expect(shut(with_(decision(alias, 'approve', { closure: [alias.id] })))).toEqual(['quorum_not_met']);
  });

  it('counts no agent', () => {
    expect(shut(with_(decision(worker('other'), 'approve')))).toEqual(['quorum_not_met']);
  });

  it('counts what was said about this revision only, and each one’s last word', () => {
    expect(shut(with_(decision(second, 'approve', { digest: OLDER_DIGEST })))).toEqual(['quorum_not_met']);
    const regretted = decision(second, 'request_changes', { at: daysLater(1) });
    expect(shut(with_(decision(second, 'approve'), regretted))).toEqual(['quorum_not_met']);
  });

  it('counts the roles that the policy names, as they were when each approved', () => {
    const policy = { required_approvals: 1, reviewer_roles: [role('editor')] };
    const editor = human('editor', { role: role('editor') });
    expect(shut({ policy })).toEqual(['quorum_not_met']);
    expect(shut({ policy, by: editor })).toEqual([]);
    expect(shut({ policy, decisions: [decision(editor, 'approve')] })).toEqual([]);
    expect(shut({ policy, decisions: [decision(second, 'approve', { role: null })] })).toEqual([
      'quorum_not_met',
    ]);
  });

  it('counts signed approvals only where acceptances are signed', () => {
    const told = with_(decision(second, 'approve'));
    const policy = { required_approvals: 2, signed_decisions: true };
    expect(shut({ ...told, policy })).toEqual(['quorum_not_met', 'signature_missing']);
    const signed = decision(second, 'approve', { signature: '{}' });
    expect(shut({ policy, decisions: [signed], decisionSigned: true })).toEqual([]);
    expect(shut({ policy, decisions: [signed] })).toEqual(['signature_missing']);
  });
});

describe('a path rule', () => {
  const lawyer = human('lawyer', { role: role('lawyer') });
  const rule = { pattern: 'legal/**', required_approvals: 1, reviewer_roles: [role('lawyer')] };
  const policy = { path_rules: [rule] };
  const legal = { changes: [put('legal/terms.md'), put('notes.md')] };

  it('asks for its own people where a path fits, and for nobody where none does', () => {
    expect(shut({ policy, revision: legal })).toEqual(['quorum_not_met']);
    expect(toldBy('quorum_not_met', { policy, revision: legal })).toEqual({
      requirements: [
        { required_approvals: 1, approvals: 0, reviewer_roles: [role('lawyer')], paths: ['legal/terms.md'] },
      ],
    });
    expect(shut({ policy, revision: legal, decisions: [decision(lawyer, 'approve')] })).toEqual([]);
    expect(shut({ policy })).toEqual([]);
  });

  it('asks for them in every mode, also where something is only taken away', () => {
    const gone = { changes: [{ op: 'delete' as const, path: put('legal/terms.md').path }] };
    const told: Told = { policy: { ...policy, mode: 'direct' }, by: worker('other'), revision: gone };
    expect(shut(told)).toEqual(['quorum_not_met']);
    expect(shut({ ...told, decisions: [decision(lawyer, 'approve')] })).toEqual([]);
    const auto: Told = {
      ...told,
      policy: { ...policy, mode: 'verified' },
      by: runtime,
      verdicts: [verdict(verifier, 'pass')],
    };
    expect(shut(auto)).toEqual(['quorum_not_met']);
    expect(shut({ ...auto, decisions: [decision(lawyer, 'approve')] })).toEqual([]);
  });
});

describe('the approvals that count', () => {
  it('are told for the record, oldest first: for all paths together, and no other', () => {
    const lawyer = human('lawyer', { role: role('lawyer') });
    const rule = { pattern: 'legal/**', required_approvals: 1, reviewer_roles: [role('lawyer')] };
    const policy = { reviewer_roles: [role('reviewer')], path_rules: [rule] };
    const counted = [decision(second, 'approve', { at: daysLater(-1) }), decision(lawyer, 'approve')];
    const others = [
      decision(worker('other'), 'approve'),
      decision(owner, 'approve'),
      decision(human('visitor', { role: role('visitor') }), 'approve'),
      decision(third, 'request_changes'),
      decision(human('alias', { account: 'second' }), 'approve'),
    ];
    const told = { policy, revision: { changes: [put('legal/terms.md')] } };
    const all = [...others, ...[...counted].reverse()];
    expect(approvalsThatCount(situation({ ...told, decisions: all }))).toEqual(counted);
    expect(approvalsThatCount(situation({ ...told, decisions: others.slice(0, 4) }))).toEqual([]);
  });
});

describe('the record of approvals', () => {
  it('has an earlier acceptance, too, and who approved again where he said it last', () => {
    const told = [
      decision(second, 'approve', { at: daysLater(-3) }),
      decision(third, 'accept', { at: daysLater(-2) }),
      decision(second, 'approve', { at: daysLater(-1) }),
    ];
    const counted = approvalsThatCount(situation({ decisions: told }));
    expect(counted.map(({ actor, at }) => [actor, at])).toEqual([
      [third.id, daysLater(-2)],
      [second.id, daysLater(-1)],
    ]);
  });
});

describe('a rejection', () => {
  const by = (...people: readonly ReturnType<typeof human>[]) =>
    people.map((each) => decision(each, 'reject'));
  const rejected = (told: Told): boolean => isRejected(situation(told));

  it('ends it by veto, one of anybody whose approval would count', () => {
    expect(rejected({ decisions: by(second) })).toBe(true);
    expect(rejected({ decisions: [] })).toBe(false);
    expect(rejected({ decisions: [decision(second, 'approve'), decision(third, 'request_changes')] })).toBe(
      false,
    );
  });

  it('ends it by quorum as soon as there are as many as would have accepted it', () => {
    const policy = { rejection: 'quorum', required_approvals: 2 } as const;
    expect(rejected({ policy, decisions: by(second) })).toBe(false);
    expect(rejected({ policy, decisions: by(second, third) })).toBe(true);
    expect(rejected({ policy, decisions: by(second, human('alias', { account: 'second' })) })).toBe(false);
  });

  it('of people whom nobody asked, of agents, of the proposer’s own, or of another revision ends nothing', () => {
    const policy = { reviewer_roles: [role('editor')] };
    expect(rejected({ policy, decisions: by(second) })).toBe(false);
    expect(rejected({ policy, decisions: by(human('editor', { role: role('editor') })) })).toBe(true);
    expect(rejected({ decisions: by(worker('other')) })).toBe(false);
    expect(rejected({ decisions: by(owner) })).toBe(false);
    expect(rejected({ decisions: [decision(second, 'reject', { digest: OLDER_DIGEST })] })).toBe(false);
  });

  it('taken back ends nothing', () => {
    const rejection = decision(second, 'reject');
    expect(rejected({ decisions: [rejection, decision(second, 'approve', { at: daysLater(1) })] })).toBe(
      false,
    );
  });
});
