// Gathers every rule that a body breaks, so that a refusal names all of them at once. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import { type FaultCode, type FaultDetails, fault, type Violation } from './faults.ts';

/** Collects while a body is read; each reader that refuses returns undefined. */
export interface Findings {
  /** @param where JSON pointer into the body */
  readonly refuse: (where: string, message: string, code?: FaultCode) => undefined;
  readonly violations: readonly Violation[];
}

const MOST_TOLD = 50;
const LONGEST_POINTER = 300;

export const newFindings = (): Findings => {
  const violations: Violation[] = [];
  return {
    violations,
    refuse: (where, message, code = 'validation_error') =>
      void violations.push({ code, where: where.slice(0, LONGEST_POINTER), message }),
  };
};

/** @throws Fault of that code with all that was found, unless nothing was */
export const requireNothing = (
  { violations }: Findings,
  code: FaultCode = 'validation_error',
  details: FaultDetails = {},
): void => {
  const [first] = violations;
  if (first === undefined) return;
  const more = violations.length > 1 ? ` (${violations.length} rules are broken)` : '';
  const told = violations.slice(0, MOST_TOLD);
  throw fault(code, { ...details, violations: told }, `${first.where}: ${first.message}${more}`);
};

export type Members = Readonly<Record<string, unknown>>;

/** An object with no other members than these; undefined where it is none. */
export const objectAt = (
  the: Findings,
  value: unknown,
  where: string,
  known: readonly string[],
): Members | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return the.refuse(where, `It must be an object with ${known.join(', ')}.`);
  for (const name of Object.keys(value))
    if (!known.includes(name))
      the.refuse(`${where}/${name}`, `There is no such member; known: ${known.join(', ')}.`);
  return value as Members;
};

/** A misspelt member would be a wish that nobody hears. @throws Fault validation_error naming every unknown one */
export const requireOnly = (body: Members, known: readonly string[]): void => {
  const the = newFindings();
  objectAt(the, body, '', known);
  requireNothing(the);
};

export interface Length {
  readonly least?: number;
  readonly most: number;
}

/** What `read` makes of each item of a list; items that it refuses are left out. */
export const listAt = <T>(
  the: Findings,
  value: unknown,
  where: string,
  { least = 0, most }: Length,
  read: (item: unknown, where: string) => T | undefined,
): readonly T[] => {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    the.refuse(where, `It must be a list of ${least} to ${most}.`);
    return [];
  }
  return value.flatMap((item: unknown, index) => read(item, `${where}/${index}`) ?? []);
};

/** A text of whole characters, none of them a control character. */
export const textAt = (
  the: Findings,
  value: unknown,
  where: string,
  { least = 1, most }: Length,
): string | undefined =>
  typeof value === 'string' &&
  value.trim().length >= least &&
  value.length <= most &&
  !/[\p{Cc}\p{Surrogate}]/u.test(value)
    ? value
    : the.refuse(where, `It must be a text of ${least} to ${most} characters, without control characters.`);

/** One of a closed list of words. */
export const wordAt = <W extends string>(
  the: Findings,
  value: unknown,
  where: string,
  words: readonly W[],
): W | undefined =>
  words.find((word) => word === value) ?? the.refuse(where, `It must be one of ${words.join(', ')}.`);

/** The one spelling of an id. */
export const idAt = <T>(
  the: Findings,
  value: unknown,
  where: string,
  form: string,
  parse: (text: string) => T | undefined,
): T | undefined =>
  (typeof value === 'string' ? parse(value) : undefined) ?? the.refuse(where, `It must read ${form}.`);

export const wholeAt = (
  the: Findings,
  value: unknown,
  where: string,
  { least = 0, most }: Length,
): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? value
    : the.refuse(where, `It must be a whole number from ${least} to ${most}.`);

export const truthAt = (the: Findings, value: unknown, where: string): boolean | undefined =>
  typeof value === 'boolean' ? value : the.refuse(where, 'It must be true or false.');

/** Refuses what stands in a list a second time. */
export const refuseRepeats = (the: Findings, items: readonly string[], where: string): void => {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) the.refuse(`${where}/${index}`, `${item} stands here twice.`);
    seen.add(item);
  }
};

/** What was read and checked, as JSON that can be stored and hashed. */
export const asJson = (value: object): JsonObject => value as JsonObject;
