// Reads parsed JSON that nobody has checked yet: every answer is typed, absence is never an error. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';

export const objectOf = (value: JsonValue | undefined): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

export const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : [];

export const textOf = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The value that a chain of property names leads to; undefined where the chain breaks. */
export const at = (value: JsonValue | undefined, ...names: readonly string[]): JsonValue | undefined => {
  let here = value;
  for (const name of names) {
    const object = objectOf(here);
    if (object === undefined || !Object.hasOwn(object, name)) return undefined;
    here = object[name];
  }
  return here;
};

export const has = (value: JsonValue, name: string): boolean => at(value, name) !== undefined;

/** The texts that the entries of a list carry under one name; entries without one are left out. */
export const textsAt = (list: JsonValue | undefined, name: string): readonly string[] =>
  listOf(list).flatMap((entry) => textOf(at(entry, name)) ?? []);

const escaped = (part: string | number): string => String(part).replaceAll('~', '~0').replaceAll('/', '~1');

/** A JSON pointer (RFC 6901) from unescaped parts. */
export const pointer = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => `/${escaped(part)}`).join('');

/** Texts of the manifest are the publisher's: what is quoted back at the caller stays short. */
export const clipped = (text: string, longest = 80): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;
