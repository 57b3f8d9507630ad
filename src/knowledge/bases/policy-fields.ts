// Reads the members of a contribution policy out of whatever was sent; what breaks a rule is reported, never thrown. Pure.
import { isMediaType } from '../../protocol/knowledge/entry.ts';
import { parseRoleId, parseWorkforceId } from '../../protocol/knowledge/ids.ts';
import type { PathRule } from '../../protocol/knowledge/policy.ts';
import { pathProblems } from '../../protocol/knowledge-path.ts';

const MAX_LIST = 64;
const MAX_TEXT = 512;
// A rule is held against every path of a contribution, of which there may be thousands.
const MAX_SEGMENTS = 16;
const MAX_NAME_SHOWN = 64;
const MAX_APPROVALS = 16;
const SUITE = /^[a-z0-9][a-z0-9_./-]{0,127}$/;

export type Report = (
  where: string,
  rule: string,
  code?: 'policy_invalid' | 'confidence_floor_too_low',
) => void;

/** What it returns is worth something only where it reported nothing. */
export type Reader = (value: unknown, where: string, report: Report) => unknown;

type Members = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pointerTo = (where: string, name: string): string =>
  `${where}/${name.slice(0, MAX_NAME_SHOWN).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The name of a suite of evaluations. */
export const isSuite = (text: string): boolean => SUITE.test(text);

/** A media type, or `text/*` for all of a kind. */
const isMediaPattern = (text: string): boolean => isMediaType(text.replace(/\/\*$/, '/any'));

export const flag: Reader = (value, where, report) =>
  typeof value === 'boolean' ? value : report(where, 'must be true or false');

export const oneOf =
  (words: readonly string[]): Reader =>
  (value, where, report) =>
    words.includes(value as string) ? value : report(where, `must be one of ${words.join(', ')}`);

export const wholeNumber =
  (least: number, most: number): Reader =>
  (value, where, report) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
      ? value
      : report(where, `must be a whole number from ${least} to ${most}`);

export const approvals = wholeNumber(1, MAX_APPROVALS);

export const floor: Reader = (value, where, report) => {
  if (typeof value !== 'number') return report(where, 'must be a number from 0.5 to 1');
  return value >= 0.5 && value <= 1
    ? value
    : report(where, 'must be a number from 0.5 to 1', 'confidence_floor_too_low');
};

const itemsOf = (value: unknown, where: string, report: Report): readonly unknown[] | undefined => {
  if (Array.isArray(value) && value.length <= MAX_LIST) return Array.from(value);
  report(where, `must be a list of at most ${MAX_LIST}`);
  return undefined;
};

const listOf =
  (what: string, holds: (text: string) => boolean): Reader =>
  (value, where, report) => {
    const items = itemsOf(value, where, report) ?? [];
    for (const [index, item] of items.entries())
      if (typeof item !== 'string' || item.length > MAX_TEXT || !holds(item))
        report(`${where}/${index}`, `must be ${what}`);
    if (new Set(items).size < items.length) report(where, 'must name each only once');
    return items;
  };

export const roles = listOf(
  'a role: role:<authority>:<name>/v<n>',
  (text) => parseRoleId(text) !== undefined,
);

export const workforces = listOf(
  'a workforce: workforce:<authority>:<id>',
  (text) => parseWorkforceId(text) !== undefined,
);

export const suites = listOf('the name of a suite: a-z, 0-9, and _ . / - within', isSuite);

const mediaPatterns = listOf('a media type in lower case, or one such as text/*', isMediaPattern);

export const mediaTypes: Reader = (value, where, report) => {
  if (value === null) return null;
  if (Array.isArray(value) && value.length === 0) return report(where, 'must name one, or be null for any');
  return mediaPatterns(value, where, report);
};

/** Where a pattern could fit no path, or fewer than it seems to, a rule would silently not hold. */
const pattern: Reader = (value, where, report) => {
  if (typeof value !== 'string' || value.length > MAX_TEXT || pathProblems(value).length > 0)
    return report(where, `must be written like a path, in at most ${MAX_TEXT} bytes`);
  const segments = value.split('/');
  if (segments.length > MAX_SEGMENTS) return report(where, `may have at most ${MAX_SEGMENTS} segments`);
  const isMixed = segments.some((segment) => segment !== '**' && segment.includes('**'));
  return isMixed ? report(where, 'may have ** only as a whole segment') : value;
};

/** One that is not there is as in `unless`, if it may be left out; one that nobody knows is reported. */
export const membersOf = (
  readers: Readonly<Record<string, Reader>>,
  unless: Members,
  value: unknown,
  where: string,
  report: Report,
): Members => {
  if (!isRecord(value)) report(where, 'must be an object');
  const given = isRecord(value) ? value : {};
  for (const name of Object.keys(given))
    if (!Object.hasOwn(readers, name)) report(pointerTo(where, name), 'is not known here');
  const readOne = (name: string, read: Reader): unknown => {
    const member = Object.hasOwn(given, name) ? given[name] : undefined;
    if (member !== undefined) return read(member, pointerTo(where, name), report);
    return Object.hasOwn(unless, name) ? unless[name] : report(pointerTo(where, name), 'must be there');
  };
  return Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, readOne(name, read)]));
};

const RULE: { readonly [K in keyof PathRule]: Reader } = {
  pattern,
  required_approvals: approvals,
  reviewer_roles: roles,
};
const RULE_UNLESS = { required_approvals: 1, reviewer_roles: [] };

export const pathRules: Reader = (value, where, report) =>
  itemsOf(value, where, report)?.map((rule, index) =>
    membersOf(RULE, RULE_UNLESS, rule, `${where}/${index}`, report),
  );
