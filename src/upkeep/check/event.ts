// Whether a stored event is one: canonical bytes, a leaf that stands for them, columns that say the same. Pure.
import { equalBytes } from '../../../keys/bytes.ts';
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type OpenedEvent, openEvent } from '../../protocol/event.ts';
import type { Evidence, Finding, FindingCode } from '../findings.ts';
import type { EventRow } from '../upkeep-store.ts';

type Bytes = { readonly leaf: Uint8Array | null; readonly sealed: Uint8Array | null };

const opened = (bytes: Uint8Array): OpenedEvent | undefined => {
  try {
    return openEvent(bytes);
  } catch (error) {
    if (error instanceof KeyError || error instanceof RangeError) return undefined;
    throw error;
  }
};

/** The full event behind stored bytes; undefined where there is none that can be read. */
export const eventOf = ({ leaf, sealed }: Bytes): JsonObject | undefined => {
  const bytes = sealed ?? leaf;
  return bytes === null ? undefined : opened(bytes)?.event;
};

/** What an event tells of its subject; empty where it cannot be read. */
export const dataOf = (bytes: Bytes): JsonObject => {
  const data: JsonValue | undefined = eventOf(bytes)?.['data'];
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {};
};

/** `account:<name>` of whoever did it. */
export const actorOfEvent = (bytes: Bytes): string => String(eventOf(bytes)?.['actor']);

const columnsOf = ({ id, kind, subject, at }: EventRow) => ({ id, kind, subject, at: at.toISOString() });

/** Everything that is wrong with one event in itself. */
export const flawsOfEvent = (row: EventRow): readonly Finding[] => {
  const flaw = (code: FindingCode, evidence: Evidence = {}): Finding => ({
    code,
    about: row.id,
    ...evidence,
  });
  const found = opened(row.sealed ?? row.leaf);
  if (found === undefined) return [flaw('leaf_not_canonical')];
  const { id, kind, subject, at } = found.event;
  if (row.sealed === null && kind === 'sealed') return [flaw('sealed_missing')];
  if (!equalBytes(found.leaf, row.leaf)) return [flaw('commitment_differs')];
  const [expected, columns] = [{ id, kind, subject, at }, columnsOf(row)];
  const same = JSON.stringify(expected) === JSON.stringify(columns);
  return same ? [] : [flaw('columns_differ', { expected, found: columns })];
};
