// Strict JSON from bytes (I-JSON, RFC 7493): whatever two parsers could read differently is refused. Pure.
import { fromUtf8 } from '../../keys/bytes.ts';
import type { JsonValue } from '../../keys/canonical.ts';

/** `offset` counts bytes from the start of the text and names the first byte that could not stand. */
export interface JsonProblem {
  readonly offset: number;
  readonly message: string;
}

export type StrictJson =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: JsonProblem };

export interface JsonLimits {
  /** How many arrays and objects may stand inside one another; never more than 1,000. */
  readonly maxDepth: number;
}

const DEFAULT_LIMITS: JsonLimits = { maxDepth: 64 };
// The reader recurses, so no caller may ask for a depth that the call stack might not carry.
const DEEPEST = 1_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const INTEGER = /^-?[0-9]+$/;
/** RFC 7493 section 2.1: no surrogates, no noncharacters. */
const NOT_TEXT = /[\p{Surrogate}\p{Noncharacter_Code_Point}]/u;

interface Cursor {
  readonly text: string;
  readonly maxDepth: number;
  /** Position in UTF-16 code units. */
  at: number;
}

class Unreadable extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** I-JSON allows it, but Postgres' jsonb refuses it and a C program reads the text only as far as there. */
const NO_NUL = 'a string holds U+0000, which databases and C programs cannot hold';

const refuse = (at: number, message: string): never => {
  throw new Unreadable(at, message);
};

const skipBlank = (cursor: Cursor): void => {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
};

/** Reads what the sticky pattern finds here; undefined where it finds nothing. */
const take = (cursor: Cursor, pattern: RegExp): string | undefined => {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  cursor.at += found?.length ?? 0;
  return found;
};

const readNumber = (cursor: Cursor): number => {
  const start = cursor.at;
  const literal = take(cursor, NUMBER) ?? refuse(start, 'a number is malformed');
  const value = Number(literal);
  if (!Number.isFinite(value)) refuse(start, 'a number is too large to be a number');
  if (INTEGER.test(literal) && !Number.isSafeInteger(value))
    refuse(start, 'an integer lies beyond 2^53-1, where parsers disagree; write it as a string');
  return value;
};

const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

const readWord = (cursor: Cursor): boolean | null => {
  const word = take(cursor, WORD) ?? refuse(cursor.at, 'a value was expected');
  return WORDS[word] ?? null;
};

/** The end of the string that starts at `start`, and whether it holds escapes. */
const scanString = (text: string, start: number): { readonly end: number; readonly escaped: boolean } => {
  let escaped = false;
  for (let at = start + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return { end: at, escaped };
    if (Number.isNaN(code)) refuse(start, 'a string is not closed');
    if (code === 0) refuse(at, NO_NUL);
    if (code < 0x20) refuse(at, 'a control character stands unescaped in a string');
    if (code === BACKSLASH) {
      escaped = true;
      at += 1;
    }
  }
};

const decodeEscapes = (text: string, start: number, end: number): string => {
  let value: string;
  try {
    value = JSON.parse(text.slice(start, end + 1)) as string;
  } catch {
    return refuse(start, 'a string holds a malformed escape');
  }
  if (NOT_TEXT.test(value)) refuse(start, 'a string holds a lone surrogate or a noncharacter');
  if (value.includes('\0')) refuse(start, NO_NUL);
  return value;
};

const readString = (cursor: Cursor): string => {
  const start = cursor.at;
  const { end, escaped } = scanString(cursor.text, start);
  cursor.at = end + 1;
  return escaped ? decodeEscapes(cursor.text, start, end) : cursor.text.slice(start + 1, end);
};

