// Everything that a decision about a contribution follows from, in one look: nothing of it can be newer than the rest.

import type { Sql } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord } from '../bases/base.ts';
import { type BaseRow, toBase } from '../bases/base-rows.ts';
import type { ContributionRecord, Judgements, RevisionRecord } from '../contributions/contribution.ts';
import {
  type ContributionRow,
  type DecisionRow,
  type EvalRow,
  type RevisionRow,
  toContribution,
  toJudgements,
  toRevision,
  type VerdictRow,
} from '../contributions/contribution-rows.ts';
import type { Ground } from '../versions/apply.ts';

export interface FoundSituation {
  readonly base: BaseRecord;
  readonly contribution: ContributionRecord;
  readonly revision: RevisionRecord;
  readonly judgements: Judgements;
  /** Since the contribution was proposed, oldest first. */
  readonly policies: readonly ContributionPolicy[];
  readonly current: Ground;
  readonly newest: Ground;
  /** The version that the revision is made from. */
  readonly madeFrom: Ground;
}

/** As JSON has a row: times are texts. */
type Told<Row> = { readonly [K in keyof Row]: Row[K] extends Date ? string : Row[K] };

interface SituationRow {
  readonly base: Told<BaseRow>;
  readonly contribution: Told<ContributionRow>;
  readonly revision: Told<RevisionRow> | null;
  readonly verdicts: readonly Told<VerdictRow>[];
  readonly evals: readonly Told<EvalRow>[];
  readonly decisions: readonly Told<DecisionRow>[];
  readonly policies: readonly ContributionPolicy[];
  readonly grounds: readonly NonNullable<Ground>[];
}

const TIMES = ['at', 'proposed_at', 'revised_at', 'expires_at', 'registered_at'];

const timed = <Row>(row: Told<Row>): Row =>
  Object.fromEntries(
    Object.entries(row as object).map(([name, value]) => [
      name,
      TIMES.includes(name) && typeof value === 'string' ? new Date(value) : value,
    ]),
  ) as Row;

const allTimed = <Row>(rows: readonly Told<Row>[]): readonly Row[] => rows.map((row) => timed<Row>(row));

const toSituation = (row: SituationRow): FoundSituation => {
  const contribution = toContribution(timed<ContributionRow>(row.contribution));
  const base = toBase(timed<BaseRow>(row.base));
  if (row.revision === null) throw new Error('a contribution without its revision');
  const groundOf = (id: Cid | null): Ground => row.grounds.find((each) => each.id === id);
  return {
    base,
    contribution,
    revision: toRevision(timed<RevisionRow>(row.revision)),
    judgements: toJudgements(
      allTimed<VerdictRow>(row.verdicts),
      allTimed<EvalRow>(row.evals),
      allTimed<DecisionRow>(row.decisions),
    ),
    policies: row.policies,
    current: groundOf(base.current),
    newest: row.grounds.find(({ seq }) => seq === base.lastSeq),
    madeFrom: groundOf(contribution.baseVersion),
  };
};

/** Undefined where there is no such contribution. */
export const findSituation = async (sql: Sql, id: ContributionId): Promise<FoundSituation | undefined> => {
  const [row] = await sql<SituationRow[]>`
    select to_jsonb(bases) as base, to_jsonb(contributions) as contribution,
      (select to_jsonb(revisions) from knowledge_revisions as revisions
        where revisions.contribution = contributions.id and revisions.revision = contributions.revision) as revision,
      (select coalesce(jsonb_agg(verdicts order by at, verifier), '[]') from knowledge_verdicts as verdicts
        where verdicts.contribution = contributions.id and verdicts.digest = contributions.digest) as verdicts,
      (select coalesce(jsonb_agg(evals order by suite), '[]') from knowledge_evals as evals
        where evals.contribution = contributions.id and evals.digest = contributions.digest) as evals,
      (select coalesce(jsonb_agg(decisions order by at, actor), '[]') from knowledge_decisions as decisions
        where decisions.contribution = contributions.id and decisions.digest = contributions.digest) as decisions,
      (select coalesce(jsonb_agg(policies.policy order by policies.version), '[]') from knowledge_policies as policies
        where policies.base = bases.id and policies.version >= contributions.policy_version) as policies,
      (select coalesce(jsonb_agg(jsonb_build_object('id', versions.id, 'seq', seq, 'content', content,
          'entries', entries, 'bytes', bytes)), '[]') from knowledge_versions as versions
        where versions.base = bases.id
          and (versions.id in (bases.current, contributions.base_version) or seq = bases.last_seq)) as grounds
    from knowledge_contributions as contributions join knowledge_bases as bases on bases.id = contributions.base
    where contributions.id = ${id}`;
  return row === undefined ? undefined : toSituation(row);
};
