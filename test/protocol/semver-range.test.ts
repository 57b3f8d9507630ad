// The order of versions, ranges with prereleases, `latest`, and engine ranges that lie about the future.
import { describe, expect, it } from 'vitest';
import {
  admitsMajor,
  compareVersions,
  highestSatisfying,
  isPrerelease,
  isV2EngineRange,
  latestOf,
  parseRange,
} from '../../src/protocol/semver-range.ts';

describe('versions', () => {
  it('stand in the order of Semantic Versioning 2.0.0', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
    ];
    const all = [...ordered, '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0'];
    expect([...all].reverse().sort(compareVersions)).toEqual(all);
  });

  it('that differ in build metadata only never tie, so that every index has one order', () => {
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(-1);
    expect(compareVersions('1.0.0', '1.0.0')).toBe(0);
  });

  it('with numbers too large to be exact never tie either', () => {
    expect(compareVersions('1.0.0-90071992547409920', '1.0.0-90071992547409921')).toBe(-1);
    expect(compareVersions('1.0.0-90071992547409921', '1.0.0-90071992547409920')).toBe(1);
  });

  it('are prereleases by their hyphen, not by their build', () => {
    expect(['1.0.0-rc.1', '1.0.0', '1.0.0+rc-1'].map(isPrerelease)).toEqual([true, false, false]);
  });
});

describe('ranges', () => {
  const versions = ['1.0.0', '1.2.0', '1.3.0-rc.1', '2.0.0-beta', '2.1.0'];

  it.each([
    ['^1.0.0', '1.2.0'],
    ['~1.0.0', '1.0.0'],
    ['>=1.0.0 <3.0.0', '2.1.0'],
    ['1.2.0', '1.2.0'],
    ['^1.3.0-rc.0', '1.3.0-rc.1'],
    ['>=2.0.0-alpha <2.0.1', '2.0.0-beta'],
    ['>1.2.0 <2.0.0', undefined],
    ['', '2.1.0'],
    ['*', '2.1.0'],
    ['not a range', undefined],
  ])('%j admits %s as its highest', (range, highest) => {
    expect(highestSatisfying(versions, range)).toBe(highest);
  });

  it('longer than 256 characters are not read', () => {
    expect(parseRange(`>=1.0.0 ${'|| 1.0.0 '.repeat(40)}`)).toBeUndefined();
    expect(parseRange('1'.repeat(100_000))).toBeUndefined();
  });

  it('are read once and asked often', () => {
    const range = parseRange('>=1.0.0 <2.0.0');
    expect(versions.filter((version) => range?.admits(version))).toEqual(['1.0.0', '1.2.0']);
  });

  it('that would keep a backtracking parser busy are answered at once', () => {
    const start = performance.now();
    for (const text of [
      ' '.repeat(255),
      `>${' '.repeat(250)}x`,
      `1.0.0${'-'.repeat(250)}!`,
      `${'>='.repeat(128)}`,
    ])
      parseRange(text);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('latest', () => {
  const of = (version: string, flags: { readonly yanked?: boolean; readonly deprecated?: boolean } = {}) => ({
    version,
    yanked: flags.yanked ?? false,
    deprecated: flags.deprecated ?? false,
  });

  it('is the highest that is neither yanked nor deprecated nor a prerelease', () => {
    const versions = [
      of('1.0.0'),
      of('1.1.0'),
      of('1.2.0', { deprecated: true }),
      of('1.3.0', { yanked: true }),
    ];
    expect(latestOf([...versions, of('2.0.0-rc.1')])).toBe('1.1.0');
  });

  it('is the highest not yanked where none is in good standing', () => {
    const versions = [of('1.0.0', { deprecated: true }), of('2.0.0-rc.1'), of('3.0.0', { yanked: true })];
    expect(latestOf(versions)).toBe('2.0.0-rc.1');
  });

  it('is the highest where all are yanked', () => {
    expect(latestOf([of('1.0.0', { yanked: true }), of('1.1.0', { yanked: true })])).toBe('1.1.0');
  });

  it('is nothing where there is nothing', () => {
    expect(latestOf([])).toBeUndefined();
  });
});

describe('an engine range', () => {
  it.each([
    ['>=1.0.0', 1, true],
    ['>=1.0.0', 2, false],
    ['>=1.0.0 <2.0.0', 1, true],
    ['>=1.0.0 <2.0.0', 2, false],
    ['>=1.1 <2.0.0', 1, true],
    ['>=2.0.0 <3.0.0', 2, true],
    ['>=2.0.0 <3.0.0', 1, false],
    ['>=1.0.0 <3.0.0', 1, true],
    ['>=1.0.0 <3.0.0', 2, true],
    ['>=1.0.0 <3.0.0', 3, false],
    ['^1.0.0', 1, true],
    ['^1.0.0', 2, false],
    ['^2.1.0', 2, true],
    ['2.0.0', 2, true],
    ['*', 1, true],
    ['*', 2, false],
    ['', 2, false],
    ['>=2.0.0', 2, false],
    ['>=2.0.0 <3.0.0 || >=1.0.0', 2, true],
    ['>=1.0.0 || >=5.0.0', 5, false],
    ['>=2.0.0-alpha <2.0.0', 2, false],
    ['nonsense', 1, false],
  ])('%j admits major %i: %s', (range, major, admits) => {
    expect(admitsMajor(range, major)).toBe(admits);
  });

  it('of a v2 manifest has one form only', () => {
    const taken = ['>=1.0.0 <3.0.0', '>=2 <3.0.0', '>=2.1 <4.0.0'];
    const refused = [
      '>=1.0.0',
      '^2.0.0',
      '>=1.0.0  <3.0.0',
      '>=1.0.0 <3.1.0',
      '>=1.0.0 <3',
      ' >=1.0.0 <3.0.0',
      '>=1.0.0 <3.0.0\n',
    ];
    expect(taken.filter((range) => !isV2EngineRange(range))).toEqual([]);
    expect(refused.filter(isV2EngineRange)).toEqual([]);
  });
});
