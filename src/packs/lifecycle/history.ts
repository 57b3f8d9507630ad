// The history of a version: all that ever happened to it, as the log records it.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Sql } from '../../database/connect.ts';
import { confidential, type Document, jsonDocument } from '../../http/document.ts';
import { fault } from '../../protocol/faults.ts';
import { isPrivate, type PackAddress } from '../policy.ts';
import { type HistoryRow, historyOf, MOST_HISTORY, type StandingRow, standingOf } from './lifecycle-store.ts';

/** What an event says beside which version it is about. */
const SHOWN = ['reason', 'advisoryUrl', 'supersededBy', 'sha256', 'size', 'tree', 'keyId'] as const;

const objectIn = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

const shown = (data: JsonObject): JsonObject =>
  Object.fromEntries(SHOWN.flatMap((member) => (data[member] === undefined ? [] : [[member, data[member]]])));

const entryOf = ({ id, position, event }: HistoryRow): JsonObject => ({
  kind: String(event['kind']).replace(/^pack\./, ''),
  at: event['at'] ?? null,
  by: String(event['actor']).replace(/^account:/, ''),
  reason: null,
  ...shown(objectIn(event['data'])),
  eventId: id,
  position,
  causationId: event['causationId'] ?? null,
});

/** How it stands now; a version that was unpublished is that, however it stood before. */
const standingNow = ({ yanked, unpublished }: StandingRow): 'published' | 'yanked' | 'unpublished' => {
  if (unpublished !== null) return 'unpublished';
  return yanked === null ? 'published' : 'yanked';
};

/** @throws Fault validation_error */
export const readFrom = (text: unknown): number => {
  if (text === undefined) return 0;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  throw fault('validation_error', { field: 'from' }, 'from must be a whole number of at most nine digits.');
};

/**
 * `history` is oldest first: `kind` is `published`, `deprecated`, `yanked` …, and `position` null until the log has
 * sealed it; `next` is where it goes on, null at its end. Who may see a private pack is asked before.
 * @param from how many entries to pass over
 * @throws Fault pack_version_not_found
 */
export const readHistory =
  (the: { readonly sql: Sql }) =>
  async (address: PackAddress, from: number): Promise<Document> => {
    const row = await standingOf(the.sql, address);
    if (row === undefined) throw fault('pack_version_not_found', { ...address });
    const found = await historyOf(the.sql, address, from);
    const history = found.slice(0, MOST_HISTORY).map(entryOf);
    const next = found.length > MOST_HISTORY ? from + MOST_HISTORY : null;
    const standing = { standing: standingNow(row), deprecated: row.deprecated !== null };
    const document = jsonDocument({ ...address, ...standing, history, next });
    return isPrivate(address.name) ? confidential(document) : document;
  };
