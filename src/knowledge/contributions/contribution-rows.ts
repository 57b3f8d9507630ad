// Contributions as rows have them, and back. Pure.
import type { Cid } from '../../protocol/cid.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId, ContributionId, PrincipalId, RoleId } from '../../protocol/knowledge/ids.ts';
import type {
  ContributionRecord,
  ContributionState,
  DecisionRecord,
  EvalRecord,
  Judgements,
  ReviewReason,
  RevisionRecord,
  SignalRef,
  Source,
  VerdictRecord,
} from './contribution.ts';

export interface ContributionRow {
  readonly id: ContributionId;
  readonly base: BaseId;
  readonly proposer: PrincipalId;
  readonly account: string;
  readonly closure: readonly string[];
  readonly role: RoleId | null;
  readonly state: ContributionState;
  readonly revision: number;
  readonly digest: NamedDigest;
  readonly base_version: Cid | null;
  readonly policy_version: number;
  readonly confidence: number | null;
  readonly reasons: readonly ReviewReason[];
  readonly sources: readonly Source[];
  readonly signal: SignalRef | null;
  readonly revisions_left: number;
  readonly moves: number;
  readonly proposed_at: Date;
  readonly revised_at: Date;
  readonly expires_at: Date;
  readonly last_event: string;
  readonly resulting: Cid | null;
}

export const toContribution = (row: ContributionRow): ContributionRecord => ({
  id: row.id,
  base: row.base,
  proposer: row.proposer,
  account: row.account,
  closure: row.closure,
  role: row.role,
  state: row.state,
  revision: row.revision,
  digest: row.digest,
  baseVersion: row.base_version,
  policyVersion: row.policy_version,
  confidence: row.confidence,
  reasons: row.reasons,
  sources: row.sources,
  signal: row.signal,
  revisionsLeft: row.revisions_left,
  moves: row.moves,
  proposedAt: row.proposed_at,
  revisedAt: row.revised_at,
  expiresAt: row.expires_at,
  lastEvent: row.last_event,
  resulting: row.resulting,
});

export type RevisionRow = Omit<RevisionRecord, 'baseVersion' | 'proposedAt' | 'eventId'> & {
  readonly base_version: Cid | null;
  readonly proposed_at: Date;
  readonly event_id: string;
};

export const toRevision = ({ base_version, proposed_at, event_id, ...row }: RevisionRow): RevisionRecord => ({
  ...row,
  baseVersion: base_version,
  proposedAt: proposed_at,
  eventId: event_id,
});

type Stored<R extends { readonly eventId: string }> = Omit<R, 'eventId'> & { readonly event_id: string };

const withEvent = <R extends { readonly eventId: string }>({ event_id, ...row }: Stored<R>): R =>
  ({ ...row, eventId: event_id }) as unknown as R;

export type VerdictRow = Stored<VerdictRecord>;
export type EvalRow = Stored<EvalRecord>;
export type DecisionRow = Omit<Stored<DecisionRecord>, 'reasonCode'> & {
  readonly reason_code: string | null;
};

export const toJudgements = (
  verdicts: readonly VerdictRow[],
  evals: readonly EvalRow[],
  decisions: readonly DecisionRow[],
): Judgements => ({
  verdicts: verdicts.map((row) => withEvent<VerdictRecord>(row)),
  evals: evals.map((row) => withEvent<EvalRecord>(row)),
  decisions: decisions.map(({ reason_code, ...row }) =>
    withEvent<DecisionRecord>({ ...row, reasonCode: reason_code }),
  ),
});
