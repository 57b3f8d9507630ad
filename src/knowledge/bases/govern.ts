// What every change of a base's policy and standing has in common: alone with it, and each caused by the one before.

import type { JsonObject } from '../../../keys/canonical.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { KnowledgePayloads } from '../../protocol/knowledge/event.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import type { Authorise, Authorised } from './authorise.ts';
import type { BaseRecord } from './base.ts';
import { lastGovernance } from './base-event-store.ts';
import { findBase, lockBase } from './base-store.ts';

export interface GovernDeps {
  readonly now: () => Date;
  readonly authorise: Authorise;
  readonly record: RecordWrite;
  readonly make: MakeKnowledgeEvent;
}

/** A base that nobody else changes before the transaction ends. */
export interface Governed {
  readonly attempt: Attempt;
  readonly clauses: readonly string[];
  readonly base: BaseRecord;
  /** The event that its policy or standing follows from. */
  readonly causationId: string;
}

const holdStill = async (
  the: GovernDeps,
  tx: Tx,
  attempt: Attempt,
  id: BaseId,
  { binding, clauses }: Authorised,
): Promise<Governed> => {
  await lockBase(tx, id);
  await requireInForce(tx, attempt.by, binding, the.now());
  const base = await findBase(tx, id);
  if (base === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: id });
  return { attempt, clauses, base, causationId: (await lastGovernance(tx, id)) ?? base.eventId };
};

/** Does `work` alone with a base, for whoever was let. */
export const govern = (
  the: GovernDeps,
  attempt: Attempt,
  authorised: Authorised,
  work: (tx: Tx, governed: Governed) => Promise<Done<JsonObject>>,
): Promise<Written<JsonObject>> =>
  the.record(attempt, async (tx) =>
    work(tx, await holdStill(the, tx, attempt, authorised.base.id, authorised)),
  );

type GovernanceKind = Extract<
  keyof KnowledgePayloads,
  | 'KnowledgeBasePolicyChanged'
  | 'KnowledgeBasePaused'
  | 'KnowledgeBaseResumed'
  | 'KnowledgeBaseHeld'
  | 'KnowledgeBaseReleased'
>;

export const governanceEvent = <K extends GovernanceKind>(
  the: Pick<GovernDeps, 'make'>,
  { attempt, clauses, base, causationId }: Governed,
  kind: K,
  payload: KnowledgePayloads[K],
): KnowledgeRecord => {
  return the.make(kind, contextOf(attempt.by, clauses, causationId), payload, { base: base.id });
};
