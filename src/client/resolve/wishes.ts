// Pure. What a wish admits, and whose it is.
import { parsePackVersion } from '../../protocol/pack-id.ts';
import { parseRange, type VersionRange } from '../../protocol/semver-range.ts';
import type { Wish } from './types.ts';

export const YOU = 'you';

export const versionKey = (name: string, version: string): string => `${name}@${version}`;

/** The pack whose choice brought the wish; undefined where it is yours. Neither names nor versions hold an `@`. */
export const packBehind = ({ by }: Wish): string | undefined =>
  by === YOU ? undefined : by.split('@', 1)[0];

/** One version and no other, which may be chosen although it was yanked. */
export const isPin = (range: string): boolean => parsePackVersion(range).ok;

export type Admits = (range: string, version: string) => boolean;

/** Reads each range once. An exact version admits that very version; an unreadable range admits none. */
export const readRanges = (): Admits => {
  const read = new Map<string, VersionRange | undefined>();
  return (range, version) => {
    if (range === version) return true;
    if (!read.has(range)) read.set(range, isPin(range) ? undefined : parseRange(range));
    return read.get(range)?.admits(version) ?? false;
  };
};

/** In one order, whatever order they came in; each once. */
export const sortedWishes = (wishes: readonly Wish[]): readonly Wish[] => {
  const keyOf = ({ name, range, by }: Wish): string => JSON.stringify([name, range, by]);
  const unique = new Map(wishes.map((wish) => [keyOf(wish), wish]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, wish]) => wish);
};

/** What a candidate asks for, in the order of names. */
export const wishesOf = (dependencies: Readonly<Record<string, string>>, by: string): readonly Wish[] =>
  sortedWishes(Object.entries(dependencies).map(([name, range]) => ({ name, range, by })));
