// Which paths a rule is about; nothing that anybody writes as a pattern or a path takes long.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, requirementsFor } from '../../../src/knowledge/bases/path-rules.ts';
import { policyWith, role } from '../world/situations.ts';

describe('a pattern', () => {
  it.each([
    ['legal/terms.md', 'legal/terms.md'],
    ['legal/*', 'legal/terms.md'],
    ['legal/*.md', 'legal/terms.md'],
    ['legal/t*s.*d', 'legal/terms.md'],
    ['legal/*terms.md*', 'legal/terms.md'],
    ['legal/**', 'legal/terms.md'],
    ['legal/**', 'legal/2026/may/terms.md'],
    ['legal/**', 'legal'],
    ['**', 'legal/2026/terms.md'],
    ['**/terms.md', 'legal/2026/terms.md'],
    ['**/terms.md', 'terms.md'],
    ['legal/**/terms.md', 'legal/terms.md'],
    ['legal/**/terms.md', 'legal/a/b/terms.md'],
    ['**/a/*/b/**/c', 'x/a/y/a/z/b/q/c'],
    ['*/*', 'legal/terms.md'],
    ['**/**', 'terms.md'],
    ['aa*aa', 'aaaa'],
  ])('%j fits %j', (pattern, path) => {
    expect(fits(pattern, path)).toBe(true);
  });

  it.each([
    ['legal/terms.md', 'legal/terms.md.bak'],
    ['legal/*', 'legal/2026/terms.md'],
    ['legal/*', 'legal'],
    ['legal/**', 'legally/terms.md'],
    ['*', 'legal/terms.md'],
    ['**/terms.md', 'legal/myterms.md'],
    ['legal/**/terms.md', 'legal/terms.md/more'],
    ['*/*', 'terms.md'],
    ['legal/t?rms.md', 'legal/terms.md'],
    ['legal/[a-z]*', 'legal/terms.md'],
    ['aa*aa', 'aaa'],
    ['*ab*ab*', 'xaby'],
    ['*ab*b', 'ab'],
    ['a/**/a', 'a'],
    ['**/a/**/a/**', 'x/a/y'],
  ])('%j does not fit %j', (pattern, path) => {
    expect(fits(pattern, path)).toBe(false);
  });

  it('disregards case, as bases do where paths have to differ', () => {
    expect(fits('legal/**', 'Legal/terms.md')).toBe(true);
    expect(fits('STRASSE/*', 'straße/terms.md')).toBe(true);
    expect(fits('legal/**', 'lega1/terms.md')).toBe(false);
  });

  const piece = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', 'a*b', '*a*a*', '*ab*b*', '**');
  const patterns = fc.array(piece, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'));
  const names = fc.string({ unit: fc.constantFrom('a', 'b', 'A'), minLength: 1, maxLength: 4 });
  const paths = fc.array(names, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'));

  /** The plainest way to say it; it may try the same again and again. */
  const fitsPlainly = (pattern: readonly string[], path: readonly string[]): boolean => {
    const [first, ...more] = pattern;
    if (first === undefined) return path.length === 0;
    if (first === '**')
      return path.some((_, at) => fitsPlainly(more, path.slice(at))) || fitsPlainly(more, []);
    const [segment, ...rest] = path;
    const text = new RegExp(`^${first.replaceAll('*', '.*')}$`, 'i');
    return segment !== undefined && text.test(segment) && fitsPlainly(more, rest);
  };

  it('fits what it says, and nothing else', () => {
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        expect(fits(pattern, path)).toBe(fitsPlainly(pattern.split('/'), path.split('/')));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('hostile patterns', () => {
  /** Of thousands, while a pattern that goes back and tries again would not end with one. */
  const SLOWEST_MS = 2_000;

  it.each([
    ['stars in one segment', '*a'.repeat(255), `${'a'.repeat(510)}b`],
    ['stars in every segment', `${'*a*/'.repeat(127)}x`, `${'aa/'.repeat(170)}y`],
    ['any segments, again and again', `${'**/a/'.repeat(100)}x`, `${'a/'.repeat(255)}y`],
    ['both', `${'**/*a*a/'.repeat(63)}x`, `${'aaaaaaa/'.repeat(63)}aaaaaaay`],
    ['pieces that nearly fit', `*${'a'.repeat(250)}b*`, 'a'.repeat(512)],
  ])('with %s are answered at once', (_, pattern, path) => {
    const start = performance.now();
    for (let count = 0; count < 300; count += 1) expect(fits(pattern, path)).toBe(false);
    expect(performance.now() - start).toBeLessThan(SLOWEST_MS);
  });

  it('and hostile paths get an answer, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), fc.string({ maxLength: 600 }), (pattern, path) => {
        expect(typeof fits(pattern, path)).toBe('boolean');
      }),
    );
  });
});

describe('what paths need', () => {
  const policy = policyWith({
    reviewer_roles: [role('editor')],
    path_rules: [
      { pattern: 'legal/**', required_approvals: 2, reviewer_roles: [role('lawyer')] },
      { pattern: '**/*.json', required_approvals: 3, reviewer_roles: [] },
    ],
  });

  it('is what every contribution needs, and what each rule asks for that fits one', () => {
    expect(requirementsFor(policy, ['legal/rates.json', 'legal/terms.md', 'notes.md'])).toEqual([
      {
        required_approvals: 1,
        reviewer_roles: [role('editor')],
        paths: ['legal/rates.json', 'legal/terms.md', 'notes.md'],
      },
      {
        required_approvals: 2,
        reviewer_roles: [role('lawyer')],
        paths: ['legal/rates.json', 'legal/terms.md'],
      },
      { required_approvals: 3, reviewer_roles: [role('editor')], paths: ['legal/rates.json'] },
    ]);
  });

  it('is nothing else where no rule fits', () => {
    expect(requirementsFor(policy, ['notes.md'])).toHaveLength(1);
  });
});
