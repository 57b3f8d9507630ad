// Reads and writes Postgres array literals, so that no connection has to ask the server for its types first.
import type { PostgresType } from 'postgres';

interface Element {
  /** Type number of one element and of a list of them; both are fixed in Postgres. */
  readonly oid: number;
  readonly list: number;
  readonly read: (text: string) => unknown;
  readonly write?: (value: never) => string;
}

const same = (text: string): string => text;
const asNumber = (text: string): number => Number(text);
const asDate = (text: string): Date => new Date(text);
const writeDate = (value: Date): string => value.toISOString();
const readBytes = (text: string): Buffer => Buffer.from(text.slice(2), 'hex');
const writeBytes = (value: Uint8Array): string => `\\x${Buffer.from(value).toString('hex')}`;

/** Counters and indexes fit a number; what does not must not be rounded in silence. */
export const readWide = (text: string): number | bigint =>
  Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);

const ELEMENTS: readonly Element[] = [
  { oid: 16, list: 1000, read: (text) => text === 't' },
  { oid: 17, list: 1001, read: readBytes, write: writeBytes },
  { oid: 20, list: 1016, read: readWide },
  { oid: 21, list: 1005, read: asNumber },
  { oid: 23, list: 1007, read: asNumber },
  { oid: 25, list: 1009, read: same },
  { oid: 114, list: 199, read: JSON.parse, write: JSON.stringify },
  { oid: 700, list: 1021, read: asNumber },
  { oid: 701, list: 1022, read: asNumber },
  { oid: 1043, list: 1015, read: same },
  { oid: 1082, list: 1182, read: asDate, write: writeDate },
  { oid: 1184, list: 1185, read: asDate, write: writeDate },
  { oid: 1700, list: 1231, read: same },
  { oid: 2950, list: 2951, read: same },
  { oid: 3802, list: 3807, read: JSON.parse, write: JSON.stringify },
];

const writeOne = (value: unknown, write: (value: never) => string): string => {
  if (value === null) return 'NULL';
  if (value === undefined) throw new TypeError('A list for Postgres holds undefined.');
  if (Array.isArray(value)) return writeList(value, write);
  return `"${write(value as never).replace(/["\\]/g, '\\$&')}"`;
};

const writeList = (list: readonly unknown[], write: (value: never) => string): string =>
  `{${list.map((value) => writeOne(value, write)).join(',')}}`;

/** A brace, a comma, a quoted text with its escapes, or a bare word. */
const TOKEN = /[{},]|"(?:[^"\\]|\\.)*"|[^{},"]+/gs;

const readOne = (token: string, read: (text: string) => unknown): unknown => {
  if (token.startsWith('"')) return read(token.slice(1, -1).replace(/\\(.)/gs, '$1'));
  return token === 'NULL' ? null : read(token);
};

/** Postgres writes well-formed literals, so the first token opens the list and the matching one closes it. */
const readList = (text: string, read: (text: string) => unknown): unknown[] => {
  const whole: unknown[] = [];
  const open = [whole];
  for (const [token] of text.matchAll(TOKEN)) {
    const inner: unknown[] = [];
    if (token === '{') open.at(-1)?.push(inner);
    if (token === '{') open.push(inner);
    else if (token === '}') open.pop();
    else if (token !== ',') open.at(-1)?.push(readOne(token, read));
  }
  return whole[0] as unknown[];
};

const typeOf = ({ list, read, write = String }: Element): PostgresType<unknown[]> => ({
  to: list,
  from: [list],
  serialize: (value) => (Array.isArray(value) ? writeList(value, write) : value),
  parse: (text: string) => readList(text, read),
});

/** The driver's table of list types: a list in, a list out, nulls and nested lists kept. */
export const LIST_TYPES: Readonly<Record<string, PostgresType<unknown[]>>> = Object.fromEntries(
  ELEMENTS.map((element) => [`list${element.list}`, typeOf(element)]),
);

/** From the type of an element to the type of a list of it. */
export const LIST_OF: Readonly<Record<number, number>> = Object.fromEntries(
  ELEMENTS.map(({ oid, list }) => [oid, list]),
);
