// Accepts a contribution: its decision, the version it becomes, the pointer and their events come true together.
import type { Sql, Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import { revisionDigest } from '../../protocol/knowledge/changes.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { strictest } from '../bases/policy.ts';
import { requireTransition } from '../contributions/act.ts';
import type { Judgements } from '../contributions/contribution.ts';
import { erasuresAmong } from '../documents/erase-store.ts';
import { erasedFault } from '../documents/erased.ts';
import type { MakeKnowledgeEvent } from '../events/events.ts';
import {
  type Answered,
  type Recorded,
  type RecordOnce,
  type Repeatable,
  type Written,
  withReceipt,
} from '../events/record.ts';
import { type Gate, unmetGates } from '../review/gates.ts';
import { changedBetween } from '../versions/entry-store.ts';
import type { Acceptance, AcceptedOutcome, Deliberation, Prepared } from './acceptance.ts';
import { Overtaken } from './acceptance.ts';
import { commitAcceptance } from './commit-acceptance.ts';
import { type NextVersionDeps, nextVersion } from './next-version.ts';
import { rebaseContribution } from './rebase.ts';
import { findSituation } from './situation-store.ts';
import type { InTurn } from './turns.ts';

export interface AcceptDeps extends NextVersionDeps {
  readonly sql: Sql;
  readonly make: MakeKnowledgeEvent;
  readonly answered: Answered;
  readonly recordOnce: RecordOnce;
  readonly awaitReceipt: AwaitReceipt;
  readonly inTurn: InTurn;
}

const NOTHING_SAID: Judgements = { verdicts: [], evals: [], decisions: [] };

const deliberate = async (the: AcceptDeps, { id, digest }: Acceptance): Promise<Deliberation> => {
  const found = await findSituation(the.sql, id);
  if (found === undefined) throw fault('contribution_not_found', { contribution_id: id });
  requireTransition(found.contribution, 'accept', digest);
  const { policies, current, ...rest } = found;
  const policy = strictest([found.base.policy, ...policies]);
  return { ...rest, policy, ground: current, rebasedFrom: null };
};

const conflict = ({ base, contribution }: Deliberation, paths: readonly string[]): Error =>
  fault('base_version_conflict', {
    base_version: contribution.baseVersion,
    current: base.current,
    paths: paths.slice(0, 64),
  });

const hasMoved = ({ base, contribution }: Deliberation): boolean => contribution.baseVersion !== base.current;

const refusal = (gates: readonly [Gate, ...Gate[]]): Error =>
  fault(gates[0].code, {
    ...gates[0].details,
    gates: gates.map(({ code, details }) => ({ code, ...details })),
  });

const gatesOf = (
  the: AcceptDeps,
  { deciding }: Acceptance,
  found: Deliberation,
  baseMoved: boolean,
): readonly Gate[] =>
  unmetGates({
    ...found,
    by: deciding.decider,
    decisionSigned: deciding.signature !== null,
    baseMoved,
    now: the.now(),
  });

/**
 * Only where nothing that it touches changed; a signature would be about another revision, and so forbids it. What was
 * said about the older revision holds for it first: no verdict is lost because the base moved.
 */
const rebased = async (
  the: AcceptDeps,
  acceptance: Acceptance,
  from: Deliberation,
): Promise<Deliberation> => {
  const { base, contribution, revision, policy, ground, madeFrom } = from;
  if (!policy.auto_rebase || policy.signed_decisions) return from;
  const [first, ...more] = gatesOf(the, acceptance, from, false);
  if (first !== undefined) throw refusal([first, ...more]);
  const touched = revision.changes.map(({ path }) => path);
  const paths = await changedBetween(the.sql, base.id, madeFrom?.seq ?? 0, ground?.seq ?? 0, touched);
  if (paths.length > 0) throw conflict(from, paths);
  const digest = revisionDigest(base.id, base.current, revision.changes);
  const moved = { digest, baseVersion: base.current, revision: contribution.revision + 1 };
  return {
    ...from,
    contribution: { ...contribution, ...moved },
    revision: { ...revision, ...moved },
    judgements: NOTHING_SAID,
    rebasedFrom: contribution,
  };
};

/** A contribution that was moved onto the current version starts clean, also where that is all that comes of it. */
const requireGates = async (
  the: AcceptDeps,
  attempt: Repeatable,
  acceptance: Acceptance,
  found: Deliberation,
): Promise<void> => {
  const [first, ...more] = gatesOf(the, acceptance, found, hasMoved(found));
  if (first === undefined) return;
  if (found.rebasedFrom !== null) await rebaseContribution(the, attempt, acceptance.deciding, found);
  throw refusal([first, ...more]);
};

/** What was erased since it was proposed comes in by no other way again. @throws Fault content_erased */
const requireThere = async (the: AcceptDeps, { base, revision }: Deliberation): Promise<void> => {
  const documents = revision.changes.flatMap((change) => (change.op === 'put' ? [change.entry.blob] : []));
  const [erased] = await erasuresAmong(the.sql, base.id, documents);
  if (erased !== undefined) throw erasedFault(erased);
};

/** @param again after something came in between, which may have been an erasure */
const prepare = async (
  the: AcceptDeps,
  attempt: Repeatable,
  acceptance: Acceptance,
  again: boolean,
): Promise<Prepared> => {
  const read = await deliberate(the, acceptance);
  if (again) await requireThere(the, read);
  const found = hasMoved(read) ? await rebased(the, acceptance, read) : read;
  await requireGates(the, attempt, acceptance, found);
  const { base, ground, newest, contribution, revision } = found;
  return { ...found, next: await nextVersion(the, base, ground, newest, contribution, revision) };
};

const TRIES = 5;

const decided = async (
  the: AcceptDeps,
  attempt: Repeatable,
  acceptance: Acceptance,
): Promise<Recorded<AcceptedOutcome>> => {
  const known = await the.answered<AcceptedOutcome>(attempt);
  if (known !== undefined) return known;
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const prepared = await prepare(the, attempt, acceptance, tries > 0);
      return await the.recordOnce(attempt, (tx: Tx) => commitAcceptance(the, tx, acceptance, prepared));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
  throw fault('base_busy', { contribution_id: acceptance.id });
};

/**
 * Those who change one base take turns; whoever comes late sees what the others did. The receipt is waited for when the
 * next has begun.
 * @throws Fault of the first unmet gate, with all of them in its details; base_version_conflict, base_busy
 */
export const acceptContribution =
  (the: AcceptDeps) =>
  async (attempt: Repeatable, base: string, acceptance: Acceptance): Promise<Written<AcceptedOutcome>> =>
    withReceipt(the.awaitReceipt, await the.inTurn(base, () => decided(the, attempt, acceptance)));
