// How many requests are taken of one sender, and which proxies tell who that is, as operators write it. Pure.

/** A bucket that fills at a pace and never holds more than its burst. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Of one address: reads that cost work, writes of nobody known, credentials that are not believed. Of one token: writes. */
export interface RateLimits {
  readonly reads: RateLimit;
  readonly writes: RateLimit;
  readonly unknown: RateLimit;
  readonly failures: RateLimit;
}

export const DEFAULT_LIMITS: RateLimits = {
  reads: { perSecond: 500, burst: 5_000 },
  writes: { perSecond: 500, burst: 5_000 },
  unknown: { perSecond: 50, burst: 500 },
  failures: { perSecond: 5, burst: 100 },
};

const ENTRY = /^(reads|writes|unknown|failures)=(\d{1,6})\/(\d{1,7})$/;

const readEntry = (text: string): readonly [keyof RateLimits, RateLimit] | string => {
  const [, name, perSecond, burst] = ENTRY.exec(text) ?? [];
  if (name === undefined)
    return `"${text.slice(0, 60)}" is none of off, reads=, writes=, unknown=, failures=<per second>/<burst>`;
  const limit = { perSecond: Number(perSecond), burst: Number(burst) };
  if (limit.perSecond < 1 || limit.burst < 1) return `"${text}" would let nobody in`;
  return [name as keyof RateLimits, limit];
};

const listed = (text: string): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** `off`, or `writes=<per second>/<burst>,…`; what is not named keeps its default. */
export const readRateLimits = (
  text: string,
): { readonly limits: RateLimits | 'off'; readonly problems: readonly string[] } => {
  if (text.trim() === 'off') return { limits: 'off', problems: [] };
  const read = listed(text).map(readEntry);
  const problems = read.filter((each) => typeof each === 'string');
  const given = Object.fromEntries(read.filter((each) => typeof each !== 'string'));
  return { limits: { ...DEFAULT_LIMITS, ...given }, problems };
};

/** How many proxies stand in front, or which addresses they have (`10.0.0.0/8`). */
export type TrustedProxies = number | readonly string[];

const PROXY = /^[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?$/;
const MOST_HOPS = 16;

export const readTrustedProxies = (
  text: string,
): { readonly proxies: TrustedProxies; readonly problems: readonly string[] } => {
  const names = listed(text);
  if (names.length === 0) return { proxies: 0, problems: [] };
  if (/^\d{1,2}$/.test(text.trim()) && Number(text) <= MOST_HOPS)
    return { proxies: Number(text), problems: [] };
  const problems = names
    .filter((name) => !PROXY.test(name) || !/[.:]/.test(name))
    .map(
      (name) =>
        `"${name.slice(0, 60)}" is neither a number of hops up to ${MOST_HOPS} nor an address or range`,
    );
  return { proxies: names, problems };
};
