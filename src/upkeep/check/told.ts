// What an event about knowledge tells, and whether a row says the same. Pure.
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import type { Evidence } from '../findings.ts';
import { dataOf, eventOf } from './event.ts';

/** The event that a row names, as it is stored; nothing where there is none. */
export interface Told {
  readonly event_leaf: Uint8Array | null;
  readonly event_sealed: Uint8Array | null;
}

const bytesOf = ({ event_leaf, event_sealed }: Told) => ({ leaf: event_leaf, sealed: event_sealed });

/** All of it, with who did it and what led to it; nothing where it cannot be read. */
export const toldEvent = (row: Told): JsonObject => eventOf(bytesOf(row)) ?? {};

/** What its kind tells; nothing where it cannot be read. */
export const toldPayload = (row: Told): JsonObject => {
  const payload = dataOf(bytesOf(row))['payload'];
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
    ? (payload as JsonObject)
    : {};
};

export type Facts = Readonly<Record<string, unknown>>;

/** What is different, as evidence; undefined where they say the same. Members that only one of them has count. */
export const difference = (expected: Facts, found: Facts): Evidence | undefined => {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const differing = names.filter(
    (name) => canonicalText(expected[name] ?? null) !== canonicalText(found[name] ?? null),
  );
  if (differing.length === 0) return undefined;
  const only = (facts: Facts) => Object.fromEntries(differing.map((name) => [name, facts[name] ?? null]));
  return { expected: only(expected), found: only(found) };
};

/** The members of these names; null where there is none. */
export const members = (facts: Facts, names: readonly string[]): Facts =>
  Object.fromEntries(names.map((name) => [name, facts[name] ?? null]));
