// Policies and situations of every kind, out of few people, roles and paths, so that they meet often.
import fc from 'fast-check';
import { SENSITIVITIES, type Sensitivity } from '../../../src/knowledge/bases/base.ts';
import {
  type ContributionState,
  type DecisionRecord,
  type DecisionWord,
  type ReviewReason,
  type SignalRef,
  STATES,
} from '../../../src/knowledge/contributions/contribution.ts';
import type { Situation } from '../../../src/knowledge/review/gates.ts';
import type { WorkforceId } from '../../../src/protocol/knowledge/ids.ts';
import { type ContributionPolicy, MODES } from '../../../src/protocol/knowledge/policy.ts';
import {
  DIGEST,
  daysLater,
  decision,
  evaluation,
  human,
  NOW,
  OLDER_DIGEST,
  proposer,
  put,
  role,
  runtime,
  situation,
  verdict,
  verifier,
  worker,
} from './situations.ts';

const ROLES = [role('editor'), role('lawyer'), role('reviewer')];
const PEOPLE = [
  human('ada'),
  human('bo', { role: role('editor') }),
  human('cy', { role: role('lawyer') }),
  human('di', { role: role('editor'), account: 'bo' }),
  human('ed', { role: role('lawyer'), behind: ['human:acme.example:ada'] }),
  human('scribe-owner', { role: role('editor') }),
  human('steward', { mayAdminister: true }),
  human('fay', { mayReview: false, role: role('lawyer') }),
];
const AGENTS = [verifier, worker('other', 'bo'), proposer];
const HANDBOOK = { uri: 'https://acme.example/handbook' };
const LEGAL = 'workforce:acme.example:legal' as WorkforceId;
const SALES = 'workforce:acme.example:sales' as WorkforceId;

const some = <T>(items: readonly T[]) => fc.subarray([...items]);

/** What stands in nobody's way, nine times out of ten: else hardly anything would ever be accepted. */
const mostly = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });
const confidence = fc.constantFrom(null, 0.3, 0.5, 0.7, 0.9, 1);
const digest = fc.constantFrom(DIGEST, DIGEST, DIGEST, OLDER_DIGEST);
const at = fc.integer({ min: -5, max: 5 }).map(daysLater);

const rule = fc.record({
  pattern: fc.constantFrom('legal/**', '**', '*.md', '**/*.json'),
  required_approvals: fc.integer({ min: 1, max: 3 }),
  reviewer_roles: some(ROLES),
});

export const policies: fc.Arbitrary<ContributionPolicy> = fc.record({
  mode: fc.constantFrom(...MODES),
  reviewer_roles: mostly([], some(ROLES)),
  required_approvals: mostly(1, fc.integer({ min: 1, max: 3 })),
  rejection: fc.constantFrom('veto' as const, 'quorum' as const),
  path_rules: mostly([], fc.array(rule, { maxLength: 3 })),
  allow_self_review: fc.boolean(),
  verifier_gating: fc.boolean(),
  confidence_floor: mostly(0.5, fc.constantFrom(0.7, 0.9)),
  required_evals: mostly([], some(['tone', 'wording'])),
  max_revisions: fc.integer({ min: 0, max: 3 }),
  proposal_ttl_days: mostly(30, fc.constantFrom(1, 2)),
  max_changes: mostly(10, fc.constantFrom(1, 2)),
  max_bytes: mostly(1_000, fc.constantFrom(10, 30)),
  media_types: mostly(null, some(['text/*', 'text/markdown', 'application/json'])),
  auto_rebase: fc.boolean(),
  signed_decisions: mostly(false, fc.boolean()),
  declared_sources_only: mostly(false, fc.boolean()),
  external: mostly([LEGAL, SALES], some([LEGAL, SALES])),
});

const verdicts = fc.record({
  by: fc.constantFrom(...AGENTS, ...PEOPLE),
  word: mostly('pass', fc.constantFrom('fail', 'revise')),
  more: fc.record({ confidence: mostly(null, confidence), digest, at }),
});

const evals = fc.record({
  by: fc.constantFrom(...AGENTS),
  suite: fc.constantFrom('tone', 'wording'),
  result: mostly('pass', fc.constant('fail')),
  digest,
});

export const decisions: fc.Arbitrary<DecisionRecord> = fc
  .record({
    by: fc.constantFrom(...PEOPLE, ...AGENTS),
    word: mostly<DecisionWord>('approve', fc.constantFrom('accept', 'reject', 'request_changes')),
    more: fc.record({ digest, at, signature: fc.constantFrom(null, '{}') }),
  })
  .map(({ by, word, more }) => decision(by, word, more));

const contributions = fc.record({
  state: mostly<ContributionState>('in_review', fc.constantFrom(...STATES)),
  reasons: mostly<ReviewReason[]>([], some(['policy_reviewed', 'low_confidence', 'proposer_decommissioned'])),
  sources: mostly([HANDBOOK], some([HANDBOOK, { uri: 'https://elsewhere.example/rumours' }])),
  signal: mostly<SignalRef | null>(null, fc.constant({ workforce: LEGAL, event_id: 'event-signal' })),
  revisedAt: fc.constantFrom(daysLater(-1.5), daysLater(-0.5)),
});

const CHANGES = [put('legal/terms.md', 8), put('notes.md', 8), put('rates.json', 8, 'application/json')];

const revisions = fc.record({
  confidence,
  criteria: mostly(true, fc.boolean()).map((met) => [{ key: 'cites.sources', met }]),
  changes: fc.subarray(CHANGES, { minLength: 1 }),
});

export const situations: fc.Arbitrary<Situation> = fc
  .record({
    policy: policies,
    by: fc.constantFrom(...PEOPLE, ...PEOPLE, ...AGENTS, ...AGENTS, runtime, runtime, runtime),
    base: fc.record({
      held: mostly(false, fc.boolean()),
      sensitivity: mostly<Sensitivity>('internal', fc.constantFrom(...SENSITIVITIES)),
    }),
    contribution: contributions,
    revision: revisions,
    verdicts: fc
      .array(verdicts, { maxLength: 3 })
      .map((all) => all.map(({ by, word, more }) => verdict(by, word, more))),
    evals: fc
      .array(evals, { maxLength: 4 })
      .map((all) => all.map(({ by, suite, result, digest }) => evaluation(by, suite, result, { digest }))),
    decisions: fc.array(decisions, { maxLength: 5 }),
    decisionSigned: fc.boolean(),
    baseMoved: mostly(false, fc.boolean()),
    now: fc.constant(NOW),
  })
  .map(situation);