/** Walks what stands between two brackets, member by member. */
const readMembers = (cursor: Cursor, depth: number, close: number, readOne: () => void): void => {
  if (depth > cursor.maxDepth) refuse(cursor.at, `the nesting is deeper than ${cursor.maxDepth}`);
  cursor.at += 1;
  skipBlank(cursor);
  if (cursor.text.charCodeAt(cursor.at) === close) {
    cursor.at += 1;
    return;
  }
  for (;;) {
    readOne();
    skipBlank(cursor);
    const mark = cursor.text.charCodeAt(cursor.at);
    if (mark !== close && mark !== COMMA)
      refuse(cursor.at, `"," or "${String.fromCharCode(close)}" was expected`);
    cursor.at += 1;
    if (mark === close) return;
    skipBlank(cursor);
  }
};

const readList = (cursor: Cursor, depth: number): JsonValue => {
  const list: JsonValue[] = [];
  readMembers(cursor, depth, CLOSE_LIST, () => list.push(readValue(cursor, depth)));
  return list;
};

const readKey = (cursor: Cursor, taken: object): string => {
  const start = cursor.at;
  if (cursor.text.charCodeAt(start) !== QUOTE) refuse(start, 'a key in quotes was expected');
  const key = readString(cursor);
  if (Object.hasOwn(taken, key)) refuse(start, `the key ${JSON.stringify(key)} stands twice in one object`);
  if (key === '__proto__') refuse(start, 'the key "__proto__" is not allowed');
  skipBlank(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== COLON) refuse(cursor.at, '":" was expected');
  cursor.at += 1;
  skipBlank(cursor);
  return key;
};

const readObject = (cursor: Cursor, depth: number): JsonValue => {
  const members: Record<string, JsonValue> = {};
  readMembers(cursor, depth, CLOSE_OBJECT, () => {
    const key = readKey(cursor, members);
    members[key] = readValue(cursor, depth);
  });
  // Without a prototype, a key that the text does not hold is really absent: "constructor", "toString" too. One that
  // was never there would make every later look at the object slow.
  return Object.setPrototypeOf(members, null);
};

const readValue = (cursor: Cursor, depth: number): JsonValue => {
  const mark = cursor.text.charCodeAt(cursor.at);
  if (mark === QUOTE) return readString(cursor);
  if (mark === OPEN_OBJECT) return readObject(cursor, depth + 1);
  if (mark === OPEN_LIST) return readList(cursor, depth + 1);
  if (mark === 0x2d || (mark >= 0x30 && mark <= 0x39)) return readNumber(cursor);
  return readWord(cursor);
};

const readText = (text: string, maxDepth: number): JsonValue => {
  if (text.startsWith('\u{FEFF}')) refuse(0, 'the text starts with a byte order mark');
  const strange = text.search(NOT_TEXT);
  if (strange >= 0) refuse(strange, 'the text holds a noncharacter');
  const cursor: Cursor = { text, maxDepth, at: 0 };
  skipBlank(cursor);
  const value = readValue(cursor, 0);
  skipBlank(cursor);
  if (cursor.at < text.length) refuse(cursor.at, 'text follows after the value');
  return value;
};

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** Decoding leniently and encoding again differs first where the bytes were not UTF-8. */
const firstBadByte = (bytes: Uint8Array): number => {
  const lenient = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  return bytes.findIndex((byte, index) => byte !== lenient[index]);
};

/**
 * Reads exactly one JSON value. Beyond the grammar (RFC 8259) it refuses: bytes that are no UTF-8, a byte order mark,
 * keys that stand twice (after decoding escapes), lone surrogates, noncharacters and U+0000 (escaped or not),
 * `__proto__`, numbers that overflow, integer literals beyond 2^53-1, and nesting beyond `maxDepth`. Linear in the text.
 * Objects have no prototype.
 */
export const parseStrictJson = (bytes: Uint8Array, limits: JsonLimits = DEFAULT_LIMITS): StrictJson => {
  const text = fromUtf8(bytes);
  if (text === undefined)
    return { ok: false, problem: { offset: firstBadByte(bytes), message: 'the text is not UTF-8' } };
  try {
    return { ok: true, value: readText(text, Math.min(limits.maxDepth, DEEPEST)) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { ok: false, problem: { offset: byteLength(text.slice(0, error.at)), message: error.message } };
  }
};
