// A contribution, its revisions, and what was said about them. Pure.
import type { Cid } from '../../protocol/cid.ts';
import type { KnowledgeChange, NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { Actor, Verdict } from '../../protocol/knowledge/event.ts';
import type {
  BaseId,
  ContributionId,
  PrincipalId,
  RoleId,
  WorkforceId,
} from '../../protocol/knowledge/ids.ts';

export const STATES = [
  'in_review',
  'changes_requested',
  'accepted',
  'rejected',
  'withdrawn',
  'expired',
] as const;
/** The first two are open; the others are final. */
export type ContributionState = (typeof STATES)[number];

/** Why a human has to look at a contribution. */
export type ReviewReason =
  | 'policy_reviewed'
  | 'low_confidence'
  | 'no_confidence'
  | 'sensitivity'
  | 'verdict_revise_limit'
  | 'verifier_unsure'
  | 'proposer_decommissioned';

export interface Source {
  readonly uri: string;
  readonly digest?: NamedDigest;
}

/** Another workforce's event that a proposal answers. */
export interface SignalRef {
  readonly workforce: WorkforceId;
  readonly event_id: string;
  /** The host that recorded it; absent where it is this one. */
  readonly host_id?: string;
}

export interface Criterion {
  readonly key: string;
  readonly met: boolean;
}

export interface ContributionRecord {
  readonly id: ContributionId;
  readonly base: BaseId;
  readonly proposer: PrincipalId;
  readonly account: string;
  /** Everybody who stands behind the proposer. */
  readonly closure: readonly string[];
  readonly role: RoleId | null;
  readonly state: ContributionState;
  /** From 1; waiting for anybody never changes it. */
  readonly revision: number;
  readonly digest: NamedDigest;
  readonly baseVersion: Cid | null;
  /** The policy's version when it was proposed. */
  readonly policyVersion: number;
  readonly confidence: number | null;
  readonly reasons: readonly ReviewReason[];
  readonly sources: readonly Source[];
  readonly signal: SignalRef | null;
  readonly revisionsLeft: number;
  /** Counts everything that happened to it, so that nobody decides about what he did not see. */
  readonly moves: number;
  readonly proposedAt: Date;
  readonly revisedAt: Date;
  readonly expiresAt: Date;
  /** The event of its last transition. */
  readonly lastEvent: string;
  readonly resulting: Cid | null;
}

export interface RevisionRecord {
  readonly contribution: ContributionId;
  readonly revision: number;
  readonly digest: NamedDigest;
  readonly baseVersion: Cid | null;
  /** In the order of their paths. */
  readonly changes: readonly KnowledgeChange[];
  readonly summary: string;
  readonly confidence: number | null;
  readonly criteria: readonly Criterion[];
  readonly proposedAt: Date;
  readonly eventId: string;
}

export interface VerdictRecord {
  readonly contribution: ContributionId;
  readonly digest: NamedDigest;
  readonly verifier: PrincipalId;
  readonly account: string;
  readonly verdict: Verdict;
  /** Keys only. */
  readonly criteria: readonly string[];
  readonly confidence: number | null;
  /** The verifier stands behind the proposer, or he behind it. */
  readonly own: boolean;
  readonly at: Date;
  readonly eventId: string;
}

export interface EvalRecord {
  readonly contribution: ContributionId;
  readonly digest: NamedDigest;
  readonly suite: string;
  readonly result: 'pass' | 'fail';
  readonly evidence: NamedDigest | null;
  readonly evaluator: PrincipalId;
  readonly at: Date;
  readonly eventId: string;
}

export type DecisionWord = 'approve' | 'accept' | 'reject' | 'request_changes';

export interface DecisionRecord {
  readonly contribution: ContributionId;
  readonly digest: NamedDigest;
  readonly actor: Actor;
  readonly account: string;
  readonly closure: readonly string[];
  readonly role: RoleId | null;
  readonly decision: DecisionWord;
  readonly reasonCode: string | null;
  /** Envelope of the signed decision. */
  readonly signature: string | null;
  readonly at: Date;
  readonly eventId: string;
}

/** All that was said about the revision that stands now. */
export interface Judgements {
  readonly verdicts: readonly VerdictRecord[];
  readonly evals: readonly EvalRecord[];
  readonly decisions: readonly DecisionRecord[];
}
