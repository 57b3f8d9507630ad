// How contributions, their revisions and what was said about them read on the wire; texts stay texts. Pure.
import { entryCid } from '../../protocol/knowledge/entry.ts';
import type {
  ContributionRecord,
  DecisionRecord,
  EvalRecord,
  Judgements,
  RevisionRecord,
  VerdictRecord,
} from '../contributions/contribution.ts';
import type { ListedEntry } from '../versions/entry-store.ts';
import type { ContributionRow } from './contribution-view-store.ts';
import type { Gate } from './gates.ts';

export const listedBody = (row: ContributionRow) => ({
  contribution_id: row.id,
  knowledge_base_id: row.base,
  state: row.state,
  proposer: row.proposer,
  revision: row.revision,
  revision_digest: row.digest,
  base_version: row.base_version,
  confidence: row.confidence,
  reasons: row.reasons,
  proposed_at: row.proposed_at,
  revised_at: row.revised_at,
  expires_at: row.expires_at,
  resulting_version: row.resulting,
});

export const contributionBody = (each: ContributionRecord) => ({
  contribution_id: each.id,
  knowledge_base_id: each.base,
  state: each.state,
  proposer: each.proposer,
  role: each.role,
  confidence: each.confidence,
  reasons: each.reasons,
  sources: each.sources,
  signal: each.signal,
  policy_version: each.policyVersion,
  revisions_left: each.revisionsLeft,
  proposed_at: each.proposedAt,
  revised_at: each.revisedAt,
  expires_at: each.expiresAt,
  last_event: each.lastEvent,
  resulting_version: each.resulting,
});

type Change = RevisionRecord['changes'][number];

/** An entry as lists show it. */
export const entryBody = ({ entry, blob, size, mediaType }: Omit<ListedEntry, 'path'>) => ({
  entry,
  blob,
  size,
  media_type: mediaType,
});

const putBody = ({ path, entry }: Extract<Change, { op: 'put' }>) => ({
  op: 'put' as const,
  path,
  ...entryBody({ ...entry, entry: entryCid(entry) }),
  meta: entry.meta,
});

const changeBody = (change: Change) =>
  change.op === 'put' ? putBody(change) : { op: 'delete' as const, path: change.path };

export const revisionBody = (each: RevisionRecord) => ({
  revision: each.revision,
  revision_digest: each.digest,
  base_version: each.baseVersion,
  changes: each.changes.map(changeBody),
  summary: each.summary,
  confidence: each.confidence,
  criteria: each.criteria,
  proposed_at: each.proposedAt,
  event_id: each.eventId,
});

const verdictBody = ({ verifier, verdict, criteria, confidence, own, at, eventId }: VerdictRecord) => ({
  verifier,
  verdict,
  criteria,
  confidence,
  self_verified: own,
  at,
  event_id: eventId,
});

const evalBody = ({ suite, result, evidence, evaluator, at, eventId }: EvalRecord) => ({
  suite,
  result,
  evidence,
  evaluator,
  at,
  event_id: eventId,
});

const decisionBody = ({ actor, role, decision, reasonCode, signature, at, eventId }: DecisionRecord) => ({
  actor,
  role,
  decision,
  reason_code: reasonCode,
  signature,
  at,
  event_id: eventId,
});

export const judgementsBody = ({ verdicts, evals, decisions }: Judgements) => ({
  verdicts: verdicts.map(verdictBody),
  evals: evals.map(evalBody),
  decisions: decisions.map(decisionBody),
});

/** As a refused acceptance tells of it. */
export const gateBody = ({ code, details }: Gate) => ({ code, ...details });
