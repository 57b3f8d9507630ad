// What an advisory says is affected: by precedence, as intervals that agree with node-semver on every version.
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { compareVersions, parseAffected, type VersionInterval } from '../../src/protocol/semver-range.ts';

const NUMBERS = ['0', '1', '2', '10'];
const ENDS = ['', '-0', '-rc', '-rc.0', '-rc.1', '-rc.1.0', '-zz'];
const VERSIONS = NUMBERS.flatMap((major) =>
  ['0', '1', '3'].flatMap((minor) =>
    ['0', '1', '2'].flatMap((patch) => ENDS.map((end) => `${major}.${minor}.${patch}${end}`)),
  ),
);

/** The same choices in every run. */
const chooser = (seed: number) => {
  let state = seed;
  return <T>(from: readonly T[]): T => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return from[Math.floor((state / 2_147_483_648) * from.length)] as T;
  };
};

const someRange = (choose: ReturnType<typeof chooser>): string => {
  const comparator = (): string => `${choose(['', '<', '<=', '>', '>=', '=', '^', '~'])}${choose(VERSIONS)}`;
  const alternative = (): string =>
    choose([
      comparator,
      () => `${comparator()} ${comparator()}`,
      () => `${choose(VERSIONS)} - ${choose(VERSIONS)}`,
      () => choose(['*', '1.x', '1.1', '<1.x', '>1', '<=1.1', '~1.1', '^0.x', '>=2']),
    ])();
  return choose([alternative, () => `${alternative()} || ${alternative()}`])();
};

const lies = (version: string, { introduced, fixed }: VersionInterval): boolean =>
  (introduced === undefined || compareVersions(version, introduced) >= 0) &&
  (fixed === undefined || compareVersions(version, fixed) < 0);

describe('the range of an advisory', () => {
  it('means the same as intervals and to node-semver, prereleases included', () => {
    const choose = chooser(7);
    for (let round = 0; round < 400; round += 1) {
      const text = someRange(choose);
      const range = parseAffected(text);
      expect(range, text).toBeDefined();
      for (const version of VERSIONS) {
        const expected = satisfies(version, text, { includePrerelease: true });
        const found = [range?.admits(version), range?.intervals?.some((each) => lies(version, each))];
        if (found[0] !== expected || found[1] !== expected)
          expect([text, version, ...found]).toEqual([text, version, expected, expected]);
      }
    }
  });

  it.each([
    ['<1.0.1', [{ introduced: undefined, fixed: '1.0.1' }]],
    ['>=1.0.0 <1.4.2', [{ introduced: '1.0.0', fixed: '1.4.2' }]],
    ['<=1.2.3', [{ introduced: undefined, fixed: '1.2.4-0' }]],
    ['>1.0.0-rc', [{ introduced: '1.0.0-rc.0', fixed: undefined }]],
    ['*', [{ introduced: undefined, fixed: undefined }]],
    ['>2.0.0 <1.0.0', []],
  ])('reads %s', (text, intervals) => {
    expect(parseAffected(text)?.intervals).toEqual(intervals);
  });

  it('has no intervals where a bound cannot be counted on', () => {
    const range = parseAffected('<=1.0.9007199254740991');
    expect(range?.intervals).toBeUndefined();
    expect(range?.admits('1.0.0')).toBe(true);
  });

  it.each(['no range', '1.0.0 - ', '<', `>=1.0.0 ${'<2.0.0 '.repeat(50)}`])('is refused as %j', (text) => {
    expect(parseAffected(text)?.text).toBeUndefined();
  });
});
