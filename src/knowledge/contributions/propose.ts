// Takes in a contribution: from what a person or an agent sent to an item that waits for review, or a refusal.

import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate } from '../../access/workforces/authority.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { isUniqueViolation } from '../../database/transaction.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import { type NamedDigest, revisionDigest } from '../../protocol/knowledge/changes.ts';
import { type BaseId, type ContributionId, contributionIdOf } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { BaseRecord } from '../bases/base.ts';
import { findBase, useBase } from '../bases/base-store.ts';
import type { MakeKnowledgeEvent } from '../events/events.ts';
import { newUlid } from '../events/new-id.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import type { ApplyDeps } from '../versions/apply.ts';
import { checkRevision, requireDocuments } from './check-revision.ts';
import type { ContributionRecord, ContributionState, ReviewReason, RevisionRecord } from './contribution.ts';
import { type ProposedRevision, readRevision } from './contribution-body.ts';
import { contributionOfSignal, insertContribution, insertRevision } from './contribution-store.ts';
import { expiryOf, openingReasons } from './lifecycle.ts';
import { proposalEvents } from './proposal-events.ts';
import { requireTerms } from './terms.ts';

export interface ProposeDeps extends ApplyDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly authorise: Authorise;
  readonly make: MakeKnowledgeEvent;
  readonly record: RecordWrite;
}

export type ProposedOutcome = {
  readonly contribution_id: ContributionId;
  readonly state: ContributionState;
  readonly revision: number;
  readonly revision_digest: NamedDigest;
  readonly reasons: readonly ReviewReason[];
  readonly event_id: string;
};

export const pathsOf = ({ changes }: ProposedRevision): readonly string[] => changes.map(({ path }) => path);

export const outcomeOf = (contribution: ContributionRecord): ProposedOutcome => ({
  contribution_id: contribution.id,
  state: contribution.state,
  revision: contribution.revision,
  revision_digest: contribution.digest,
  reasons: contribution.reasons,
  event_id: contribution.lastEvent,
});

/** In the strictest mode only its steward changes a base. */
const mayContribute = (by: Acting, { id, policy }: BaseRecord): boolean =>
  policy.mode !== 'closed' ||
  evaluate(by.authority, { base: id, operation: 'administer', verb: 'administer' }).granted;

/** @throws Fault knowledge_base_paused, contribution_closed */
export const requireOpenBase = (by: Acting, base: BaseRecord): void => {
  if (base.paused) throw fault('knowledge_base_paused', { knowledge_base_id: base.id });
  if (!mayContribute(by, base)) throw fault('contribution_closed', { knowledge_base_id: base.id });
};

/** Signals are delivered at least once (OWP-2 WD 0.2 §6.1): what answers one is proposed once. */
const answeredBefore = async (
  the: ProposeDeps,
  base: BaseId,
  { signal }: ProposedRevision,
): Promise<Written<ProposedOutcome> | undefined> => {
  const found = signal === null ? undefined : await contributionOfSignal(the.sql, base, signal);
  if (found === undefined) return undefined;
  return { outcome: outcomeOf(found), status: 200, event: undefined, receipt: undefined, repeated: true };
};

const recordOf = (
  by: Acting,
  base: BaseRecord,
  revision: ProposedRevision,
  at: Date,
  lastEvent: string,
): ContributionRecord => ({
  id: contributionIdOf(base.id, newUlid(at)),
  base: base.id,
  proposer: by.id,
  account: by.account,
  closure: by.closure,
  role: by.role,
  state: 'in_review',
  revision: 1,
  digest: revisionDigest(base.id, revision.baseVersion, revision.changes),
  baseVersion: revision.baseVersion,
  policyVersion: base.policyVersion,
  confidence: revision.confidence,
  reasons: openingReasons(base.policy, base.sensitivity, revision.confidence, pathsOf(revision)),
  sources: revision.sources,
  signal: revision.signal,
  revisionsLeft: base.policy.max_revisions,
  moves: 0,
  proposedAt: at,
  revisedAt: at,
  expiresAt: expiryOf(base.policy, at),
  lastEvent,
  resulting: null,
});

/** What a revision is stored as. */
export const revisionOf = (
  { id, revision, digest }: Pick<ContributionRecord, 'id' | 'revision' | 'digest'>,
  { baseVersion, changes, summary, confidence, criteria }: ProposedRevision,
  proposedAt: Date,
  eventId: string,
): RevisionRecord => ({
  contribution: id,
  revision,
  digest,
  baseVersion,
  changes,
  summary,
  confidence,
  criteria,
  proposedAt,
  eventId,
});

const store = async (
  the: ProposeDeps,
  tx: Tx,
  by: Acting,
  authorised: Authorised,
  revision: ProposedRevision,
): Promise<Done<ProposedOutcome>> => {
  await useBase(tx, authorised.base.id);
  await requireInForce(tx, by, null, the.now());
  const base = await findBase(tx, authorised.base.id);
  if (base === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: authorised.base.id });
  requireOpenBase(by, base);
  requireTerms(base.policy, base.registration.data_manifest, revision);
  await requireDocuments(tx, base.id, revision);
  const draft = recordOf(by, base, revision, the.now(), '');
  const records = proposalEvents(the, by, { ...authorised, base }, draft, revision);
  const contribution = { ...draft, lastEvent: records.at(-1)?.event.id ?? '' };
  await insertContribution(tx, contribution);
  const eventId = records[0]?.event.id ?? '';
  await insertRevision(tx, revisionOf(contribution, revision, contribution.proposedAt, eventId));
  return { outcome: outcomeOf(contribution), status: 201, records };
};

/**
 * @throws Fault contribution_invalid, knowledge_base_not_found, authority_denied, knowledge_base_paused,
 *   contribution_closed, version_not_found, base_version_conflict, no_change, idempotency_conflict, key_revoked
 */
export const proposeContribution =
  (the: ProposeDeps) =>
  async (attempt: Attempt, base: BaseId, body: JsonBody): Promise<Written<ProposedOutcome>> => {
    const authorised = await the.authorise(attempt.by, { base, operation: 'propose', verb: 'propose' });
    const revision = readRevision(body);
    requireOpenBase(attempt.by, authorised.base);
    requireTerms(authorised.base.policy, authorised.base.registration.data_manifest, revision);
    const before = await answeredBefore(the, base, revision);
    if (before !== undefined) return before;
    await checkRevision(the, authorised.base, revision);
    try {
      return await the.record(attempt, (tx) => store(the, tx, attempt.by, authorised, revision));
    } catch (error) {
      if (!isUniqueViolation(error, 'contributions_of_signal')) throw error;
      return (await answeredBefore(the, base, revision)) ?? Promise.reject(error);
    }
  };
