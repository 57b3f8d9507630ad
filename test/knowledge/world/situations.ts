// Situations in which somebody wants to accept a contribution, built from what is told apart from an ordinary one.

import type { BaseRecord } from '../../../src/knowledge/bases/base.ts';
import type {
  ContributionRecord,
  DecisionRecord,
  DecisionWord,
  EvalRecord,
  RevisionRecord,
  VerdictRecord,
} from '../../../src/knowledge/contributions/contribution.ts';
import { type Decider, type Situation, unmetGates } from '../../../src/knowledge/review/gates.ts';
import type { Cid } from '../../../src/protocol/cid.ts';
import type { KnowledgeChange, NamedDigest } from '../../../src/protocol/knowledge/changes.ts';
import type { Verdict } from '../../../src/protocol/knowledge/event.ts';
import type { BaseId, ContributionId, PrincipalId, RoleId } from '../../../src/protocol/knowledge/ids.ts';
import { type ContributionPolicy, DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import { parseKnowledgePath } from '../../../src/protocol/knowledge-path.ts';

export const NOW = new Date('2026-05-18T12:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1_000;
export const daysLater = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

const BASE = 'kb:acme.example:claims:wording' as BaseId;
const CONTRIBUTION = 'contribution:acme.example:claims:wording:01j0000000000000000000000a' as ContributionId;
export const DIGEST: NamedDigest = `sha256:${'a'.repeat(64)}`;
export const OLDER_DIGEST: NamedDigest = `sha256:${'b'.repeat(64)}`;
const VERSION = 'bafyreicurrent' as Cid;

export const role = (name: string): RoleId => `role:acme.example:${name}/v1` as RoleId;

/** A human with an account of his own, and whoever else stands behind him. */
export const human = (
  name: string,
  more: Partial<Decider> & { behind?: readonly string[] } = {},
): Decider => {
  const { behind = [], ...rest } = more;
  const id = `human:acme.example:${name}` as PrincipalId;
  const account = rest.account ?? name;
  return {
    kind: 'human',
    id,
    account,
    closure: [id, account, ...behind],
    role: role('reviewer'),
    mayReview: true,
    mayAdminister: false,
    ...rest,
  };
};

/** An agent that acts for its owner. */
export const worker = (name: string, owner = `${name}-owner`): Decider => {
  const id = `worker:acme.example:claims:${name}` as PrincipalId;
  const closure = [id, name, `human:acme.example:${owner}`, owner];
  return {
    kind: 'worker',
    id,
    account: name,
    closure,
    role: role('agent'),
    mayReview: true,
    mayAdminister: false,
  };
};

export const runtime: Decider = {
  kind: 'runtime',
  id: 'runtime:acme.example',
  account: '',
  closure: [],
  role: null,
  mayReview: false,
  mayAdminister: false,
};

export const policyWith = (more: Partial<ContributionPolicy> = {}): ContributionPolicy => ({
  ...DEFAULT_POLICY,
  ...more,
});

const entryOf = (size: number, mediaType: string) => ({
  blob: 'bafkreidocument' as Cid,
  size,
  mediaType,
  meta: {},
});

export const put = (path: string, size = 24, mediaType = 'text/markdown'): KnowledgeChange => ({
  op: 'put',
  path: parseKnowledgePath(path),
  entry: entryOf(size, mediaType),
});

let events = 0;
const nextEvent = (): string => {
  events += 1;
  return `event-${events}`;
};

/** @param by whoever verifies; `own` is told from whether it is the proposer */
export const verdict = (by: Decider, word: Verdict, more: Partial<VerdictRecord> = {}): VerdictRecord => ({
  contribution: CONTRIBUTION,
  digest: DIGEST,
  verifier: by.id as PrincipalId,
  account: by.account,
  verdict: word,
  criteria: [],
  confidence: null,
  own: by.closure.some((id) => proposer.closure.includes(id)),
  at: NOW,
  eventId: nextEvent(),
  ...more,
});

export const evaluation = (
  by: Decider,
  suite: string,
  result: EvalRecord['result'],
  more: Partial<EvalRecord> = {},
): EvalRecord => ({
  contribution: CONTRIBUTION,
  digest: DIGEST,
  suite,
  result,
  evidence: null,
  evaluator: by.id as PrincipalId,
  at: NOW,
  eventId: nextEvent(),
  ...more,
});

export const decision = (
  by: Decider,
  word: DecisionWord,
  more: Partial<DecisionRecord> = {},
): DecisionRecord => ({
  contribution: CONTRIBUTION,
  digest: DIGEST,
  actor: by.id,
  account: by.account,
  closure: by.closure,
  role: by.role,
  decision: word,
  reasonCode: null,
  signature: null,
  at: NOW,
  eventId: nextEvent(),
  ...more,
});

/** Who proposed whatever is decided about here; its owner is the human `scribe-owner`. */
export const proposer = worker('scribe');
export const reviewer = human('reviewer');
export const verifier = worker('verifier');

const base: BaseRecord = {
  id: BASE,
  workforce: 'workforce:acme.example:claims' as BaseRecord['workforce'],
  registration: {
    title: 'Wording',
    purpose: 'What is written to claimants',
    steward: 'human:acme.example:steward' as PrincipalId,
    data_manifest: {
      sources: [{ uri: 'https://acme.example/handbook', purpose: 'rules' }],
      sensitivity: 'internal',
      residency: null,
      approval_model: 'reviewed',
    },
    retention: { min_days: 365, min_versions: 10, legal_hold: false },
  },
  sensitivity: 'internal',
  policy: DEFAULT_POLICY,
  policyVersion: 1,
  paused: false,
  reads: true,
  held: false,
  generation: 3,
  current: VERSION,
  pointerEvent: 'event-pointer',
  lastSeq: 3,
  registeredAt: daysLater(-100),
  eventId: 'event-base',
};

const contribution: ContributionRecord = {
  id: CONTRIBUTION,
  base: BASE,
  proposer: proposer.id as PrincipalId,
  account: proposer.account,
  closure: proposer.closure,
  role: proposer.role,
  state: 'in_review',
  revision: 1,
  digest: DIGEST,
  baseVersion: VERSION,
  policyVersion: 1,
  confidence: 0.9,
  reasons: [],
  sources: [],
  signal: null,
  revisionsLeft: 3,
  moves: 0,
  proposedAt: daysLater(-1),
  revisedAt: daysLater(-1),
  expiresAt: daysLater(29),
  lastEvent: 'event-opened',
  resulting: null,
};

const revision: RevisionRecord = {
  contribution: CONTRIBUTION,
  revision: 1,
  digest: DIGEST,
  baseVersion: VERSION,
  changes: [put('refunds.md')],
  summary: 'Says when refunds are paid',
  confidence: 0.9,
  criteria: [],
  proposedAt: daysLater(-1),
  eventId: 'event-proposed',
};

export interface Told {
  readonly policy?: Partial<ContributionPolicy>;
  readonly by?: Decider;
  readonly base?: Partial<BaseRecord>;
  readonly contribution?: Partial<ContributionRecord>;
  readonly revision?: Partial<RevisionRecord>;
  readonly verdicts?: readonly VerdictRecord[];
  readonly evals?: readonly EvalRecord[];
  readonly decisions?: readonly DecisionRecord[];
  readonly decisionSigned?: boolean;
  readonly baseMoved?: boolean;
  readonly now?: Date;
}

/** Where nothing else is told, a reviewer accepts an agent's sure proposal to a base that wants one approval. */
export const situation = (told: Told = {}): Situation => ({
  base: { ...base, ...told.base },
  contribution: { ...contribution, ...told.contribution },
  revision: { ...revision, ...told.revision },
  policy: policyWith(told.policy),
  judgements: {
    verdicts: told.verdicts ?? [],
    evals: told.evals ?? [],
    decisions: told.decisions ?? [],
  },
  by: told.by ?? reviewer,
  decisionSigned: told.decisionSigned ?? false,
  baseMoved: told.baseMoved ?? false,
  now: told.now ?? NOW,
});

/** The codes of the gates that are shut. */
export const shut = (told: Told): readonly string[] => unmetGates(situation(told)).map(({ code }) => code);

/** What the shut gate of that code tells. */
export const toldBy = (code: string, told: Told): Readonly<Record<string, unknown>> | undefined =>
  unmetGates(situation(told)).find((gate) => gate.code === code)?.details;
