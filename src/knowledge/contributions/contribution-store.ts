// Contributions as rows, their revisions, and what was said about them.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { KnowledgeChange, NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId, ContributionId } from '../../protocol/knowledge/ids.ts';
import type {
  ContributionRecord,
  DecisionRecord,
  EvalRecord,
  Judgements,
  RevisionRecord,
  SignalRef,
  VerdictRecord,
} from './contribution.ts';
import {
  type ContributionRow,
  type DecisionRow,
  type EvalRow,
  type RevisionRow,
  toContribution,
  toJudgements,
  toRevision,
  type VerdictRow,
} from './contribution-rows.ts';

/** Whoever acts on a contribution is alone with it until the transaction ends; take it after the lock of its base. */
export const lockContribution = (tx: Tx, id: ContributionId): Promise<unknown> =>
  tx`select stop_use(${`contribution:${id}`})`;

export const findContribution = async (
  db: Queryable,
  id: ContributionId,
): Promise<ContributionRecord | undefined> => {
  const [row] = await db<ContributionRow[]>`select * from knowledge_contributions where id = ${id}`;
  return row === undefined ? undefined : toContribution(row);
};

export const contributionOfSignal = async (
  db: Queryable,
  base: BaseId,
  signal: SignalRef,
): Promise<ContributionRecord | undefined> => {
  const [row] = await db<ContributionRow[]>`
    select * from knowledge_contributions
    where base = ${base} and signal ->> 'workforce' = ${signal.workforce} and signal ->> 'event_id' = ${signal.event_id}
      and state in ('in_review', 'changes_requested', 'accepted')`;
  return row === undefined ? undefined : toContribution(row);
};

/** Those in bases of the mode `verified` that a verifier let pass, in the order of their ids, behind one of them. */
export const passedContributions = async (
  db: Queryable,
  after: string,
  limit: number,
): Promise<readonly ContributionId[]> => {
  const rows = await db<{ id: ContributionId }[]>`
    select contributions.id from knowledge_contributions as contributions
    join knowledge_bases as bases on bases.id = contributions.base
    where state = 'in_review' and contributions.id > ${after}
      and bases.policy ->> 'mode' = 'verified' and not paused and not held
      and exists (select from knowledge_verdicts as verdicts
        where contribution = contributions.id and verdicts.digest = contributions.digest and verdict = 'pass')
    order by contributions.id limit ${limit}`;
  return rows.map(({ id }) => id);
};

export const insertContribution = (tx: Tx, each: ContributionRecord): Promise<unknown> => tx`
  insert into knowledge_contributions (id, base, proposer, account, closure, role, state, revision, digest, base_version,
    policy_version, confidence, reasons, sources, signal, revisions_left, proposed_at, revised_at, expires_at,
    last_event)
  values (${each.id}, ${each.base}, ${each.proposer}, ${each.account}, ${[...each.closure]}::text[], ${each.role},
    ${each.state}, ${each.revision}, ${each.digest}, ${each.baseVersion}, ${each.policyVersion}, ${each.confidence},
    ${[...each.reasons]}::text[], ${tx.json(each.sources as never)},
    ${each.signal === null ? null : tx.json(each.signal as never)}, ${each.revisionsLeft}, ${each.proposedAt},
    ${each.revisedAt}, ${each.expiresAt}, ${each.lastEvent})`;

/** Everything about a contribution that may change. */
export type ContributionMove = Partial<
  Pick<
    ContributionRecord,
    | 'state'
    | 'revision'
    | 'digest'
    | 'baseVersion'
    | 'confidence'
    | 'reasons'
    | 'revisionsLeft'
    | 'revisedAt'
    | 'expiresAt'
    | 'lastEvent'
    | 'resulting'
  >
>;

/** Counts the move; false where something happened to it since it was read. */
export const moveContribution = async (
  tx: Tx,
  { id, moves }: Pick<ContributionRecord, 'id' | 'moves'>,
  to: ContributionMove,
): Promise<boolean> => {
  const columns = {
    ...(to.state === undefined ? {} : { state: to.state }),
    ...(to.revision === undefined ? {} : { revision: to.revision }),
    ...(to.digest === undefined ? {} : { digest: to.digest }),
    ...(to.baseVersion === undefined ? {} : { base_version: to.baseVersion }),
    ...(to.confidence === undefined ? {} : { confidence: to.confidence }),
    ...(to.reasons === undefined ? {} : { reasons: [...to.reasons] }),
    ...(to.revisionsLeft === undefined ? {} : { revisions_left: to.revisionsLeft }),
    ...(to.revisedAt === undefined ? {} : { revised_at: to.revisedAt }),
    ...(to.expiresAt === undefined ? {} : { expires_at: to.expiresAt }),
    ...(to.lastEvent === undefined ? {} : { last_event: to.lastEvent }),
    ...(to.resulting === undefined ? {} : { resulting: to.resulting }),
    moves: moves + 1,
  };
  const result = await tx`
    update knowledge_contributions set ${tx(columns as never)} where id = ${id} and moves = ${moves}`;
  return result.count === 1;
};

