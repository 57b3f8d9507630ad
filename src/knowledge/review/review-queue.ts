// What waits for those who may review it, the longest waiting first, with how far each is and what keeps it waiting.
import type { Acting } from '../../access/workforces/acting.ts';
import type { Sql } from '../../database/connect.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { policiesSince } from '../bases/base-store.ts';
import { requirementsFor } from '../bases/path-rules.ts';
import { strictest } from '../bases/policy.ts';
import { reviewedBases, type SightDeps } from '../bases/sight.ts';
import { pageOf } from '../calls/queries.ts';
import { approvalsThatCount, areOne, shortfalls, type Weighed } from './approvals.ts';
import { type After, pathsOfRevision, type WaitingRow, waitingIn } from './contribution-view-store.ts';

export interface ReviewQueueDeps extends SightDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

export interface QueueRequest {
  /** Absent: all that one may review. */
  readonly base: BaseId | undefined;
  readonly after: After | undefined;
  readonly limit: number;
}

const basesFor = async (
  the: ReviewQueueDeps,
  by: Acting,
  base: BaseId | undefined,
): Promise<readonly BaseId[]> => {
  if (base === undefined) return reviewedBases(by);
  await the.authorise(by, { base, operation: 'review', verb: 'review' });
  return [base];
};

type FindPolicy = (row: WaitingRow) => Promise<ContributionPolicy>;

/** The strictest since each was proposed; many were proposed under the same. */
const policies = (sql: Sql): FindPolicy => {
  const known = new Map<string, Promise<ContributionPolicy>>();
  const read = async ({ base, policy_version }: WaitingRow): Promise<ContributionPolicy> => {
    const [first, ...more] = await policiesSince(sql, base, policy_version);
    if (first === undefined) throw new Error(`${base} is without its policy ${policy_version}`);
    return strictest([first, ...more]);
  };
  return (row) => {
    const key = `${row.base} ${row.policy_version}`;
    const found = known.get(key) ?? read(row);
    known.set(key, found);
    return found;
  };
};

const weighed = (row: WaitingRow, paths: readonly string[], policy: ContributionPolicy): Weighed => ({
  contribution: row,
  revision: {
    digest: row.digest,
    changes: paths.map((path) => ({ op: 'delete', path: path as KnowledgePath })),
  },
  policy,
  judgements: {
    decisions: row.decisions.map((each) => ({
      ...each,
      contribution: row.id,
      reasonCode: null,
      at: new Date(each.at),
    })),
  },
});

const MOST_TOLD = 16;

const itemBody = (
  by: Acting,
  row: WaitingRow,
  paths: readonly string[],
  policy: ContributionPolicy,
  now: Date,
) => {
  const asked = requirementsFor(policy, paths);
  const looked = weighed(row, paths, policy);
  const missing = shortfalls(looked, undefined, true);
  return {
    contribution_id: row.id,
    knowledge_base_id: row.base,
    state: row.state,
    reasons: row.reasons,
    age_seconds: Math.max(0, Math.floor((now.getTime() - row.revised_at.getTime()) / 1_000)),
    required_approvals: Math.max(...asked.map(({ required_approvals }) => required_approvals)),
    approvals: approvalsThatCount(looked).length,
    missing: missing.map(({ paths, ...rest }) => ({ ...rest, paths: paths.slice(0, MOST_TOLD) })),
    proposer: row.proposer,
    // Nobody decides about what he stands behind himself.
    own: areOne(by, row),
    revision: row.revision,
    revision_digest: row.digest,
    confidence: row.confidence,
    changes: row.changes,
    verdicts: row.verdicts.map(({ own, ...rest }) => ({ ...rest, self_verified: own })),
    proposed_at: row.proposed_at,
    revised_at: row.revised_at,
    expires_at: row.expires_at,
  };
};

const itemOf = async (
  the: ReviewQueueDeps,
  by: Acting,
  row: WaitingRow,
  policy: ContributionPolicy,
  now: Date,
) => {
  // Only rules look at every path; what else is told of them is a few.
  const most = policy.path_rules.length === 0 ? MOST_TOLD : null;
  return itemBody(by, row, await pathsOfRevision(the.sql, row, most), policy, now);
};

/** @throws Fault knowledge_base_not_found, authority_denied for a base that one may not review */
export const reviewQueue =
  (the: ReviewQueueDeps) =>
  async (by: Acting, { base, after, limit }: QueueRequest): Promise<object> => {
    const now = the.now();
    const found = await waitingIn(the.sql, await basesFor(the, by, base), now, after, limit + 1);
    const { shown, next } = pageOf(found, limit, ({ revised_at, id }) => ({ at: revised_at, id }));
    const policyOf = policies(the.sql);
    const items: object[] = [];
    // One after the other: proposers choose how many paths there are, and nobody holds those of all at once.
    for (const row of shown) items.push(await itemOf(the, by, row, await policyOf(row), now));
    return { items, next };
  };
