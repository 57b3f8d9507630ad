// Checks where events about bases are found, what of each retrieval is kept, and that what they made is there.
import type { JsonObject } from '../../../keys/canonical.ts';
import { canonicalBytes } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import { KNOWLEDGE_EVENT_KINDS } from '../../protocol/knowledge/event-kinds.ts';
import type { FindingCode } from '../findings.ts';
import {
  countKnowledgeEvents,
  type FoundBy,
  foundByNothing,
  type KnowledgeEventRow,
  keptForNothing,
  knowledgeEventsAfter,
} from '../found-by-store.ts';
import { knowledgeWithoutRow, type LostRow } from '../knowledge-store.ts';
import { inBatches, rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { judgementTold, missJudgements } from './knowledge-judgements.ts';
import { moveName } from './knowledge-pointer.ts';
import { difference, members, toldEvent, toldPayload } from './told.ts';

export interface KnowledgeEventsDeps {
  readonly tx: Tx;
  readonly report: Report;
  readonly progress: (done: number, total: number) => void;
}

/** The end of a worker is about its workforce: it is no event of a base. */
const KINDS = KNOWLEDGE_EVENT_KINDS.filter((kind) => kind !== 'WorkerDecommissioned');

/** A pointer that is moved by hand is moved for no contribution, though the version may have come of one. */
const contributionTold = (kind: string, told: JsonObject): unknown =>
  kind === 'KnowledgeBaseCurrentPointerMoved' && told['reason'] !== 'accept'
    ? null
    : (told['contribution_id'] ?? null);

/** What an event is found by, as it says itself. */
export const foundByOf = (row: KnowledgeEventRow): Readonly<Record<keyof FoundBy, unknown>> => {
  const event = toldEvent(row);
  const told = toldPayload(row);
  return {
    base: told['knowledge_base_id'] ?? null,
    contribution: contributionTold(row.kind, told),
    kind: event['kind'] ?? null,
    actor: event['actor'] ?? null,
    trace_id: String(event['traceparent'] ?? '').split('-')[1] ?? null,
    causation: event['causationId'] ?? null,
    at: event['at'] ?? null,
  };
};

/** Undefined where the event is found by what it says. */
export const foundByDifference = (row: KnowledgeEventRow) => {
  const found = {
    base: row.row_base,
    contribution: row.row_contribution,
    kind: row.row_kind,
    actor: row.row_actor,
    trace_id: row.row_trace_id,
    causation: row.row_causation,
    at: row.row_at?.toISOString() ?? null,
  };
  return difference(foundByOf(row), found);
};

const checkRetrieval = ({ report }: KnowledgeEventsDeps, row: KnowledgeEventRow): void => {
  // Without a row it is missed with all others.
  if (row.kind !== 'CapabilityInvoked' || row.kept_base === null) return;
  const found = {
    knowledge_base_id: row.kept_base,
    knowledge_base_version: row.kept_version,
    retrieved_content_hash: row.kept_hash,
    request_hash: namedDigest(canonicalBytes(row.kept_request)),
  };
  const evidence = difference(members(toldPayload(row), Object.keys(found)), found);
  if (evidence !== undefined) report.add('retrieval_differs', row.id, evidence);
};

const checkEvent = (the: KnowledgeEventsDeps, row: KnowledgeEventRow): void => {
  const evidence = foundByDifference(row);
  if (evidence !== undefined) the.report.add('event_index_differs', row.id, evidence);
  checkRetrieval(the, row);
};

export const eventsAboutBases = (tx: Tx): AsyncGenerator<KnowledgeEventRow, void, undefined> =>
  rowsBehind(
    '',
    (after: string) => knowledgeEventsAfter(tx, KINDS, after),
    ({ id }) => id,
  );

const EVENTS_AT_ONCE = 500;

const checkAllEvents = async (the: KnowledgeEventsDeps): Promise<void> => {
  const total = await countKnowledgeEvents(the.tx, KINDS);
  let done = 0;
  for await (const events of inBatches(eventsAboutBases(the.tx), EVENTS_AT_ONCE)) {
    for (const event of events) checkEvent(the, event);
    const judged = events.flatMap((event) => {
      const told = judgementTold(event.kind, toldEvent(event)['actor'], toldPayload(event));
      return told === undefined ? [] : [{ ...told, eventId: event.id }];
    });
    await missJudgements(the, judged);
    done += events.length;
    the.progress(done, total);
  }
};

const LOST: Readonly<Record<string, FindingCode>> = {
  KnowledgeBaseRegistered: 'event_without_base',
  KnowledgeBasePolicyChanged: 'policy_differs',
  KnowledgeBaseVersionCreated: 'event_without_base_version',
  KnowledgeBaseCurrentPointerMoved: 'pointer_move_missing',
  KnowledgeBaseContentErased: 'erasure_differs',
  KnowledgeContributionProposed: 'revision_missing',
  KnowledgeContributionRevised: 'revision_missing',
  CapabilityInvoked: 'retrieval_differs',
};

const lostName = ({ kind, subject, ...row }: LostRow): string => {
  const told = toldPayload(row);
  if (kind === 'KnowledgeBaseCurrentPointerMoved') return moveName(subject, told['generation']);
  if (kind === 'KnowledgeBaseVersionCreated') return `${subject}@${String(told['knowledge_base_version'])}`;
  if (kind === 'KnowledgeBasePolicyChanged') return `${subject} policy ${String(told['policy_version'])}`;
  if (kind === 'KnowledgeBaseContentErased') return `${subject} ${String(told['digest'])}`;
  if (kind === 'CapabilityInvoked') return row.id;
  return kind === 'KnowledgeBaseRegistered'
    ? subject
    : `${String(told['contribution_id'])} revision ${String(told['revision'])}`;
};

export const checkKnowledgeEvents = async (the: KnowledgeEventsDeps): Promise<void> => {
  const { tx, report } = the;
  await checkAllEvents(the);
  for (const row of await knowledgeWithoutRow(tx)) {
    const code = LOST[row.kind];
    if (code !== undefined) report.add(code, lostName(row), { expected: row.id });
  }
  for (const id of await foundByNothing(tx)) report.add('event_index_differs', id, { expected: null });
  for (const id of await keptForNothing(tx)) report.add('retrieval_differs', id, { expected: null });
};
