// What every act on an open contribution has in common: who may, alone with it, on the revision that was looked at.
import type { Acting } from '../../access/workforces/acting.ts';
import type { Capacity } from '../../access/workforces/binding-store.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import { baseOfContribution, type ContributionId, type Operation } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { BaseRecord } from '../bases/base.ts';
import { findBase, policiesSince, useBase } from '../bases/base-store.ts';
import { strictest } from '../bases/policy.ts';
import { type KnowledgeRecord, lastOf, type MakeKnowledgeEvent } from '../events/events.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import type { ContributionRecord, ContributionState } from './contribution.ts';
import {
  type ContributionMove,
  findContribution,
  lockContribution,
  moveContribution,
} from './contribution-store.ts';
import { type Act, isExpired, isFinal, nextState } from './lifecycle.ts';

export interface ActDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly authorise: Authorise;
  readonly make: MakeKnowledgeEvent;
  readonly record: RecordWrite;
}

/** A contribution that nobody else can change before the transaction ends, and what it is judged by. */
export interface Held extends Authorised {
  readonly by: Acting;
  readonly contribution: ContributionRecord;
  /** The strictest of all that were in force since it was proposed. */
  readonly policy: ContributionPolicy;
}

export interface ActRequest {
  readonly act: Act;
  readonly operation: Operation;
  readonly capacities?: readonly Capacity[];
  /** Of the revision that was looked at; absent where the act is about none. */
  readonly digest?: NamedDigest;
}

export type ActOutcome = {
  readonly contribution_id: ContributionId;
  readonly state: ContributionState;
  readonly revision: number;
  readonly revision_digest: NamedDigest;
  readonly event_id: string;
};

/** Stricter rules apply at once, looser ones never to what was proposed before. */
export const effectivePolicy = async (
  db: Queryable,
  base: BaseRecord,
  { policyVersion }: ContributionRecord,
): Promise<ContributionPolicy> =>
  strictest([base.policy, ...(await policiesSince(db, base.id, policyVersion))]);

/** @throws Fault contribution_not_found */
export const requireContribution = async (db: Queryable, id: ContributionId): Promise<ContributionRecord> => {
  const found = await findContribution(db, id);
  if (found === undefined) throw fault('contribution_not_found', { contribution_id: id });
  return found;
};

/** @throws Fault invalid_transition, with the state it stands in, or with the revision that stands now */
export const requireTransition = (
  { id, state, revision, digest }: ContributionRecord,
  act: Act,
  looked: NamedDigest | undefined,
): ContributionState => {
  const next = nextState(state, act);
  if (next === undefined) throw fault('invalid_transition', { contribution_id: id, state, act });
  if (looked === undefined || looked === digest) return next;
  const message = 'That is not the revision that stands now: look at it again.';
  throw fault(
    'invalid_transition',
    { contribution_id: id, state, revision, revision_digest: digest },
    message,
  );
};

export const whereOf = ({ id, base }: ContributionRecord) => ({ base, contribution: id });

export const ofContribution = ({ id, base, revision }: ContributionRecord) => ({
  contribution_id: id,
  knowledge_base_id: base,
  revision,
});

/** Moves the contribution to where its newest event left it, and tells where that is. */
export const moved = async (
  tx: Tx,
  contribution: ContributionRecord,
  to: Omit<ContributionMove, 'lastEvent'>,
  records: readonly KnowledgeRecord[],
): Promise<Done<ActOutcome>> => {
  const lastEvent = lastOf(records).id;
  // Whoever writes holds the lock of the contribution, so that nobody can have come between.
  if (!(await moveContribution(tx, contribution, { ...to, lastEvent })))
    throw new Error('a contribution moved under its lock');
  const now = { ...contribution, ...to };
  const outcome = {
    contribution_id: now.id,
    state: now.state,
    revision: now.revision,
    revision_digest: now.digest,
    event_id: lastEvent,
  };
  return { outcome, status: 200, records };
};

/** Nothing happened, because it had happened before. */
export const unmoved = (
  { id, state, revision, digest }: ContributionRecord,
  eventId: string,
): Done<ActOutcome> => ({
  outcome: { contribution_id: id, state, revision, revision_digest: digest, event_id: eventId },
  status: 200,
  records: [],
});

/** What nobody has marked yet as expired is so all the same. @throws Fault invalid_transition */
const requireInTime = (policy: ContributionPolicy, contribution: ContributionRecord, now: Date): void => {
  const { id, state } = contribution;
  if (isFinal(state) || !isExpired(policy, contribution, now)) return;
  throw fault('invalid_transition', { contribution_id: id, state: 'expired' });
};

const hold = async (
  the: ActDeps,
  tx: Tx,
  by: Acting,
  id: ContributionId,
  authorised: Authorised,
): Promise<Held> => {
  await useBase(tx, authorised.base.id);
  await lockContribution(tx, id);
  await requireInForce(tx, by, authorised.binding, the.now());
  const base = await findBase(tx, authorised.base.id);
  if (base === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: authorised.base.id });
  const contribution = await requireContribution(tx, id);
  const policy = await effectivePolicy(tx, base, contribution);
  requireInTime(policy, contribution, the.now());
  return { ...authorised, base, by, contribution, policy };
};

/** @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, contribution_not_found, key_revoked */
export const actOn =
  (the: ActDeps) =>
  async (
    attempt: Attempt,
    id: ContributionId,
    { operation, capacities = [] }: Pick<ActRequest, 'operation' | 'capacities'>,
    work: (tx: Tx, held: Held) => Promise<Done<ActOutcome>>,
  ): Promise<Written<ActOutcome>> => {
    const asked = {
      base: baseOfContribution(id),
      operation,
      verb: operation === 'retrieve' ? 'get' : operation,
    } as const;
    const authorised = await the.authorise(attempt.by, asked, capacities);
    return the.record(attempt, async (tx) => work(tx, await hold(the, tx, attempt.by, id, authorised)));
  };
