// Policies and situations of every kind, out of few people, roles and paths, so that they meet often.
import fc from 'fast-check';
import { SENSITIVITIES } from '../../src/knowledge/base.ts';
import { type DecisionRecord, STATES } from '../../src/knowledge/contribution.ts';
import type { Situation } from '../../src/knowledge/gates.ts';
import type { WorkforceId } from '../../src/protocol/knowledge/ids.ts';
import { type ContributionPolicy, MODES } from '../../src/protocol/knowledge/policy.ts';
import {
  DIGEST,
  daysLater,
  decision,
  evaluation,
  human,
  NOW,
  OLDER_DIGEST,
  policyWith,
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
const LEGAL = 'workforce:acme.example:legal' as WorkforceId;
const SALES = 'workforce:acme.example:sales' as WorkforceId;

const some = <T>(items: readonly T[]) => fc.subarray([...items]);
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
  reviewer_roles: some(ROLES),
  required_approvals: fc.integer({ min: 1, max: 3 }),
  rejection: fc.constantFrom('veto' as const, 'quorum' as const),
  path_rules: fc.array(rule, { maxLength: 3 }),
  allow_self_review: fc.boolean(),
  verifier_gating: fc.boolean(),
  confidence_floor: fc.constantFrom(0.5, 0.7, 0.9),
  required_evals: some(['tone', 'wording']),
  max_revisions: fc.integer({ min: 0, max: 3 }),
  proposal_ttl_days: fc.constantFrom(1, 2, 30),
  max_changes: fc.constantFrom(1, 2, 10),
  max_bytes: fc.constantFrom(10, 30, 1_000),
  media_types: fc.option(some(['text/*', 'text/markdown', 'application/json']), { nil: null }),
  auto_rebase: fc.boolean(),
  signed_decisions: fc.boolean(),
  declared_sources_only: fc.boolean(),
  external: some([LEGAL, SALES]),
});

/** Of everything that could stand in the way each is rather seldom, so that much is accepted, too. */
const seldom = fc.boolean().chain((first) => (first ? fc.boolean() : fc.constant(false)));

const verdicts = fc.record({
  by: fc.constantFrom(...AGENTS, ...PEOPLE),
  word: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const, 'revise' as const),
  more: fc.record({ confidence, digest, at }),
});

const evals = fc.record({
  by: fc.constantFrom(...AGENTS),
  suite: fc.constantFrom('tone', 'wording'),
  result: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const),
  digest,
});

export const decisions: fc.Arbitrary<DecisionRecord> = fc
  .record({
    by: fc.constantFrom(...PEOPLE, ...AGENTS),
    word: fc.constantFrom(
      'approve' as const,
      'approve' as const,
      'accept' as const,
      'reject' as const,
      'request_changes' as const,
    ),
    more: fc.record({ digest, at, signature: fc.constantFrom(null, '{}') }),
  })
  .map(({ by, word, more }) => decision(by, word, more));

const contributions = fc.record({
  state: fc.constantFrom('in_review' as const, 'in_review' as const, 'in_review' as const, ...STATES),
  reasons: some([
    'policy_reviewed',
    'low_confidence',
    'verifier_unsure',
    'proposer_decommissioned',
  ] as const).chain((reasons) => fc.constantFrom([], [], reasons)),
  sources: some([{ uri: 'https://acme.example/handbook' }, { uri: 'https://elsewhere.example/rumours' }]),
  signal: fc.constantFrom(null, null, { workforce: LEGAL, event_id: 'event-signal' }),
  revisedAt: fc.constantFrom(daysLater(-1.5), daysLater(-0.5)),
});

const revisions = fc.record({
  confidence,
  criteria: seldom.map((unmet) => [{ key: 'cites.sources', met: !unmet }]),
  changes: fc
    .subarray([put('legal/terms.md', 8), put('notes.md', 8), put('rates.json', 8, 'application/json')], {
      minLength: 1,
    })
    .map((changes) => [...changes]),
});

export const situations: fc.Arbitrary<Situation> = fc
  .record({
    policy: policies,
    by: fc.constantFrom(...PEOPLE, ...PEOPLE, ...AGENTS, runtime, runtime),
    base: fc.record({
      paused: seldom.map(() => false),
      held: seldom,
      sensitivity: fc.constantFrom(...SENSITIVITIES),
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
    baseMoved: seldom,
    now: fc.constant(NOW),
  })
  .map(situation);

/** The default policy, and what of it is told to be otherwise, against which anything may be held. */
export const plain = policyWith;
