// Events about knowledge: what each kind tells, closed and free of content (OWP-2 WD 0.2 §9; the shapes are ours). Pure.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../cid.ts';
import type { EventFacts } from '../event.ts';
import type { NamedDigest } from './changes.ts';
import { type KnowledgeEventKind, OWN_KINDS } from './event-kinds.ts';
import type { BaseId, CapabilityKind, ContributionId, PrincipalId, RoleId, WorkforceId } from './ids.ts';

/** Who answers for the kinds that are not the protocol's. */
export const EVENT_TYPE_AUTHORITY = 'attestry';
export const PROTOCOL = 'OWP-2/WD-0.2';

/** `runtime:<authority>`: the service itself, where a policy lets it act by itself. */
export type Actor = PrincipalId | `runtime:${string}`;

export type PointerReason = 'accept' | 'publish' | 'promote' | 'rollback' | 'import';
export type Verdict = 'pass' | 'fail' | 'revise';

interface OfContribution {
  readonly contribution_id: ContributionId;
  readonly knowledge_base_id: BaseId;
  /** From 1, one more with each revision. */
  readonly revision: number;
}

interface OfBase {
  readonly knowledge_base_id: BaseId;
  readonly reason_code?: string;
}

/** What each kind carries; text that people or agents wrote is never in it, nor what was looked for. */
export interface KnowledgePayloads {
  readonly KnowledgeBaseRegistered: OfBase & {
    readonly owner: WorkforceId;
    readonly sensitivity: string;
    readonly policy_version: number;
    /** Of the registration, and of the policy, as canonical JSON. */
    readonly registration_hash: NamedDigest;
    readonly policy_hash: NamedDigest;
  };
  readonly KnowledgeBasePolicyChanged: OfBase & {
    readonly policy_version: number;
    readonly policy_hash: NamedDigest;
    /** Digests of the evidence for a looser policy. */
    readonly evidence?: readonly NamedDigest[];
  };
  readonly KnowledgeBasePaused: OfBase & { readonly reads: boolean };
  readonly KnowledgeBaseResumed: OfBase;
  readonly KnowledgeBaseHeld: OfBase;
  readonly KnowledgeBaseReleased: OfBase;
  readonly KnowledgeBaseVersionCreated: OfBase & {
    readonly knowledge_base_version: Cid;
    readonly version_seq: number;
    readonly parent_version: Cid | null;
    readonly content: Cid;
    readonly entry_count: number;
    readonly total_bytes: number;
    readonly contribution_id: ContributionId;
    readonly created_by: PrincipalId;
  };
  readonly KnowledgeBaseCurrentPointerMoved: OfBase & {
    readonly from_version: Cid | null;
    readonly to_version: Cid;
    readonly generation: number;
    readonly reason: PointerReason;
    readonly contribution_id?: ContributionId;
    /** The event of the move that this one takes back. */
    readonly rollback_of?: string;
    readonly justification_code?: string;
  };
  readonly KnowledgeBaseContentErased: OfBase & {
    readonly digest: NamedDigest;
    readonly authority: string;
  };
  readonly KnowledgeContributionProposed: OfContribution & {
    readonly base_version: Cid | null;
    readonly revision_digest: NamedDigest;
    readonly change_count: number;
    readonly source_count: number;
    readonly confidence?: number;
    /** The event of another workforce's signal that it answers. */
    readonly signal_event_ref?: { readonly workforce: WorkforceId; readonly event_id: string };
  };
  readonly KnowledgeContributionReviewOpened: OfContribution & { readonly reasons: readonly string[] };
  readonly KnowledgeContributionConfidenceEscalated: OfContribution & {
    readonly confidence: number;
    readonly floor: number;
    readonly escalationKind: 'clarify' | 'escalate';
  };
  readonly KnowledgeContributionVerified: OfContribution & {
    readonly agentId: Actor;
    /** The revision digest that the verdict is about. */
    readonly target: NamedDigest;
    readonly verdict: Verdict;
    readonly criteria?: readonly string[];
    readonly confidence?: number;
    readonly self_verified: boolean;
  };
  readonly EvaluationCompleted: OfContribution & {
    readonly revision_digest: NamedDigest;
    readonly suite: string;
    readonly result: 'pass' | 'fail';
    readonly evidence_digest?: NamedDigest;
  };
  readonly KnowledgeContributionApproved: OfContribution & { readonly revision_digest: NamedDigest };
  /** A rejection that does not end it yet, where the policy counts them. */
  readonly KnowledgeContributionObjected: OfContribution & {
    readonly revision_digest: NamedDigest;
    readonly reason_code: string;
  };
  readonly KnowledgeContributionRevisionRequested: OfContribution & { readonly reason_code: string };
  readonly KnowledgeContributionRevised: OfContribution & {
    readonly base_version: Cid | null;
    readonly revision_digest: NamedDigest;
    readonly previous_digest: NamedDigest;
    /** True where the service moved it onto a newer version because the policy lets it. */
    readonly rebased: boolean;
  };
  readonly KnowledgeContributionAccepted: OfContribution & {
    readonly revision_digest: NamedDigest;
    readonly base_version: Cid | null;
    readonly resulting_version: Cid;
    readonly decision: 'human' | 'direct' | 'auto';
    readonly shadow: boolean;
    readonly approvals: readonly { readonly actor: Actor; readonly event_id: string }[];
    readonly verdicts: readonly {
      readonly agentId: Actor;
      readonly verdict: Verdict;
      readonly event_id: string;
    }[];
    readonly policy_version: number;
    /** Of the signed decision, where the policy asks for one. */
    readonly decision_hash?: NamedDigest;
  };
  readonly KnowledgeContributionRejected: OfContribution & { readonly reason_code: string };
  readonly KnowledgeContributionWithdrawn: OfContribution & { readonly reason_code: string };
  readonly KnowledgeContributionExpired: OfContribution & { readonly reason_code: string };
  readonly CapabilityInvoked: {
    readonly provider_id: string;
    readonly capability_kind: CapabilityKind;
    readonly knowledge_base_id: BaseId;
    readonly knowledge_base_version: Cid;
    readonly retrieved_content_hash: NamedDigest;
    readonly requested_selector: string;
    /** How many entries were given, and how many bytes of documents. */
    readonly entries: number;
    readonly bytes: number;
    /** What was asked for, as a digest of its canonical JSON. */
    readonly request_hash: NamedDigest;
    readonly cost_record: CostRecord;
  };
  readonly AuthorityViolationAttempted: {
    readonly action: string;
    readonly missing_axis: 'knowledge_base' | 'knowledge_capability' | 'both' | 'human_binding';
    readonly knowledge_base_id: BaseId;
    readonly capability_kind: CapabilityKind;
  };
  readonly WorkerDecommissioned: { readonly worker: PrincipalId; readonly open_contributions: number };
}

