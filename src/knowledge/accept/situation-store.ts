// Everything that a decision about a contribution follows from, in one look: nothing of it can be newer than the rest.

import type { Sql } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
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
  /** Paths of the revision at which the current version has something else than the one that it is made from. */
  readonly clashes: readonly KnowledgePath[];
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
  readonly current: NonNullable<Ground> | null;
  readonly newest: NonNullable<Ground> | null;
  readonly clashes: readonly KnowledgePath[];
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
  if (row.revision === null) throw new Error('a contribution without its revision');
  return {
    base: toBase(timed<BaseRow>(row.base)),
    contribution,
    revision: toRevision(timed<RevisionRow>(row.revision)),
    judgements: toJudgements(
      allTimed<VerdictRow>(row.verdicts),
      allTimed<EvalRow>(row.evals),
      allTimed<DecisionRow>(row.decisions),
    ),
    policies: row.policies,
    current: row.current ?? undefined,
    newest: row.newest ?? undefined,
    clashes: row.clashes,
  };
};

/** Contributions of one base; all of them are looked at in one moment. */
export type FindSituations = (
  ids: readonly ContributionId[],
) => Promise<ReadonlyMap<ContributionId, FoundSituation>>;

const findAll =
  (sql: Sql) =>
  async (all: readonly (readonly ContributionId[])[]): Promise<readonly (readonly FoundSituation[])[]> => {
    const rows = await sql<{ found: SituationRow }[]>`
      select situations_of(${all.flat()}::text[]) as found`;
    const found = new Map(rows.map(({ found: row }) => [row.contribution.id, toSituation(row)]));
    return all.map((ids) => ids.flatMap((id) => found.get(id) ?? []));
  };

const MOST_ASKED = 32;

/** Without those that there are not; those who ask at once share a statement. */
export const situationFinder = (sql: Sql): FindSituations => {
  const find = sharing({ run: findAll(sql), weigh: (ids) => ids.length, most: MOST_ASKED });
  return async (ids) => new Map((await find(ids)).map((found) => [found.contribution.id, found]));
};
