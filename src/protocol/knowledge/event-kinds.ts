// The kinds of events about knowledge: the protocol's own, and ours beside them (OWP-2 WD 0.2 §9.1, §16.1). Pure.

/** Their meaning is the protocol's. */
export const PROTOCOL_KINDS = [
  'KnowledgeBaseRegistered',
  'KnowledgeBaseVersionCreated',
  'KnowledgeBaseCurrentPointerMoved',
  'KnowledgeContributionProposed',
  'KnowledgeContributionAccepted',
  'CapabilityInvoked',
  'AuthorityViolationAttempted',
  'EvaluationCompleted',
  'WorkerDecommissioned',
] as const;

/** Ours, each marked as such in its event. */
export const OWN_KINDS = [
  'KnowledgeContributionReviewOpened',
  'KnowledgeContributionConfidenceEscalated',
  'KnowledgeContributionVerified',
  'KnowledgeContributionApproved',
  'KnowledgeContributionObjected',
  'KnowledgeContributionRevisionRequested',
  'KnowledgeContributionRevised',
  'KnowledgeContributionRejected',
  'KnowledgeContributionWithdrawn',
  'KnowledgeContributionExpired',
  'KnowledgeBasePolicyChanged',
  'KnowledgeBasePaused',
  'KnowledgeBaseResumed',
  'KnowledgeBaseHeld',
  'KnowledgeBaseReleased',
  'KnowledgeBaseContentErased',
] as const;

export const KNOWLEDGE_EVENT_KINDS = [...PROTOCOL_KINDS, ...OWN_KINDS] as const;
export type KnowledgeEventKind = (typeof KNOWLEDGE_EVENT_KINDS)[number];