/** OWP-2 WD 0.2 §10, as far as a retrieval costs anything. */
export interface CostRecord {
  readonly cost_record_id: string;
  readonly units: 'bytes';
  readonly amount: number;
  readonly is_estimate: false;
}

/** Who acts, by which clauses, and what led to it. */
export interface KnowledgeContext {
  readonly subject: BaseId | PrincipalId;
  readonly workforce: WorkforceId;
  readonly actor: Actor;
  readonly role: RoleId | null;
  readonly clauses: readonly string[];
  readonly causationId: string | null;
  readonly causationHostId?: string | undefined;
  readonly traceparent?: string | undefined;
}

const isOwn = (kind: KnowledgeEventKind): boolean => (OWN_KINDS as readonly string[]).includes(kind);

/** The facts of one event, ready to be recorded. */
export const knowledgeEvent = <K extends KnowledgeEventKind>(
  kind: K,
  context: KnowledgeContext,
  payload: KnowledgePayloads[K],
): EventFacts => ({
  kind,
  actor: context.actor,
  subject: context.subject,
  sealed: true,
  causationId: context.causationId,
  ...(context.causationHostId === undefined ? {} : { causationHostId: context.causationHostId }),
  ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
  data: {
    protocol: PROTOCOL,
    ...(isOwn(kind) ? { event_type_authority: EVENT_TYPE_AUTHORITY } : {}),
    workforce: context.workforce,
    role: context.role,
    authority_clauses: context.clauses,
    payload: payload as unknown as JsonObject,
  },
});
