// An acceptance as what is written of it, its events among it; nothing is written here.

import { utf8 } from '../../../keys/bytes.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import type { KnowledgePayloads } from '../../protocol/knowledge/event.ts';
import { ofContribution, whereOf } from '../contributions/act.ts';
import type { DecisionRecord, RevisionRecord } from '../contributions/contribution.ts';
import { type KnowledgeRecord, lastOf, type MakeKnowledgeEvent } from '../events/events.ts';
import { keptOutcome } from '../events/record.ts';
import { approvalsThatCount } from '../review/approvals.ts';
import type { PointerMove } from '../versions/pointer-move.ts';
import {
  type Acceptance,
  type AcceptedOutcome,
  type Asked,
  contextBy,
  type Deciding,
  type Prepared,
} from './acceptance.ts';
import type { AcceptanceRows } from './acceptance-store.ts';
import { rebaseRecords } from './rebase.ts';

export interface CommitDeps {
  readonly make: MakeKnowledgeEvent;
  readonly now: () => Date;
}

type Kind = KnowledgePayloads['KnowledgeContributionAccepted']['decision'];

const KIND_OF: Readonly<Record<Deciding['decider']['kind'], Kind>> = {
  human: 'human',
  worker: 'direct',
  runtime: 'auto',
};

const acceptedPayload = (
  { deciding, shadow }: Acceptance,
  prepared: Prepared,
): KnowledgePayloads['KnowledgeContributionAccepted'] => {
  const { contribution, judgements, base, next } = prepared;
  const approvals = approvalsThatCount(prepared);
  return {
    ...ofContribution(contribution),
    revision_digest: contribution.digest,
    base_version: contribution.baseVersion,
    resulting_version: next.version.id,
    decision: KIND_OF[deciding.decider.kind],
    shadow,
    approvals: approvals.map(({ actor, eventId }) => ({ actor, event_id: eventId })),
    verdicts: judgements.verdicts.map(({ verifier, verdict, eventId }) => ({
      agentId: verifier,
      verdict,
      event_id: eventId,
    })),
    policy_version: base.policyVersion,
    ...(deciding.signature === null ? {} : { decision_hash: namedDigest(utf8(deciding.signature)) }),
  };
};

const createdPayload = ({
  next: { version },
}: Prepared): KnowledgePayloads['KnowledgeBaseVersionCreated'] => ({
  knowledge_base_id: version.base,
  knowledge_base_version: version.id,
  version_seq: version.seq,
  parent_version: version.parent,
  content: version.content,
  entry_count: version.entries,
  total_bytes: version.bytes,
  contribution_id: version.contribution,
  created_by: version.proposer,
});

const movedPayload = ({ base, next }: Prepared): KnowledgePayloads['KnowledgeBaseCurrentPointerMoved'] => ({
  knowledge_base_id: base.id,
  from_version: base.current,
  to_version: next.version.id,
  generation: base.generation + 1,
  reason: 'accept',
  contribution_id: next.version.contribution,
});

interface Records {
  readonly rebased: readonly KnowledgeRecord[];
  readonly accepted: KnowledgeRecord;
  readonly created: KnowledgeRecord;
  /** Absent where the pointer stays. */
  readonly moved: KnowledgeRecord | undefined;
}

const allOf = ({ rebased, accepted, created, moved }: Records): readonly KnowledgeRecord[] => [
  ...rebased,
  accepted,
  created,
  ...(moved === undefined ? [] : [moved]),
];

/** Each the cause of the next, in the order in which the log will have them. */
const recordsOf = ({ make }: CommitDeps, acceptance: Acceptance, prepared: Prepared): Records => {
  const { deciding, shadow } = acceptance;
  const where = whereOf(prepared.contribution);
  const rebased = rebaseRecords({ make }, deciding, prepared);
  const cause = rebased.at(-1)?.event.id ?? prepared.contribution.lastEvent;
  const accepted = make(
    'KnowledgeContributionAccepted',
    contextBy(deciding, cause),
    acceptedPayload(acceptance, prepared),
    where,
  );
  const by = (event: KnowledgeRecord) => contextBy(deciding, event.event.id);
  const created = make('KnowledgeBaseVersionCreated', by(accepted), createdPayload(prepared), where);
  const moved = shadow
    ? undefined
    : make('KnowledgeBaseCurrentPointerMoved', by(created), movedPayload(prepared), where);
  return { rebased, accepted, created, moved };
};

const moveOf = (
  { base, next }: Prepared,
  { decider }: Deciding,
  record: KnowledgeRecord | undefined,
): PointerMove | undefined =>
  record && {
    base: base.id,
    generation: base.generation + 1,
    from: base.current,
    to: next.version.id,
    reason: 'accept',
    rollbackOf: null,
    justification: null,
    actor: decider.id,
    at: record.event.at,
    eventId: record.event.id,
  };

const decisionOf = (
  { contribution }: Prepared,
  { decider, role, reasonCode, signature }: Deciding,
  { id: eventId, at }: KnowledgeRecord['event'],
): DecisionRecord => ({
  contribution: contribution.id,
  digest: contribution.digest,
  actor: decider.id,
  account: decider.account,
  closure: decider.closure,
  role,
  decision: 'accept',
  reasonCode,
  signature,
  at,
  eventId,
});

const rebasedRevision = (
  { revision, rebasedFrom }: Prepared,
  [event]: readonly KnowledgeRecord[],
): RevisionRecord | undefined =>
  rebasedFrom === null || event === undefined
    ? undefined
    : { ...revision, proposedAt: event.event.at, eventId: event.event.id };

const rowsOf = (
  prepared: Prepared,
  { deciding }: Acceptance,
  records: Records,
): Omit<AcceptanceRows, 'outcome' | 'at'> => {
  const { base, contribution, next } = prepared;
  const all = allOf(records);
  return {
    base,
    contribution,
    standing: deciding.standing,
    accepted: { ...contribution, lastEvent: lastOf(all).id },
    version: { ...next.version, eventId: records.created.event.id },
    blocks: next.applied.blocks,
    index: next.index,
    documents: next.applied.changes.flatMap(({ entry }) => entry?.blob ?? []),
    decision: decisionOf(prepared, deciding, records.accepted.event),
    move: moveOf(prepared, deciding, records.moved),
    revision: rebasedRevision(prepared, records.rebased),
    records: all,
  };
};

const outcomeOf = (
  { contribution, base, next }: Prepared,
  lastEvent: string,
  isMoved: boolean,
): AcceptedOutcome => ({
  contribution_id: contribution.id,
  state: 'accepted',
  revision: contribution.revision,
  revision_digest: contribution.digest,
  event_id: lastEvent,
  knowledge_base_version: next.version.id,
  version_seq: next.version.seq,
  generation: isMoved ? base.generation + 1 : null,
});

/** One acceptance on its way into the transaction, and what its sender is told once it is true. */
export interface Link {
  readonly rows: AcceptanceRows;
  readonly outcome: AcceptedOutcome;
}

export const linkOf = (the: CommitDeps, { attempt, acceptance }: Asked, prepared: Prepared): Link => {
  const at = the.now();
  const rows = rowsOf(prepared, acceptance, recordsOf(the, acceptance, prepared));
  const outcome = outcomeOf(prepared, rows.accepted.lastEvent, rows.move !== undefined);
  const done = { outcome, status: 200, records: rows.records };
  return { rows: { ...rows, at, outcome: keptOutcome(attempt, done, at) }, outcome };
};
