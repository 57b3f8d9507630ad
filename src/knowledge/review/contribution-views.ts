// What those who review, and those who proposed, see of contributions: lists, one with everything, its changes and its past.
import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate } from '../../access/workforces/authority.ts';
import type { Sql } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import {
  type BaseId,
  baseOfContribution,
  type ContributionId,
  isHuman,
  type Operation,
  ownerOf,
} from '../../protocol/knowledge/ids.ts';
import { eventBody, openedEvent } from '../audit/event-view.ts';
import { eventsOfContribution } from '../audit/event-view-store.ts';
import type { BaseRecord } from '../bases/base.ts';
import { orNothing, requireContributionSight, type SightDeps } from '../bases/sight.ts';
import { pageOf } from '../calls/queries.ts';
import { effectivePolicy } from '../contributions/act.ts';
import type { ContributionRecord, RevisionRecord } from '../contributions/contribution.ts';
import { findContribution, findRevision, judgementsOf } from '../contributions/contribution-store.ts';
import { isFinal } from '../contributions/lifecycle.ts';
import { entriesAtPaths } from '../versions/entry-store.ts';
import { findVersion } from '../versions/version-store.ts';
import {
  contributionBody,
  entryBody,
  gateBody,
  judgementsBody,
  listedBody,
  revisionBody,
} from './contribution-bodies.ts';
import { type ContributionFilter, contributionsOf, proposalOf } from './contribution-view-store.ts';
import { type Decider, type Gate, type Situation, unmetGates } from './gates.ts';

export interface ContributionViewDeps extends SightDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

/** Newest first; to whoever may only propose, his own and those of his agents. */
export const listContributions =
  (the: ContributionViewDeps) =>
  async (by: Acting, base: BaseId, filter: Omit<ContributionFilter, 'backer'>): Promise<object> => {
    const { sees } = await requireContributionSight(the, by, base);
    const backer = sees === 'own' ? by.id : undefined;
    const found = await contributionsOf(the.sql, base, { ...filter, backer, limit: filter.limit + 1 });
    const { shown, next } = pageOf(found, filter.limit, ({ proposed_at, id }) => ({ at: proposed_at, id }));
    return { contributions: shown.map(listedBody), next };
  };

interface Seen {
  readonly base: BaseRecord;
  readonly contribution: ContributionRecord;
}

const absent = (id: ContributionId): Fault => fault('contribution_not_found', { contribution_id: id });

/** @throws Fault contribution_not_found, whatever keeps one from seeing it */
const requireSeen = async (the: ContributionViewDeps, by: Acting, id: ContributionId): Promise<Seen> => {
  const asked = requireContributionSight(the, by, baseOfContribution(id));
  const { base, sees } = await orNothing(asked, absent(id));
  const contribution = await findContribution(the.sql, id);
  const isSeen = contribution !== undefined && (sees === 'all' || contribution.closure.includes(by.id));
  if (!isSeen) throw absent(id);
  return { base, contribution };
};

const requireRevision = async (
  the: ContributionViewDeps,
  { id, revision }: ContributionRecord,
): Promise<RevisionRecord> => {
  const found = await findRevision(the.sql, id, revision);
  if (found === undefined) throw new Error(`${id} is without its revision ${revision}`);
  return found;
};

const deciderOf = (by: Acting, { id: base }: BaseRecord): Decider => {
  const may = (operation: Operation & ('review' | 'administer')): boolean =>
    evaluate(by.authority, { base, operation, verb: operation }).granted;
  const kind = isHuman(by.id) ? 'human' : 'worker';
  const { id, account, closure, role } = by;
  return { kind, id, account, closure, role, mayReview: may('review'), mayAdminister: may('administer') };
};

/** First of all, whether the role lets it be done. */
const grantGate = (by: Acting, { id: base }: BaseRecord): readonly Gate[] => {
  const granted = evaluate(by.authority, { base, operation: 'accept', verb: 'accept' });
  if (granted.granted) return [];
  return [{ code: 'authority_denied', details: { operation: 'accept', missing_axis: granted.missing } }];
};