export const findRevision = async (
  db: Queryable,
  id: ContributionId,
  revision: number,
): Promise<RevisionRecord | undefined> => {
  const [row] = await db<RevisionRow[]>`
    select * from knowledge_revisions where contribution = ${id} and revision = ${revision}`;
  return row === undefined ? undefined : toRevision(row);
};

/** Whether any revision of a contribution, the one that stands included, has a digest. */
export const hasRevision = async (
  db: Queryable,
  id: ContributionId,
  digest: NamedDigest,
): Promise<boolean> => {
  const [row] = await db<{ had: boolean }[]>`
    select exists (select from knowledge_revisions where contribution = ${id} and digest = ${digest}) as had`;
  return row?.had === true;
};

export const insertRevision = (tx: Tx, each: RevisionRecord): Promise<unknown> => tx`
  insert into knowledge_revisions (contribution, revision, digest, base_version, changes, summary, confidence, criteria,
    proposed_at, event_id)
  values (${each.contribution}, ${each.revision}, ${each.digest}, ${each.baseVersion},
    ${tx.json(each.changes as readonly KnowledgeChange[] as never)}, ${each.summary}, ${each.confidence},
    ${tx.json(each.criteria as never)}, ${each.proposedAt}, ${each.eventId})`;

/** All that was said about one revision. */
export const judgementsOf = async (
  db: Queryable,
  id: ContributionId,
  digest: NamedDigest,
): Promise<Judgements> => {
  const verdicts = await db<VerdictRow[]>`
    select * from knowledge_verdicts where contribution = ${id} and digest = ${digest} order by at, verifier`;
  const evals = await db<EvalRow[]>`
    select * from knowledge_evals where contribution = ${id} and digest = ${digest} order by suite`;
  const decisions = await db<DecisionRow[]>`
    select * from knowledge_decisions where contribution = ${id} and digest = ${digest} order by at, actor`;
  return toJudgements(verdicts, evals, decisions);
};

/** The newest of a verifier on a revision counts. */
export const putVerdict = (tx: Tx, each: VerdictRecord): Promise<unknown> => tx`
  insert into knowledge_verdicts (contribution, digest, verifier, account, verdict, criteria, confidence, own, at, event_id)
  values (${each.contribution}, ${each.digest}, ${each.verifier}, ${each.account}, ${each.verdict},
    ${[...each.criteria]}::text[], ${each.confidence}, ${each.own}, ${each.at}, ${each.eventId})
  on conflict (contribution, digest, verifier) do update set verdict = excluded.verdict, criteria = excluded.criteria,
    confidence = excluded.confidence, own = excluded.own, at = excluded.at, event_id = excluded.event_id`;

/** The newest result of each evaluator counts. */
export const putEval = (tx: Tx, each: EvalRecord): Promise<unknown> => tx`
  insert into knowledge_evals (contribution, digest, suite, result, evidence, evaluator, at, event_id)
  values (${each.contribution}, ${each.digest}, ${each.suite}, ${each.result}, ${each.evidence}, ${each.evaluator},
    ${each.at}, ${each.eventId})
  on conflict (contribution, digest, suite, evaluator) do update set result = excluded.result, evidence = excluded.evidence,
    evaluator = excluded.evaluator, at = excluded.at, event_id = excluded.event_id`;

/** The last word of each actor on a revision counts. */
export const putDecision = (tx: Tx, each: DecisionRecord): Promise<unknown> => tx`
  insert into knowledge_decisions (contribution, digest, actor, account, closure, role, decision, reason_code, signature,
    at, event_id)
  values (${each.contribution}, ${each.digest}, ${each.actor}, ${each.account}, ${[...each.closure]}::text[],
    ${each.role}, ${each.decision}, ${each.reasonCode}, ${each.signature}, ${each.at}, ${each.eventId})
  on conflict (contribution, digest, actor) do update set decision = excluded.decision, role = excluded.role,
    closure = excluded.closure, reason_code = excluded.reason_code, signature = excluded.signature, at = excluded.at,
    event_id = excluded.event_id`;
