// A verifier's verdict on a revision: it blocks, sends back, or lets go on, and carries keys of criteria, never text.

import type { Tx } from '../../database/connect.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import { isNamedDigest } from '../../protocol/knowledge/changes.ts';
import type { Verdict } from '../../protocol/knowledge/event.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import {
  type ActDeps,
  type ActOutcome,
  actOn,
  type Held,
  moved,
  ofContribution,
  requireTransition,
  whereOf,
} from '../contributions/act.ts';
import type { VerdictRecord } from '../contributions/contribution.ts';
import { putVerdict } from '../contributions/contribution-store.ts';
import { afterVerdict } from '../contributions/lifecycle.ts';
import type { KnowledgeRecord } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, Written } from '../events/record.ts';
import { areOne } from './approvals.ts';

export interface VerdictRequest {
  readonly digest: NamedDigest;
  readonly verdict: Verdict;
  readonly criteria: readonly string[];
  readonly confidence: number | null;
}

const CRITERION = /^[a-z0-9_.-]{1,64}$/;
const MAX_CRITERIA = 64;

const wrong = (field: string, rule: string): Error =>
  fault('validation_error', { field }, `${field} ${rule}.`);

/** @throws Fault validation_error */
export const digestField = (body: JsonBody, field = 'revision_digest'): NamedDigest => {
  const value = body[field];
  if (!isNamedDigest(value)) throw wrong(field, 'must read sha256:<64 hex>');
  return value;
};

const criteriaField = (body: JsonBody): readonly string[] => {
  const value = body['criteria'] ?? [];
  const good =
    Array.isArray(value) &&
    value.length <= MAX_CRITERIA &&
    value.every((key) => typeof key === 'string' && CRITERION.test(key));
  if (!good)
    throw wrong('criteria', `must be a list of at most ${MAX_CRITERIA} keys of a-z, 0-9, _, . and -`);
  return value as string[];
};

const confidenceField = (body: JsonBody): number | null => {
  const value = body['confidence'] ?? null;
  if (value === null || (typeof value === 'number' && value >= 0 && value <= 1)) return value;
  throw wrong('confidence', 'must be a number from 0 to 1');
};

/** @throws Fault validation_error for every member that it does not know, too: no text may come in by a side door */
export const readVerdict = (body: JsonBody): VerdictRequest => {
  const surplus = Object.keys(body).find(
    (name) => !['revision_digest', 'verdict', 'criteria', 'confidence'].includes(name),
  );
  if (surplus !== undefined) throw wrong(surplus, 'is no member of a verdict');
  const { verdict } = body;
  if (verdict !== 'pass' && verdict !== 'fail' && verdict !== 'revise')
    throw wrong('verdict', 'must be pass, fail or revise');
  return {
    digest: digestField(body),
    verdict,
    criteria: criteriaField(body),
    confidence: confidenceField(body),
  };
};

const verdictOf = (
  { by, contribution }: Held,
  request: VerdictRequest,
  at: Date,
  eventId: string,
): VerdictRecord => ({
  contribution: contribution.id,
  digest: contribution.digest,
  verifier: by.id,
  account: by.account,
  verdict: request.verdict,
  criteria: request.criteria,
  confidence: request.confidence,
  own: areOne(by, contribution),
  at,
  eventId,
});

const payloadOf = (
  { contribution }: Held,
  { verifier, verdict, criteria, confidence, own, digest }: VerdictRecord,
) => ({
  ...ofContribution(contribution),
  agentId: verifier,
  target: digest,
  verdict,
  ...(criteria.length === 0 ? {} : { criteria }),
  ...(confidence === null ? {} : { confidence }),
  self_verified: own,
});

const sendBack = (the: ActDeps, { by, clauses, contribution }: Held, cause: string): KnowledgeRecord => {
  const payload = { ...ofContribution(contribution), reason_code: 'verdict_revise' };
  return the.make(
    'KnowledgeContributionRevisionRequested',
    contextOf(by, clauses, cause),
    payload,
    whereOf(contribution),
  );
};

const verify = async (
  the: ActDeps,
  tx: Tx,
  held: Held,
  request: VerdictRequest,
): Promise<Done<ActOutcome>> => {
  const { by, clauses, contribution, policy } = held;
  requireTransition(contribution, 'verdict', request.digest);
  const draft = verdictOf(held, request, the.now(), '');
  const context = contextOf(by, clauses, contribution.lastEvent);
  const verified = the.make(
    'KnowledgeContributionVerified',
    context,
    payloadOf(held, draft),
    whereOf(contribution),
  );
  await putVerdict(tx, { ...draft, eventId: verified.event.id });
  const { state, reasons } = afterVerdict(contribution, policy, draft);
  const back = state === contribution.state ? [] : [sendBack(the, held, verified.event.id)];
  return moved(tx, contribution, { state, reasons }, [verified, ...back]);
};

/** @throws Fault validation_error, contribution_not_found, invalid_transition; as `actOn` */
export const verifyContribution =
  (the: ActDeps) =>
  (attempt: Attempt, id: ContributionId, request: VerdictRequest): Promise<Written<ActOutcome>> =>
    actOn(the)(attempt, id, { operation: 'review' }, (tx, held) => verify(the, tx, held, request));
