// Reading signed documents: canonical bytes, a named type, exactly the members it has, nothing else. Pure.
import type { JsonObject, JsonValue } from './canonical.ts';
import { KeyError } from './errors.ts';
import {
  formatPublicKeyBase64,
  type KeyId,
  type NamedKey,
  type PublicKey,
  parseKeyId,
  parsePublicKeyBase64,
} from './key.ts';

/** A member list and the JSON pointer at which it stands, for the evidence of a refusal. */
export interface Part {
  readonly members: JsonObject;
  readonly where: string;
}

/** @throws KeyError `document`, always */
export const refuseDocument = (where: string, expected: string): never => {
  throw new KeyError('document', { where, expected });
};

/**
 * An object with exactly the members `names`: unknown ones are refused, since a rule that one reader knows and
 * another ignores is no rule.
 */
export const readPart = (value: JsonValue | undefined, where: string, names: readonly string[]): Part => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuseDocument(where, 'an object');
  const members = value as JsonObject;
  const found = Object.keys(members);
  return found.length === names.length && found.every((name) => names.includes(name))
    ? { members, where }
    : refuseDocument(where, `exactly the members ${names.join(', ')}`);
};

/** The members of a document of that type; `type` itself is among them. */
export const readDocument = (
  value: JsonValue | undefined,
  where: string,
  type: string,
  names: readonly string[],
): Part => {
  const part = readPart(value, where, ['type', ...names]);
  return part.members.type === type ? part : refuseDocument(`${where}/type`, type);
};

export const readInteger = ({ members, where }: Part, name: string, least: number): number => {
  const value = members[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
    ? value
    : refuseDocument(`${where}/${name}`, `a whole number of at least ${least}`);
};

/** 1 to `most` characters, no control characters. */
export const readText = ({ members, where }: Part, name: string, most: number): string => {
  const value = members[name];
  return typeof value === 'string' && value !== '' && value.length <= most && !/\p{Cc}/u.test(value)
    ? value
    : refuseDocument(`${where}/${name}`, `1 to ${most} characters without control characters`);
};

/** Milliseconds of an instant in the one form documents use: RFC 3339 in UTC, ending in `Z`. NaN for other text. */
export const instantMs = (text: string): number => {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse rolls the 30th of February over into March; writing it again shows that.
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19);
  return isReal ? ms : Number.NaN;
};

/** The same form, in whole seconds. */
export const instantOf = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

export const readInstant = (part: Part, name: string): string => {
  const text = readText(part, name, 24);
  return Number.isNaN(instantMs(text))
    ? refuseDocument(`${part.where}/${name}`, 'an instant like 2026-01-31T09:00:00Z')
    : text;
};

export const readList = <T>(
  { members, where }: Part,
  name: string,
  most: number,
  read: (value: JsonValue, where: string) => T,
): readonly T[] => {
  const value = members[name];
  if (!Array.isArray(value) || value.length > most)
    return refuseDocument(`${where}/${name}`, `at most ${most} items`);
  return value.map((item: JsonValue, index) => read(item, `${where}/${name}/${index}`));
};

/** A text that `parse` takes; what it throws becomes a refusal of this member. */
export const readParsed = <T>(part: Part, name: string, most: number, parse: (text: string) => T): T => {
  const text = readText(part, name, most);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof KeyError) return refuseDocument(`${part.where}/${name}`, error.message);
    throw error;
  }
};

export const readKeyId = (part: Part, name: string): KeyId => readParsed(part, name, 128, parseKeyId);
export const readPublicKey = (part: Part, name: string): PublicKey =>
  readParsed(part, name, 44, parsePublicKeyBase64);

/** Refuses a list in which two items share a mark. */
export const requireDistinct = <T>(items: readonly T[], where: string, mark: (item: T) => string): void => {
  if (new Set(items.map(mark)).size !== items.length) refuseDocument(where, 'no item twice');
};

/** `{keyId, publicKey}`, the key as padded base64. */
export const readNamedKey = (value: JsonValue, where: string): NamedKey => {
  const part = readPart(value, where, ['keyId', 'publicKey']);
  return { keyId: readKeyId(part, 'keyId'), publicKey: readPublicKey(part, 'publicKey') };
};

export const namedKeyJson = ({ keyId, publicKey }: NamedKey): JsonObject => ({
  keyId,
  publicKey: formatPublicKeyBase64(publicKey),
});
