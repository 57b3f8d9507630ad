// The transaction of an acceptance: compares everything that the decision was made from, then writes all of it.
import { utf8 } from '../../keys/bytes.ts';
import type { Tx } from '../database/connect.ts';
import { fault } from '../protocol/faults.ts';
import { namedDigest } from '../protocol/knowledge/changes.ts';
import type { KnowledgePayloads } from '../protocol/knowledge/event.ts';
import {
  type Acceptance,
  type AcceptedOutcome,
  contextBy,
  type Deciding,
  Overtaken,
  type Prepared,
} from './acceptance.ts';
import { ofContribution, whereOf } from './act.ts';
import { approvalsThatCount } from './approvals.ts';
import { findBase, lockBase, movePointer, takeSeq } from './base-store.ts';
import { putBlocks } from './block-store.ts';
import type { DecisionRecord } from './contribution.ts';
import { lockContribution, moveContribution, putDecision } from './contribution-store.ts';
import { changeEntries } from './entry-store.ts';
import { erasuresAmong } from './erase-store.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from './events.ts';
import { insertPointerMove } from './pointer-store.ts';
import { rebaseRecords, requireUnmoved, storeRebased } from './rebase.ts';
import type { Done } from './record.ts';
import { insertVersion } from './version-store.ts';

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

/** Whatever the decision was made from and may have changed since. @throws Overtaken, Fault content_erased */
const requireUnchanged = async (tx: Tx, { base, contribution, next }: Prepared): Promise<void> => {
  await requireUnmoved(tx, contribution);
  const now = await findBase(tx, base.id);
  const same =
    now?.generation === base.generation &&
    now.lastSeq === base.lastSeq &&
    now.policyVersion === base.policyVersion &&
    now.paused === base.paused &&
    now.held === base.held;
  if (!same) throw new Overtaken();
  const blobs = next.applied.changes.flatMap(({ entry }) => entry?.blob ?? []);
  const [erased] = await erasuresAmong(tx, base.id, blobs);
  if (erased !== undefined)
    throw fault('content_erased', { document: erased.blob, event_id: erased.eventId });
};

const storeVersion = async (tx: Tx, { base, next }: Prepared, eventId: string): Promise<void> => {
  await insertVersion(tx, { ...next.version, eventId });
  await putBlocks(tx, next.applied.blocks);
  await changeEntries(tx, base.id, next.version.seq, next.index);
  if (!(await takeSeq(tx, base.id, next.version.seq))) throw new Overtaken();
};

const storePointer = async (
  tx: Tx,
  prepared: Prepared,
  deciding: Deciding,
  move: KnowledgeRecord,
): Promise<void> => {
  const { base, next } = prepared;
  const { id: eventId, at } = move.event;
  if (!(await movePointer(tx, base.id, base.generation, next.version.id, eventId))) throw new Overtaken();
  await insertPointerMove(tx, {
    base: base.id,
    generation: base.generation + 1,
    from: base.current,
    to: next.version.id,
    reason: 'accept',
    rollbackOf: null,
    justification: null,
    actor: deciding.decider.id,
    at,
    eventId,
  });
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

const storeDecision = async (
  tx: Tx,
  prepared: Prepared,
  { deciding }: Acceptance,
  { rebased, accepted }: Records,
  lastEvent: string,
): Promise<void> => {
  const { contribution, next } = prepared;
  await storeRebased(tx, prepared, rebased);
  await putDecision(tx, decisionOf(prepared, deciding, accepted.event));
  const { revision, digest, baseVersion } = contribution;
  const to = {
    state: 'accepted',
    resulting: next.version.id,
    revision,
    digest,
    baseVersion,
    lastEvent,
  } as const;
  if (!(await moveContribution(tx, contribution, to))) throw new Overtaken();
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

/** @throws Overtaken, Fault content_erased; as the decider's `requireInForce` */
export const commitAcceptance = async (
  the: CommitDeps,
  tx: Tx,
  acceptance: Acceptance,
  prepared: Prepared,
): Promise<Done<AcceptedOutcome>> => {
  await lockBase(tx, prepared.base.id);
  await lockContribution(tx, prepared.contribution.id);
  await acceptance.deciding.requireInForce(tx);
  await requireUnchanged(tx, prepared);
  const records = recordsOf(the, acceptance, prepared);
  const { rebased, accepted, created, moved } = records;
  const all = [...rebased, accepted, created, ...(moved === undefined ? [] : [moved])];
  const lastEvent = (moved ?? created).event.id;
  await storeVersion(tx, prepared, created.event.id);
  if (moved !== undefined) await storePointer(tx, prepared, acceptance.deciding, moved);
  await storeDecision(tx, prepared, acceptance, records, lastEvent);
  return { outcome: outcomeOf(prepared, lastEvent, moved !== undefined), status: 200, records: all };
};
