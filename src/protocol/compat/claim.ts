// Whether what stands under a name in a discovery document is a claim that the host has it. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { clipped, objectOf, textOf } from '../manifest/read.ts';
import { STATUSES } from './tables.ts';

/** What a claim is measured by: the versions that the host speaks, and the day. */
export interface Measure {
  readonly generation: 'v1' | 'v2';
  /** The lowest version that the host speaks, as `[2, 0]`. */
  readonly lowest: readonly [number, number];
  /** As in 2026-06-01. */
  readonly today: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const VERSION = /^(\d{1,4})\.(\d{1,4})$/;

/** capabilities.md (v2) §2: a day, or the version that comes without it. */
const isPast = (until: string, { lowest, today }: Measure): boolean => {
  if (DAY.test(until)) return until < today;
  const [, major, minor] = VERSION.exec(until) ?? [];
  if (major === undefined) return true;
  return Number(major) < lowest[0] || (Number(major) === lowest[0] && Number(minor) <= lowest[1]);
};

const recordProblem = (record: JsonObject, measure: Measure): string | undefined => {
  const { status, until } = record;
  if (status !== undefined && !STATUSES.has(textOf(status) ?? ''))
    return `has it with the status ${clipped(JSON.stringify(status), 40)}, which is no claim`;
  if (until === undefined) return undefined;
  return isPast(textOf(until) ?? '', measure)
    ? `had it until ${clipped(textOf(until) ?? 'nobody knows when', 40)}`
    : undefined;
};

/** v1: `supported` is a flag, and with some families the list of what is. */
const flagProblem = (supported: JsonValue | undefined): string | undefined => {
  if (supported === undefined || supported === true) return undefined;
  if (Array.isArray(supported) && supported.length > 0) return undefined;
  return 'says that it is not supported';
};

const wordProblem = (value: JsonValue): string | undefined => {
  if (value === true || typeof value === 'number') return undefined;
  if (Array.isArray(value)) return value.length > 0 ? undefined : 'has an empty list there';
  return value === 'supported' ? undefined : 'says that it is not supported';
};

/** Why a family that stands in the document is not claimed; undefined where it is. Presence is the claim. */
export const familyProblem = (value: JsonValue, measure: Measure): string | undefined => {
  const record = objectOf(value);
  if (record === undefined)
    return measure.generation === 'v2' ? 'has something there that is no record' : wordProblem(value);
  return flagProblem(record['supported']) ?? recordProblem(record, measure);
};

/** capabilities.md (v2) §2: a facet is advertised by its key; v1 also writes what is not. */
export const isFacet = (value: JsonValue | undefined): boolean => {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return flagProblem(objectOf(value)?.['supported']) === undefined;
};
