// What lists are asked by: times, places to go on from, how much at once.
import type { Context } from 'koa';
import { type Fault, fault } from '../../protocol/faults.ts';
import { countOf, textOf } from './asking.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** What four digits tell of a year, in UTC: times beyond that are none to the database. */
const [FIRST, LAST] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** RFC 3339, from the year 1 to the year 9999; undefined for any other text. */
export const readInstant = (text: string): Date | undefined => {
  // In an address a plus sign stands for a blank.
  const time = text.replace(' ', '+');
  const instant = new Date(INSTANT.test(time) ? time : Number.NaN);
  return instant.getTime() >= FIRST && instant.getTime() <= LAST ? instant : undefined;
};

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

/** @throws Fault validation_error, as every reader here */
export const instantParam = (ctx: Context, name: string): Date | undefined => {
  const text = textOf(ctx, name);
  if (text === undefined) return undefined;
  const instant = readInstant(text);
  if (instant === undefined) throw wrong(name, 'must be a time such as 2027-01-31T00:00:00Z');
  return instant;
};

/** A text of the query as what it names. */
export const namedParam = <T>(
  ctx: Context,
  name: string,
  read: (text: string) => T | undefined,
  rule: string,
): T | undefined => {
  const text = textOf(ctx, name);
  if (text === undefined) return undefined;
  const value = read(text);
  if (value === undefined) throw wrong(name, rule);
  return value;
};

/** A place in a list that is in the order of times, and of ids where those are the same. */
export interface Place {
  readonly at: Date;
  readonly id: string;
}

export const placeText = ({ at, id }: Place): string => `${at.toISOString()}_${id}`;

const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9A-Za-z:._-]{1,400})$/;

export const placeParam = (ctx: Context, name: string): Place | undefined => {
  const text = textOf(ctx, name);
  if (text === undefined) return undefined;
  const [, time = '', id = ''] = PLACE.exec(text) ?? [];
  const at = readInstant(time);
  if (at === undefined) throw wrong(name, 'must be what "next" of the page before said');
  return { at, id };
};

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

export const limitParam = (ctx: Context, unless = DEFAULT_PAGE, most = MAX_PAGE): number =>
  Math.max(countOf(ctx, 'limit', unless, most), 1);

export interface Page<T> {
  readonly shown: readonly T[];
  /** Null where nothing follows. */
  readonly next: string | null;
}

/** Of one more than was asked for, so that it is known whether anything follows. */
export const pageOf = <T>(found: readonly T[], limit: number, placeOf: (last: T) => Place): Page<T> => {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { shown, next: found.length > limit && last !== undefined ? placeText(placeOf(last)) : null };
};
