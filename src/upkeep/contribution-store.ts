// Contributions, their revisions and what was said about them, beside the events that tell of each, page by page.
import type { Queryable } from '../database/connect.ts';
import type { Cid } from '../protocol/cid.ts';
import type { BaseId, ContributionId } from '../protocol/knowledge/ids.ts';

const ROWS_AT_ONCE = 200;

/** The event that a row names; all null where there is none. */
interface MadeBy {
  readonly event_kind: string | null;
  readonly event_leaf: Uint8Array | null;
  readonly event_sealed: Uint8Array | null;
}

/** A contribution, beside its last event and the version that came of it. */
export type CheckedContribution = MadeBy & {
  readonly id: ContributionId;
  readonly base: BaseId;
  readonly proposer: string;
  readonly state: string;
  readonly revision: number;
  readonly digest: string;
  readonly base_version: Cid | null;
  readonly resulting: Cid | null;
  readonly last_event: string;
  /** Versions of its base that name it; the first of them. */
  readonly named_by: number;
  readonly version: Cid | null;
  readonly version_proposer: string | null;
  /** Of the revision that it names; null where there is none. */
  readonly revision_digest: string | null;
  readonly revision_ground: Cid | null;
};

export const contributionsAfter = (db: Queryable, after: string): Promise<CheckedContribution[]> =>
  db<CheckedContribution[]>`
    with page as (select * from knowledge_contributions where id > ${after} order by id limit ${ROWS_AT_ONCE}),
      named as (
        select contribution, count(*) as named_by, min(id) as version, min(proposer) as version_proposer
        from knowledge_versions where contribution in (select id from page) group by contribution
      )
    select page.*, coalesce(named.named_by, 0) as named_by, named.version, named.version_proposer,
      revisions.digest as revision_digest, revisions.base_version as revision_ground,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from page
      left join named on named.contribution = page.id
      left join knowledge_revisions as revisions
        on revisions.contribution = page.id and revisions.revision = page.revision
      left join events on events.id = page.last_event
    order by page.id`;

export const countContributions = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ count: number }[]>`select count(*) as count from knowledge_contributions`;
  return row?.count ?? 0;
};

/** Versions that name a contribution which is not there, but for those that came from elsewhere. */
export const versionsOfNothing = (db: Queryable) => db<{ id: Cid; base: BaseId; contribution: string }[]>`
  select versions.id, versions.base, versions.contribution from knowledge_versions as versions
  where not exists (select from knowledge_contributions where id = versions.contribution)
    and not exists (select from knowledge_pointer_moves
      where base = versions.base and generation = 1 and reason = 'import' and to_version = versions.id)
  order by versions.id limit ${ROWS_AT_ONCE}`;

export type CheckedRevision = MadeBy & {
  readonly contribution: ContributionId;
  readonly revision: number;
  readonly digest: string;
  readonly base_version: Cid | null;
  readonly changes: unknown;
};

export type RevisionKey = Pick<CheckedRevision, 'revision'> & { readonly contribution: string };

export const revisionsAfter = (db: Queryable, after: RevisionKey): Promise<CheckedRevision[]> =>
  db<CheckedRevision[]>`
    select contribution, revision, digest, base_version, changes,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_revisions left join events on events.id = knowledge_revisions.event_id
    where (contribution, revision) > (${after.contribution}, ${after.revision})
    order by contribution, revision limit ${ROWS_AT_ONCE}`;

/** A verdict, a result of an evaluation, or a decision. */
export type CheckedJudgement = MadeBy & {
  readonly contribution: ContributionId;
  readonly digest: string;
  /** Of an evaluation the suite; the same as the actor else. */
  readonly key: string;
  readonly actor: string;
  readonly word: string;
};

export type JudgementKey = Pick<CheckedJudgement, 'digest' | 'key' | 'actor'> & {
  readonly contribution: string;
};

export const verdictsAfter = (db: Queryable, after: JudgementKey): Promise<CheckedJudgement[]> =>
  db<CheckedJudgement[]>`
    select contribution, digest, verifier as key, verifier as actor, verdict as word,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_verdicts left join events on events.id = knowledge_verdicts.event_id
    where (contribution, digest, verifier) > (${after.contribution}, ${after.digest}, ${after.key})
    order by contribution, digest, verifier limit ${ROWS_AT_ONCE}`;

export const evalsAfter = (db: Queryable, after: JudgementKey): Promise<CheckedJudgement[]> =>
  db<CheckedJudgement[]>`
    select contribution, digest, suite as key, evaluator as actor, result as word,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_evals left join events on events.id = knowledge_evals.event_id
    where (contribution, digest, suite, evaluator)
      > (${after.contribution}, ${after.digest}, ${after.key}, ${after.actor})
    order by contribution, digest, suite, evaluator limit ${ROWS_AT_ONCE}`;

export const decisionsAfter = (db: Queryable, after: JudgementKey): Promise<CheckedJudgement[]> =>
  db<CheckedJudgement[]>`
    select contribution, digest, knowledge_decisions.actor as key, knowledge_decisions.actor, decision as word,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_decisions left join events on events.id = knowledge_decisions.event_id
    where (contribution, digest, knowledge_decisions.actor)
      > (${after.contribution}, ${after.digest}, ${after.key})
    order by contribution, digest, knowledge_decisions.actor limit ${ROWS_AT_ONCE}`;

/** What an event says that somebody said; `key` as in the rows. */
export interface ToldJudgement {
  readonly kind: 'verdict' | 'eval' | 'decision';
  readonly contribution: string;
  readonly digest: string;
  readonly key: string;
  readonly actor: string;
}

/** Which of them there are rows of, in their order. */
export const areJudged = async (
  db: Queryable,
  told: readonly ToldJudgement[],
): Promise<readonly boolean[]> => {
  const rows = await db<{ found: boolean }[]>`
    select case told.kind
        when 'verdict' then exists (select from knowledge_verdicts as said
          where said.contribution = told.contribution and said.digest = told.digest and verifier = told.key)
        when 'eval' then exists (select from knowledge_evals as said
          where said.contribution = told.contribution and said.digest = told.digest and suite = told.key
            and evaluator = told.actor)
        else exists (select from knowledge_decisions as said
          where said.contribution = told.contribution and said.digest = told.digest and actor = told.key)
      end as found
    from json_to_recordset(${JSON.stringify(told.map((each, at) => ({ at, ...each })))}::text::json)
      as told (at integer, kind text, contribution text, digest text, key text, actor text)
    order by at`;
  return rows.map(({ found }) => found);
};
