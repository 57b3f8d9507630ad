// Contributions as lists show them: of a base, of everything that waits for a reviewer, and those whose time is over.
import type { Queryable } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId, ContributionId, PrincipalId } from '../../protocol/knowledge/ids.ts';
import type {
  ContributionState,
  DecisionRecord,
  ReviewReason,
  VerdictRecord,
} from '../contributions/contribution.ts';

type Fragment = ReturnType<Queryable>;

/** Behind or before which a page goes on. */
export interface After {
  readonly at: Date;
  readonly id: string;
}

export interface ContributionRow {
  readonly id: ContributionId;
  readonly base: BaseId;
  readonly proposer: PrincipalId;
  readonly state: ContributionState;
  readonly revision: number;
  readonly digest: NamedDigest;
  readonly base_version: Cid | null;
  readonly confidence: number | null;
  readonly reasons: readonly ReviewReason[];
  readonly proposed_at: Date;
  readonly revised_at: Date;
  readonly expires_at: Date;
  readonly resulting: Cid | null;
}

const COLUMNS = [
  'id',
  'base',
  'proposer',
  'state',
  'revision',
  'digest',
  'base_version',
  'confidence',
  'reasons',
  'proposed_at',
  'revised_at',
  'expires_at',
  'resulting',
];

export interface ContributionFilter {
  readonly state: ContributionState | undefined;
  /** Only those that this one stands behind. */
  readonly backer: PrincipalId | undefined;
  readonly before: After | undefined;
  readonly limit: number;
}

/** Newest first. */
export const contributionsOf = (
  db: Queryable,
  base: BaseId,
  { state, backer, before, limit }: ContributionFilter,
): Promise<readonly ContributionRow[]> => db<ContributionRow[]>`
  select ${db(COLUMNS)} from knowledge_contributions
  where base = ${base}
    ${state === undefined ? db`` : db`and state = ${state}`}
    ${backer === undefined ? db`` : db`and ${backer} = any(closure)`}
    ${before === undefined ? db`` : db`and (proposed_at, id) < (${before.at}, ${before.id})`}
  order by proposed_at desc, id desc limit ${limit}`;

/** One that waits, with what tells how far it is. */
export interface WaitingRow extends ContributionRow {
  readonly account: string;
  readonly closure: readonly string[];
  readonly policy_version: number;
  /** How many paths the revision changes. */
  readonly changes: number;
  readonly decisions: readonly (Omit<DecisionRecord, 'contribution' | 'at' | 'reasonCode'> & {
    readonly at: string;
  })[];
  readonly verdicts: readonly Pick<VerdictRecord, 'verifier' | 'verdict' | 'confidence' | 'own'>[];
}

const decisionsOn = (db: Queryable): Fragment => db`
  select coalesce(json_agg(json_build_object('digest', said.digest, 'actor', actor, 'account', said.account,
      'closure', said.closure, 'role', said.role, 'decision', decision, 'signature', signature, 'at', at,
      'eventId', event_id) order by at, actor), '[]')
  from knowledge_decisions as said where said.contribution = open.id and said.digest = open.digest`;

const verdictsOn = (db: Queryable): Fragment => db`
  select coalesce(json_agg(json_build_object('verifier', verifier, 'verdict', verdict, 'confidence', said.confidence,
      'own', own) order by at, verifier), '[]')
  from knowledge_verdicts as said where said.contribution = open.id and said.digest = open.digest`;

/** Open, and not over: that which waits longest first, by when its newest revision came. */
export const waitingIn = (
  db: Queryable,
  bases: readonly BaseId[],
  now: Date,
  after: After | undefined,
  limit: number,
): Promise<readonly WaitingRow[]> => db<WaitingRow[]>`
  with open as materialized (
    select each.* from unnest(${[...bases]}::text[]) as wanted (base)
    cross join lateral (
      select * from knowledge_contributions as contributions
      where contributions.base = wanted.base and state in ('in_review', 'changes_requested') and expires_at > ${now}
        ${after === undefined ? db`` : db`and (revised_at, id) > (${after.at}, ${after.id})`}
      order by revised_at, id limit ${limit}) as each
    order by revised_at, id limit ${limit}
  )
  select ${db(COLUMNS.map((name) => `open.${name}`))}, open.account, open.closure, open.policy_version,
    jsonb_array_length(revisions.changes) as changes,
    (${decisionsOn(db)}) as decisions, (${verdictsOn(db)}) as verdicts
  from open join knowledge_revisions as revisions
    on revisions.contribution = open.id and revisions.revision = open.revision
  order by open.revised_at, open.id`;

/** That a revision changes, in its own order; not more than `limit` of them where that is said. */
export const pathsOfRevision = async (
  db: Queryable,
  { id, revision }: Pick<ContributionRow, 'id' | 'revision'>,
  limit: number | null,
): Promise<readonly string[]> => {
  const rows = await db<{ path: string }[]>`
    select change ->> 'path' as path
    from knowledge_revisions, jsonb_array_elements(changes) with ordinality as each (change, at)
    where contribution = ${id} and revision = ${revision} order by at limit ${limit}`;
  return rows.map(({ path }) => path);
};

/** Open ones whose time is over, also by a policy that came later and gives them less. */
export const overdueContributions = async (
  db: Queryable,
  now: Date,
  limit: number,
): Promise<readonly ContributionId[]> => {
  const rows = await db<{ id: ContributionId }[]>`
    select id from knowledge_contributions as open
    where state in ('in_review', 'changes_requested') and (expires_at <= ${now} or revised_at <= ${now}::timestamptz
      - (select min((policy ->> 'proposal_ttl_days')::integer) from knowledge_policies as policies
          where policies.base = open.base and policies.version >= open.policy_version) * interval '24 hours')
    order by expires_at, id limit ${limit}`;
  return rows.map(({ id }) => id);
};

/** The canonical bytes of the event by which a contribution was proposed. */
export const proposalOf = async (db: Queryable, id: ContributionId): Promise<Uint8Array | undefined> => {
  const [row] = await db<{ opened: Uint8Array }[]>`
    select coalesce(events.sealed, events.leaf) as opened
    from knowledge_revisions as revisions join events on events.id = revisions.event_id
    where revisions.contribution = ${id} and revisions.revision = 1`;
  return row?.opened;
};
