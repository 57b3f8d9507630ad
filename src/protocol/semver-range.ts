// The order of versions and what a range admits: the one wrapper of node-semver. Pure.
import { type Comparator, compare, compareBuild, parse, prerelease, Range, type SemVer } from 'semver';

/** A range in node-semver's grammar, at most 256 characters. */
export interface VersionRange {
  readonly text: string;
  readonly admits: (version: string) => boolean;
}

export interface VersionFlags<V extends string = string> {
  readonly version: V;
  readonly yanked: boolean;
  readonly deprecated: boolean;
}

const MAX_RANGE = 256;
const V2_ENGINE_RANGE = /^>=\d+(?:\.\d+){0,2} <\d+\.0\.0$/;

/** Whoever compares versions compares each with many; reading one costs more than comparing two. */
const MAX_REMEMBERED = 20_000;
const remembered = new Map<string, SemVer>();

/** The text itself where it is no version. */
const readOnce = (version: string): SemVer | string => {
  const known = remembered.get(version);
  if (known !== undefined) return known;
  const read = parse(version);
  if (read === null) return version;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(version, read);
  return read;
};

const rangeOf = (text: string): Range | undefined => {
  if (text.length > MAX_RANGE) return undefined;
  try {
    return new Range(text);
  } catch {
    return undefined;
  }
};

/** Reads a range; undefined where node-semver has no reading of it or it is too long. */
export const parseRange = (text: string): VersionRange | undefined => {
  const range = rangeOf(text);
  return range === undefined ? undefined : { text, admits: (version) => range.test(readOnce(version)) };
};

/**
 * Orders by precedence, then by build metadata, then by spelling: node-semver takes prerelease numbers beyond 2^53 for
 * equal, and an index must never have two orders. Versions must be valid.
 */
export const compareVersions = (a: string, b: string): number =>
  compareBuild(readOnce(a), readOnce(b)) || a.length - b.length || Number(a > b) - Number(a < b);

/**
 * The highest version that a range admits; undefined where none is, or where the range is unreadable. As in
 * node-semver, a prerelease is admitted only by a range that names a prerelease of the same major.minor.patch.
 */
export const highestSatisfying = <V extends string>(versions: readonly V[], range: string): V | undefined => {
  const read = rangeOf(range);
  if (read === undefined) return undefined;
  const fitting = versions.filter((version) => read.test(readOnce(version)));
  return fitting.reduce<V | undefined>(
    (best, each) => (best === undefined || compare(readOnce(each), readOnce(best)) > 0 ? each : best),
    undefined,
  );
};

export const isPrerelease = (version: string): boolean => prerelease(version) !== null;

const highest = <V extends string>(versions: readonly VersionFlags<V>[]): V | undefined =>
  versions
    .map((each) => each.version)
    .sort(compareVersions)
    .at(-1);

/** The version called `latest`: the highest in good standing, else the highest not yanked, else the highest. */
export const latestOf = <V extends string>(versions: readonly VersionFlags<V>[]): V | undefined => {
  const served = versions.filter((each) => !each.yanked);
  const sound = served.filter((each) => !each.deprecated && !isPrerelease(each.version));
  return highest(sound) ?? highest(served) ?? highest(versions);
};

type Alternative = readonly Comparator[];

/** Whether one alternative of a range ends somewhere: `<`, `<=` or one exact version. `*` has an empty value. */
const isBounded = (alternative: Alternative): boolean =>
  alternative.some((each) => each.value !== '' && each.operator !== '>' && each.operator !== '>=');

/**
 * Whether an engine range admits some version of a protocol major. An alternative without an upper bound was written
 * when there was one major only, so it counts as `<2.0.0` (spec/v2 packs, engine range). Unreadable ranges admit none.
 */
export const admitsMajor = (engines: string, major: number): boolean => {
  const wanted = new Range(`>=${major}.0.0 <${major + 1}.0.0-0`);
  return (rangeOf(engines)?.set ?? [])
    .filter((alternative) => major < 2 || isBounded(alternative))
    .some((alternative) => new Range(alternative.map((each) => each.value).join(' ')).intersects(wanted));
};

/** Whether a range has the one form that v2 manifests may use: `>=1.0.0 <3.0.0`. */
export const isV2EngineRange = (engines: string): boolean =>
  engines.length <= MAX_RANGE && V2_ENGINE_RANGE.test(engines);

/** Versions from `introduced` on and before `fixed`; undefined where there is no such end. */
export interface VersionInterval {
  readonly introduced: string | undefined;
  readonly fixed: string | undefined;
}

/** What an advisory says is affected. */
export interface AffectedRange extends VersionRange {
  /** The same as intervals; undefined where a bound is beyond what versions can count. */
  readonly intervals: readonly VersionInterval[] | undefined;
}

/** The lowest version above this one: `1.0.1-0` above 1.0.0, `1.0.0-a.0` above 1.0.0-a. */
const nextAbove = ({ major, minor, patch, prerelease: parts }: SemVer): string =>
  parts.length > 0
    ? `${major}.${minor}.${patch}-${[...parts, 0].join('.')}`
    : `${major}.${minor}.${patch + 1}-0`;

const LOWEST = '0.0.0-0';

const later = (a: string | undefined, b: string): string => (a !== undefined && compare(a, b) > 0 ? a : b);
const earlier = (a: string | undefined, b: string): string => (a !== undefined && compare(a, b) < 0 ? a : b);

const narrowed = ({ introduced, fixed }: VersionInterval, by: Comparator): VersionInterval => {
  const at = by.semver.version;
  const above = nextAbove(by.semver);
  if (by.operator === '>=') return { introduced: later(introduced, at), fixed };
  if (by.operator === '>') return { introduced: later(introduced, above), fixed };
  if (by.operator === '<') return { introduced, fixed: earlier(fixed, at) };
  if (by.operator === '<=') return { introduced, fixed: earlier(fixed, above) };
  return { introduced: later(introduced, at), fixed: earlier(fixed, above) };
};

const intervalOf = (alternative: Alternative): readonly VersionInterval[] => {
  const bounds = alternative.filter(({ value }) => value !== '');
  const { introduced, fixed } = bounds.reduce(narrowed, { introduced: undefined, fixed: undefined });
  if (fixed !== undefined && compare(introduced ?? LOWEST, fixed) >= 0) return [];
  return [{ introduced: introduced === LOWEST ? undefined : introduced, fixed }];
};

const isCountable = (alternative: Alternative): boolean =>
  alternative.every(({ value, semver }) => value === '' || semver.patch < Number.MAX_SAFE_INTEGER);

/**
 * Reads the range of an advisory. It goes by precedence alone, so that `<1.0.1` names 1.0.0-rc.1 and 1.0.1-rc.1 too: a
 * warning that leaves out prereleases would leave out those who test them. Undefined as `parseRange`.
 */
export const parseAffected = (text: string): AffectedRange | undefined => {
  if (text.length > MAX_RANGE || rangeOf(text) === undefined) return undefined;
  const range = new Range(text, { includePrerelease: true });
  const intervals = range.set.every(isCountable) ? range.set.flatMap(intervalOf) : undefined;
  return { text, admits: (version) => range.test(version), intervals };
};
