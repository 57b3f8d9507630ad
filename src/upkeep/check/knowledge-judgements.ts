// Checks what was said about revisions: verdicts, results and decisions stand as the events that tell of them say.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import {
  areJudged,
  type CheckedJudgement,
  decisionsAfter,
  evalsAfter,
  type JudgementKey,
  type ToldJudgement,
  verdictsAfter,
} from '../contribution-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { difference, type Facts, toldEvent, toldPayload } from './told.ts';

export interface JudgementsDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const DECIDED_BY: Readonly<Record<string, readonly string[]>> = {
  approve: ['KnowledgeContributionApproved'],
  accept: ['KnowledgeContributionAccepted'],
  reject: ['KnowledgeContributionRejected', 'KnowledgeContributionObjected'],
  request_changes: ['KnowledgeContributionRevisionRequested'],
};

/** Some events of decisions name no revision by its digest. */
const decisionTold = (row: CheckedJudgement, told: JsonObject): Facts => {
  const kinds = DECIDED_BY[row.word] ?? [];
  return {
    kind: kinds.includes(row.event_kind ?? '') ? row.event_kind : kinds[0],
    digest: told['revision_digest'] ?? row.digest,
    key: toldEvent(row)['actor'],
    word: row.word,
  };
};

const TOLD: Readonly<Record<ToldJudgement['kind'], (row: CheckedJudgement, told: JsonObject) => Facts>> = {
  verdict: (_, told) => ({
    kind: 'KnowledgeContributionVerified',
    digest: told['target'],
    key: told['agentId'],
    word: told['verdict'],
  }),
  eval: (_, told) => ({
    kind: 'EvaluationCompleted',
    digest: told['revision_digest'],
    key: told['suite'],
    word: told['result'],
  }),
  decision: decisionTold,
};

const checkJudgement = (
  { report }: JudgementsDeps,
  kind: ToldJudgement['kind'],
  row: CheckedJudgement,
): void => {
  const told = toldPayload(row);
  const said = { contribution: told['contribution_id'], actor: toldEvent(row)['actor'] };
  const { contribution, actor, digest, key, word } = row;
  const found = { contribution, actor, kind: row.event_kind, digest, key, word };
  const evidence = difference({ ...said, ...TOLD[kind](row, told) }, found);
  if (evidence !== undefined)
    report.add('judgement_differs', `${contribution} ${kind} of ${actor}`, evidence);
};

const PAGES = { verdict: verdictsAfter, eval: evalsAfter, decision: decisionsAfter } as const;

export const checkJudgements = async (the: JudgementsDeps): Promise<void> => {
  for (const kind of ['verdict', 'eval', 'decision'] as const) {
    const rows = rowsBehind<CheckedJudgement, JudgementKey>(
      { contribution: '', digest: '', key: '', actor: '' },
      (after) => PAGES[kind](the.tx, after),
      (row) => row,
    );
    for await (const row of rows) checkJudgement(the, kind, row);
  }
};

/** What an event says that somebody said of one revision; of one that names no revision nothing can be told. */
export const judgementTold = (kind: string, actor: unknown, told: JsonObject): ToldJudgement | undefined => {
  const by = String(actor);
  const said = { contribution: String(told['contribution_id']), key: by, actor: by };
  const digest = String(told['revision_digest']);
  if (kind === 'KnowledgeContributionVerified')
    return { ...said, kind: 'verdict', digest: String(told['target']) };
  if (kind === 'EvaluationCompleted') return { ...said, kind: 'eval', digest, key: String(told['suite']) };
  const named = ['Approved', 'Objected', 'Accepted'].map((word) => `KnowledgeContribution${word}`);
  return named.includes(kind) ? { ...said, kind: 'decision', digest } : undefined;
};

export interface PlacedJudgement extends ToldJudgement {
  readonly eventId: string;
}

/** Nothing that was said may vanish: without its row a veto counts no more. */
export const missJudgements = async (
  { tx, report }: JudgementsDeps,
  told: readonly PlacedJudgement[],
): Promise<void> => {
  if (told.length === 0) return;
  const found = await areJudged(tx, told);
  for (const [at, { kind, contribution, actor, eventId }] of told.entries())
    if (found[at] !== true)
      report.add('judgement_missing', `${contribution} ${kind} of ${actor}`, { expected: eventId });
};
