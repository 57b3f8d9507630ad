// Checks advisories: each says what the last event about it says, and no version that one in force names is on offer.
import { canonicalText } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import { type AdvisoryContent, affects, packsIn } from '../../packs/advisories/advisory.ts';
import { versionsOfPacks } from '../../packs/advisories/advisory-store.ts';
import { type AdvisoryRow, advisoriesAfter } from '../advisory-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { actorOfEvent, dataOf, eventOf } from './event.ts';

export interface AdvisoriesDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const dayOf = (instant: Date | null): string | null => instant?.toISOString().slice(0, 10) ?? null;

const withdrawalTold = (leaf: Uint8Array): unknown => {
  const bytes = { leaf, sealed: null };
  const withdrawnBy = actorOfEvent(bytes).replace(/^account:/, '');
  const { reason = null } = dataOf(bytes);
  return { reason, withdrawnAt: eventOf(bytes)?.['at'] ?? null, withdrawnBy };
};

/** What the row would say if it were made from the events now; advisories are public, their events never sealed. */
const told = (row: AdvisoryRow): unknown => {
  const said = dataOf({ leaf: row.told_leaf, sealed: null })['advisory'] ?? {};
  const { id = null, publishedAt = null, updatedAt = null, ...content } = said as Record<string, unknown>;
  // What is wrong with an event in itself is found with the rows of the log.
  if (!Array.isArray(content['affected'])) return null;
  const withdrawn = row.ended_leaf === null ? null : withdrawalTold(row.ended_leaf);
  const packs = withdrawn === null ? packsIn(content as unknown as AdvisoryContent) : [];
  return { id, publishedAt, updatedAt, content, withdrawn, packs, eventId: row.ended_id ?? row.told_id };
};

const stored = (row: AdvisoryRow): unknown => ({
  id: row.id,
  publishedAt: dayOf(row.published_at),
  updatedAt: dayOf(row.changed_at),
  content: row.content,
  withdrawn: row.withdrawn,
  packs: row.packs,
  eventId: row.event_id,
});

const isTold = (row: AdvisoryRow): boolean =>
  row.content !== null &&
  row.told_leaf !== null &&
  canonicalText(told(row) as never) === canonicalText(stored(row) as never);

const checkOffers = async (
  { tx, report }: AdvisoriesDeps,
  id: string,
  content: AdvisoryContent,
): Promise<void> => {
  const named = (await versionsOfPacks(tx, packsIn(content))).filter(affects(content));
  for (const { name, version, yanked } of named)
    if (!yanked) report.add('advisory_offered', `${name}@${version}`, { found: id });
};

export const checkAdvisories = async (the: AdvisoriesDeps): Promise<void> => {
  const rows = rowsBehind(
    '',
    (after) => advisoriesAfter(the.tx, after),
    ({ id }) => id,
  );
  for await (const row of rows) {
    if (!isTold(row)) the.report.add('advisory_differs', row.id);
    else if (row.content !== null && row.withdrawn === null) await checkOffers(the, row.id, row.content);
  }
};
