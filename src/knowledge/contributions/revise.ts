// Puts a new revision in the place of the one that stands: it starts with no verdict, no evaluation and no approval.

import type { Tx } from '../../database/connect.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import { revisionDigest } from '../../protocol/knowledge/changes.ts';
import { baseOfContribution, type ContributionId } from '../../protocol/knowledge/ids.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, Written } from '../events/record.ts';
import type { ApplyDeps } from '../versions/apply.ts';
import {
  type ActDeps,
  type ActOutcome,
  actOn,
  type Held,
  moved,
  ofContribution,
  requireContribution,
  requireTransition,
  whereOf,
} from './act.ts';
import { checkRevision, requireDocuments } from './check-revision.ts';
import type { ContributionRecord } from './contribution.ts';
import { type ProposedRevision, readRevision } from './contribution-body.ts';
import { hasRevision, insertRevision } from './contribution-store.ts';
import { expiryOf, openingReasons, revisionLimit, revisionsLeft } from './lifecycle.ts';
import { escalation } from './proposal-events.ts';
import { pathsOf, requireOpenBase, revisionOf } from './propose.ts';
import { requireTerms } from './terms.ts';
import { requireProposer } from './withdraw.ts';

export type ReviseDeps = ActDeps & ApplyDeps;

/** The limit is of the loop between proposer and reviewers (RFC 0061). */
const requireRoom = ({ contribution, policy }: Held): void => {
  if (revisionsLeft(policy, contribution) === 0)
    throw fault('revision_limit_exceeded', revisionLimit(policy));
};

const next = (
  the: ReviseDeps,
  { base, contribution, policy }: Held,
  revision: ProposedRevision,
): ContributionRecord => {
  const at = the.now();
  return {
    ...contribution,
    revision: contribution.revision + 1,
    digest: revisionDigest(base.id, revision.baseVersion, revision.changes),
    baseVersion: revision.baseVersion,
    confidence: revision.confidence,
    reasons: openingReasons(policy, base.sensitivity, revision.confidence, pathsOf(revision)),
    revisionsLeft: revisionsLeft(policy, contribution) - 1,
    revisedAt: at,
    expiresAt: expiryOf(policy, at),
  };
};

/**
 * Another than all before it: verdicts and approvals are about a digest, which says nothing of summary, confidence and
 * criteria, and those of an earlier revision would count for what is claimed now.
 */
const requireOther = async (tx: Tx, { id, digest }: ContributionRecord): Promise<void> => {
  if (!(await hasRevision(tx, id, digest))) return;
  const message = 'This revision stands, or stood before: to claim something else of it, propose it anew.';
  throw fault('no_change', { revision_digest: digest }, message);
};

const revise = async (
  the: ReviseDeps,
  tx: Tx,
  held: Held,
  revision: ProposedRevision,
): Promise<Done<ActOutcome>> => {
  const { by, base, clauses, contribution: before, policy } = held;
  requireProposer(held);
  const state = requireTransition(before, 'revise', undefined);
  requireRoom(held);
  requireOpenBase(by, base);
  requireTerms(policy, base.registration.data_manifest, revision);
  await requireDocuments(tx, base.id, revision);
  const now = next(the, held, revision);
  await requireOther(tx, now);
  const payload = {
    ...ofContribution(now),
    base_version: now.baseVersion,
    revision_digest: now.digest,
    previous_digest: before.digest,
    rebased: false,
  };
  const context = contextOf(by, clauses, before.lastEvent);
  const revised = the.make('KnowledgeContributionRevised', context, payload, whereOf(now));
  const escalated = escalation(the, contextOf(by, clauses, revised.event.id), now, policy.confidence_floor);
  await insertRevision(tx, revisionOf(now, revision, now.revisedAt, revised.event.id));
  const { revision: number, digest, baseVersion, confidence, reasons, revisedAt, expiresAt } = now;
  const left = { revisionsLeft: now.revisionsLeft, revisedAt, expiresAt };
  const to = { state, revision: number, digest, baseVersion, confidence, reasons, ...left };
  return moved(tx, before, to, [revised, ...escalated]);
};

/** @throws Fault contribution_invalid, forbidden, invalid_transition, revision_limit_exceeded, no_change; as `actOn` */
export const reviseContribution =
  (the: ReviseDeps) =>
  async (attempt: Attempt, id: ContributionId, body: JsonBody): Promise<Written<ActOutcome>> => {
    const asked = { base: baseOfContribution(id), operation: 'propose', verb: 'propose' } as const;
    const { base } = await the.authorise(attempt.by, asked);
    const revision = readRevision(body);
    await requireContribution(the.sql, id);
    await checkRevision(the, base, revision);
    return actOn(the)(attempt, id, { operation: 'propose' }, (tx, held) => revise(the, tx, held, revision));
  };