/** Of what has come to its end only that it has. */
const shutGates = (by: Acting, situation: Situation): readonly Gate[] => {
  const gates = unmetGates(situation);
  return isFinal(situation.contribution.state)
    ? gates.filter(({ code }) => code === 'invalid_transition')
    : [...grantGate(by, situation.base), ...gates];
};

/** Everything about one: as it stands, what was said of its revision, and why the one who asks could not accept it. */
export const readContribution =
  (the: ContributionViewDeps) =>
  async (by: Acting, id: ContributionId): Promise<object> => {
    const { base, contribution } = await requireSeen(the, by, id);
    const revision = await requireRevision(the, contribution);
    const judgements = await judgementsOf(the.sql, id, contribution.digest);
    const policy = await effectivePolicy(the.sql, base, contribution);
    const baseMoved = base.current !== revision.baseVersion;
    const situation = { base, contribution, revision, policy, judgements, baseMoved };
    const asked = { ...situation, by: deciderOf(by, base), decisionSigned: false, now: the.now() };
    return {
      ...contributionBody(contribution),
      revision: revisionBody(revision),
      ...judgementsBody(judgements),
      unmet_gates: shutGates(by, asked).map(gateBody),
      effective_policy: policy,
      current: { knowledge_base_version: base.current, generation: base.generation },
    };
  };

/** Each path that the revision changes: what stands there in the version it is made from, and what would. */
export const diffContribution =
  (the: ContributionViewDeps) =>
  async (by: Acting, id: ContributionId): Promise<object> => {
    const { base, contribution } = await requireSeen(the, by, id);
    const { changes, ...rest } = revisionBody(await requireRevision(the, contribution));
    const { revision, revision_digest, base_version } = rest;
    const ground = base_version === null ? undefined : await findVersion(the.sql, base.id, base_version);
    const paths = changes.map(({ path }) => path);
    const found = ground === undefined ? [] : await entriesAtPaths(the.sql, base.id, ground.seq, paths);
    const before = new Map(found.map(({ path, ...entry }) => [path, entryBody(entry)]));
    const differences = changes.map((change) => {
      if (change.op === 'delete')
        return { path: change.path, before: before.get(change.path) ?? null, after: null };
      const { op, path, meta, ...after } = change;
      return { path, before: before.get(path) ?? null, after };
    });
    return { contribution_id: id, revision, revision_digest, base_version, differences };
  };

/** One hop: the event that led to it, and the host that recorded that only where it is another one. */
export const ancestryOfContribution =
  (the: ContributionViewDeps) =>
  async (by: Acting, id: ContributionId): Promise<object> => {
    const { contribution } = await requireSeen(the, by, id);
    const opened = await proposalOf(the.sql, id);
    const { causationId, causationHostId } = opened === undefined ? {} : openedEvent(opened);
    if (typeof causationId !== 'string') return { contribution_id: id, parent: null };
    const workforce = contribution.signal?.workforce ?? ownerOf(contribution.base);
    const host = causationHostId === undefined ? {} : { host_id: causationHostId };
    return { contribution_id: id, parent: { ...host, workforce, event_ref: causationId } };
  };

export interface ChainRequest {
  /** The event behind which to go on. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Its events, each behind the one that led to it. */
export const eventsOf =
  (the: ContributionViewDeps) =>
  async (by: Acting, id: ContributionId, { after, limit }: ChainRequest): Promise<object> => {
    await requireSeen(the, by, id);
    const found = await eventsOfContribution(the.sql, id, after, limit + 1);
    const shown = found.slice(0, limit);
    const next = found.length > limit ? (shown.at(-1)?.event_id ?? null) : null;
    return { contribution_id: id, events: shown.map(eventBody), next };
  };
