// Names and versions at the door: which are refused, with which code, and who may stand in whose namespace.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nameKey,
  namespaceOf,
  type PackName,
  parseNamespacePattern,
  parsePackName,
  parsePackVersion,
  patternCovers,
  scopeOf,
} from '../../src/protocol/pack-id.ts';

const vectors = JSON.parse(readFileSync(new URL('../vectors/pack-names.json', import.meta.url), 'utf8')) as {
  readonly names: readonly { readonly name: string; readonly code: string | null }[];
  readonly versions: { readonly accepted: readonly string[]; readonly refused: readonly string[] };
  readonly patterns: readonly {
    readonly pattern: string;
    readonly covers: readonly string[];
    readonly not: readonly string[];
  }[];
};

const codeOf = (text: string): string | null => {
  const parsed = parsePackName(text);
  return parsed.ok ? null : parsed.violation.code;
};

describe('a pack name', () => {
  it.each(vectors.names)('$name is answered with $code', ({ name, code }) => {
    expect(codeOf(name)).toBe(code);
  });

  it('has at most 214 characters', () => {
    expect(codeOf(`vendor.acme.${'x'.repeat(202)}`)).toBeNull();
    expect(codeOf(`vendor.acme.${'x'.repeat(203)}`)).toBe('invalid_pack_name');
  });

  it('is refused in linear time, however long it is', () => {
    const start = performance.now();
    expect(codeOf(`${'a.'.repeat(500_000)}!`)).toBe('invalid_pack_name');
    expect(codeOf(`${'a'.repeat(1_000_000)}`)).toBe('invalid_pack_name');
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('says in the violation where it stood', () => {
    const parsed = parsePackName('singleseg', '/name');
    expect(parsed).toMatchObject({ ok: false, violation: { where: '/name', code: 'invalid_pack_name' } });
  });

  it('is never accepted with anything that a path, a URL or a shell could misread', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        if (codeOf(text) === null) expect(text).toMatch(/^[a-zA-Z0-9._-]+$/);
        if (codeOf(`vendor.acme.${text}`) === null) expect(text).toMatch(/^[a-zA-Z0-9._-]+$/);
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });

  it('has a scope, a namespace and a key', () => {
    const name = 'vendor.acme.camelCase.more' as PackName;
    expect([scopeOf(name), namespaceOf(name), nameKey(name)]).toEqual([
      'vendor',
      'vendor.acme',
      'vendor.acme.camelcase.more',
    ]);
  });
});

describe('a version', () => {
  it.each(vectors.versions.accepted)('%s is one', (text) => {
    expect(parsePackVersion(text)).toEqual({ ok: true, value: text });
  });

  it.each(vectors.versions.refused)('%j is none', (text) => {
    expect(parsePackVersion(text)).toMatchObject({ ok: false, violation: { code: 'invalid_version' } });
  });

  it('has at most 64 characters', () => {
    expect(parsePackVersion(`1.0.0-${'a'.repeat(58)}`).ok).toBe(true);
    expect(parsePackVersion(`1.0.0-${'a'.repeat(59)}`).ok).toBe(false);
  });

  it('is refused in linear time, however long it is', () => {
    const start = performance.now();
    expect(parsePackVersion(`1.0.0-${'0'.repeat(1_000_000)}`).ok).toBe(false);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('a namespace pattern', () => {
  it.each(vectors.patterns)('$pattern covers its own and not its neighbours', ({ pattern, covers, not }) => {
    expect(covers.filter((name) => !patternCovers(pattern, name))).toEqual([]);
    expect(not.filter((name) => patternCovers(pattern, name))).toEqual([]);
  });

  it('is folded to lower case when it is read', () => {
    expect(parseNamespacePattern('Vendor.Acme.*')).toEqual({ ok: true, value: 'vendor.acme.*' });
  });

  it.each([
    '',
    '*',
    '.*',
    'vendor.*.tools',
    'vendor.ac*',
    'vendor.acme.',
    'vendor..*',
    'vendor.acme.**',
    'a b',
  ])('%j is none', (text) => {
    expect(parseNamespacePattern(text)).toMatchObject({ ok: false, violation: { code: 'validation_error' } });
  });
});
