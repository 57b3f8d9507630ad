// Checks how versions stand: each row says what the last event of its kind made of it, and every event is in a row.
import { canonicalText } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import type { FindingCode } from '../findings.ts';
import type { Report } from '../report.ts';
import { changesOutOfStep, STRANDS, type Strand } from '../standing-store.ts';
import type { VersionRow } from '../upkeep-store.ts';
import { actorOfEvent, dataOf, eventOf } from './event.ts';

/** One of the ways in which it is told how a version stands: the row, and the event that it comes from. */
interface Told {
  readonly stored: unknown;
  readonly eventId: string | null;
  readonly kind: string | null;
  readonly leaf: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

const yankOf = (row: VersionRow): Told => ({
  stored: row.yanked,
  eventId: row.standing_event_id,
  kind: row.standing_kind,
  leaf: row.standing_leaf,
  sealed: row.standing_sealed,
});

const deprecationOf = (row: VersionRow): Told => ({
  stored: row.deprecated,
  eventId: row.deprecation_event_id,
  kind: row.deprecation_kind,
  leaf: row.deprecation_leaf,
  sealed: row.deprecation_sealed,
});

const unpublishOf = (row: VersionRow): Told => ({
  stored: row.unpublished,
  eventId: row.unpublished_event_id,
  kind: row.unpublished_kind,
  leaf: row.unpublished_leaf,
  sealed: row.unpublished_sealed,
});

/** How a note calls when it was made, and by whom: `yankedAt`, `yankedBy`. */
const CODES: Readonly<Record<Strand, readonly [FindingCode, string, (row: VersionRow) => Told]>> = {
  yank: ['yank_differs', 'yanked', yankOf],
  deprecation: ['deprecation_differs', 'deprecated', deprecationOf],
  unpublish: ['unpublish_differs', 'unpublished', unpublishOf],
};

/** What the row would say if it were made from its event now. */
const noteTold = ({ kind, ...bytes }: Told, makes: string, word: string): unknown => {
  if (kind !== makes) return null;
  const { name: _name, version: _version, ...grounds } = dataOf(bytes);
  const by = actorOfEvent(bytes).replace(/^account:/, '');
  return { ...grounds, [`${word}At`]: eventOf(bytes)?.['at'], [`${word}By`]: by };
};

type Flaw = (code: FindingCode, evidence: { readonly expected: unknown; readonly found: unknown }) => void;

export const checkStanding = (row: VersionRow, flaw: Flaw): void => {
  for (const [strand, { makes, takesBack }] of Object.entries(STRANDS)) {
    const [code, word, toldOf] = CODES[strand as Strand];
    const told = toldOf(row);
    const expected = noteTold(told, makes, word);
    const known = told.eventId === null || told.kind === makes || told.kind === takesBack;
    if (known && canonicalText(expected) === canonicalText(told.stored)) continue;
    flaw(code, { expected, found: told.stored });
  }
};

/** Events that no row follows, of versions that are not there among them. */
export const strayChanges = async (tx: Tx, report: Report): Promise<void> => {
  for (const strand of Object.keys(STRANDS) as Strand[])
    for (const { subject, kind, ...found } of await changesOutOfStep(tx, strand))
      report.add(CODES[strand][0], subject.replace(/^pack:/, ''), { expected: kind, found });
};
