// Who may change a base, and on what terms. Pure.
import type { RoleId, WorkforceId } from './ids.ts';

/** From the strictest to the loosest: only its steward; humans; the service itself after a verifier's pass; any role that may accept. */
export const MODES = ['closed', 'reviewed', 'verified', 'direct'] as const;
export type Mode = (typeof MODES)[number];

/** What holds beyond the rest of a policy for changes whose path fits the pattern. */
export interface PathRule {
  /** `*` stands for any text within a segment, a segment `**` for any segments or none; case does not count. */
  readonly pattern: string;
  readonly required_approvals: number;
  /** Of approvals that count for these paths; none named: as for all others. */
  readonly reviewer_roles: readonly RoleId[];
}

export interface ContributionPolicy {
  readonly mode: Mode;
  /** Whose approvals count; none named: of every role that may review. */
  readonly reviewer_roles: readonly RoleId[];
  readonly required_approvals: number;
  /** `veto`: one rejection ends it. `quorum`: as many as would have accepted it. */
  readonly rejection: 'veto' | 'quorum';
  readonly path_rules: readonly PathRule[];
  readonly allow_self_review: boolean;
  /** Whether a verifier's `fail` blocks, and `revise` sends back. */
  readonly verifier_gating: boolean;
  /** At least 0.5; strictly less confidence is looked at by a human. */
  readonly confidence_floor: number;
  /** Suites that must have passed on the very revision. */
  readonly required_evals: readonly string[];
  readonly max_revisions: number;
  readonly proposal_ttl_days: number;
  readonly max_changes: number;
  /** Of all documents that a revision puts, together. */
  readonly max_bytes: number;
  /** Media types that documents may have, `text/*` for all of a kind; null: any. */
  readonly media_types: readonly string[] | null;
  /** Whether a contribution is moved onto a newer version where nothing that it touches changed. */
  readonly auto_rebase: boolean;
  /** Whether an acceptance by a human, and the approvals it rests on, must come with signatures. */
  readonly signed_decisions: boolean;
  /** Whether every cited source must be one of the data manifest. */
  readonly declared_sources_only: boolean;
  /** Workforces whose signals may lead to a proposal. */
  readonly external: readonly WorkforceId[];
}

export const DEFAULT_POLICY: ContributionPolicy = {
  mode: 'reviewed',
  reviewer_roles: [],
  required_approvals: 1,
  rejection: 'veto',
  path_rules: [],
  allow_self_review: false,
  verifier_gating: true,
  confidence_floor: 0.5,
  required_evals: [],
  max_revisions: 3,
  proposal_ttl_days: 30,
  max_changes: 1_000,
  max_bytes: 256 * 1024 * 1024,
  media_types: null,
  auto_rebase: false,
  signed_decisions: false,
  declared_sources_only: false,
  external: [],
};
