// Moves a contribution onto the current version where its policy lets that happen by itself: a revision like any other.
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Tx } from '../../database/connect.ts';
import { useBase } from '../bases/base-store.ts';
import { type ActOutcome, moved, ofContribution, whereOf } from '../contributions/act.ts';
import type { ContributionRecord } from '../contributions/contribution.ts';
import { findContribution, insertRevision, lockContribution } from '../contributions/contribution-store.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import type { Done, RecordOnce, Repeatable } from '../events/record.ts';
import { contextBy, type Deciding, type Deliberation, type Standing } from './acceptance.ts';

export interface RebaseDeps {
  readonly make: MakeKnowledgeEvent;
  readonly recordOnce: RecordOnce;
  readonly now: () => Date;
}

/** Something that the decision was made from is no longer so; it may be made again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The event of the move; nothing where the contribution stood on the current version. */
export const rebaseRecords = (
  { make }: Pick<RebaseDeps, 'make'>,
  deciding: Deciding,
  { contribution, rebasedFrom }: Deliberation,
): readonly KnowledgeRecord[] => {
  if (rebasedFrom === null) return [];
  const payload = {
    ...ofContribution(contribution),
    base_version: contribution.baseVersion,
    revision_digest: contribution.digest,
    previous_digest: rebasedFrom.digest,
    rebased: true,
  };
  const context = contextBy(deciding, rebasedFrom.lastEvent);
  return [make('KnowledgeContributionRevised', context, payload, whereOf(contribution))];
};

const storeRebased = async (
  tx: Tx,
  { revision, rebasedFrom }: Deliberation,
  [event]: readonly KnowledgeRecord[],
): Promise<void> => {
  if (rebasedFrom === null || event === undefined) return;
  await insertRevision(tx, { ...revision, proposedAt: event.event.at, eventId: event.event.id });
};

const requireStanding = async (the: RebaseDeps, tx: Tx, standing: Standing | null): Promise<void> => {
  if (standing !== null) await requireInForce(tx, standing.by, standing.binding, the.now());
};

/** @throws Overtaken where something happened to it meanwhile */
const requireUnmoved = async (tx: Tx, seen: ContributionRecord): Promise<void> => {
  const found = await findContribution(tx, seen.id);
  if (found?.moves !== seen.moves) throw new Overtaken();
};

const rebase = async (
  the: RebaseDeps,
  tx: Tx,
  deciding: Deciding,
  found: Deliberation,
): Promise<Done<ActOutcome>> => {
  const { contribution, rebasedFrom } = found;
  await useBase(tx, contribution.base);
  await lockContribution(tx, contribution.id);
  await requireStanding(the, tx, deciding.standing);
  await requireUnmoved(tx, contribution);
  const records = rebaseRecords(the, deciding, found);
  await storeRebased(tx, found, records);
  const { revision, digest, baseVersion } = contribution;
  return moved(tx, rebasedFrom ?? contribution, { revision, digest, baseVersion }, records);
};

/** By itself, where an acceptance is refused all the same: those who approved the older revision have to look again. */
export const rebaseContribution = async (
  the: RebaseDeps,
  { by, request }: Repeatable,
  deciding: Deciding,
  found: Deliberation,
): Promise<void> => {
  // Under no key: what is asked for under it is still to be answered.
  await the.recordOnce({ by, request, key: undefined }, (tx) => rebase(the, tx, deciding, found));
};
