// JSON in its one canonical spelling (RFC 8785), so that equal values are equal bytes. Pure.
import { fromUtf8, utf8 } from './bytes.ts';
import { KeyError } from './errors.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Deeper nesting is refused: far above any document of ours, far below what would exhaust the stack. */
export const MAX_JSON_DEPTH = 200;

const refuse = (where: string, found: string): never => {
  throw new KeyError('json_value', { where, found });
};

/** What may not stand between quotes as it is: quotes, backslashes, control characters, surrogates. */
const NEEDS_CARE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

// Most texts need none, and to write them as JSON one by one is what writing a value costs.
const textOf = (text: string, where: string): string => {
  if (!NEEDS_CARE.test(text)) return `"${text}"`;
  return /\p{Surrogate}/u.test(text) ? refuse(where, 'a lone surrogate') : JSON.stringify(text);
};

const numberOf = (value: number, where: string): string =>
  Number.isFinite(value) ? String(value) : refuse(where, String(value));

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

// What was read from canonical bytes stands in order already, and sorting costs as much as writing.
const inOrder = (names: string[]): readonly string[] =>
  names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name) ? names : names.sort();

const objectOf = (value: object, where: string, depth: number): string => {
  if (!isPlain(value) || Object.getOwnPropertySymbols(value).length > 0) refuse(where, 'no plain object');
  const members = value as Readonly<Record<string, unknown>>;
  let written = '';
  for (const name of inOrder(Object.keys(members))) {
    const member = `${textOf(name, where)}:${write(members[name], `${where}/${name}`, depth + 1)}`;
    written += written === '' ? member : `,${member}`;
  }
  return `{${written}}`;
};

const listOf = (values: readonly unknown[], where: string, depth: number): string =>
  `[${Array.from(values, (value, index) => write(value, `${where}/${index}`, depth + 1)).join(',')}]`;

const write = (value: unknown, where: string, depth: number): string => {
  if (depth > MAX_JSON_DEPTH) throw new KeyError('json_too_deep', { depth: MAX_JSON_DEPTH });
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return textOf(value, where);
  if (typeof value === 'number') return numberOf(value, where);
  if (Array.isArray(value)) return listOf(value, where, depth);
  if (typeof value === 'object') return objectOf(value, where, depth);
  return refuse(where, typeof value);
};

/**
 * The canonical text of a value: members sorted by UTF-16 code units, no blanks, numbers as ECMAScript writes them
 * (−0 becomes 0).
 * @throws KeyError `json_value` (NaN, infinities, lone surrogates, undefined, anything JSON has no word for) or
 *   `json_too_deep`
 */
export const canonicalText = (value: unknown): string => write(value, '', 0);

/** `canonicalText` as UTF-8. */
export const canonicalBytes = (value: unknown): Uint8Array => utf8(canonicalText(value));

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyError('json_not_canonical', { found: 'no JSON' });
  }
};

/**
 * Reads canonical bytes. Whatever another reader could understand differently (a name given twice, another number
 * form, blanks, a byte order mark) is refused, because it is not what writing the value again would give.
 * @throws KeyError `json_not_canonical`, `json_value` or `json_too_deep`
 */
export const parseCanonical = (bytes: Uint8Array): JsonValue => {
  const text = fromUtf8(bytes);
  if (text === undefined) throw new KeyError('json_not_canonical', { found: 'no UTF-8' });
  const value = parsed(text);
  if (canonicalText(value) !== text) throw new KeyError('json_not_canonical', { found: 'another spelling' });
  return value as JsonValue;
};
