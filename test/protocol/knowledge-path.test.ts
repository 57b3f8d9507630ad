// Paths of a knowledge base: what is none and why, their order as bytes, and which differ only in case.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentError } from '../../src/protocol/content-errors.ts';
import {
  compareAsBytes,
  foldPath,
  MAX_PATH_BYTES,
  parseKnowledgePath,
  pathProblems,
} from '../../src/protocol/knowledge-path.ts';

const always = { numRuns: 2_000, seed: 20_260_601 };

describe('a path', () => {
  it.each([
    'a',
    'README.md',
    'a/b/c.md',
    '.hidden/..a/...',
    'with blank/and-dash_and.dot',
    'ärger/日本語/😀.md',
    '-',
    'a:b*c?"<>|',
    'x'.repeat(MAX_PATH_BYTES),
    'é'.repeat(MAX_PATH_BYTES / 2),
  ])('may be %j', (text) => {
    expect(parseKnowledgePath(text)).toBe(text);
  });

  it.each([
    ['', ['path_empty']],
    ['/', ['path_empty']],
    ['/a', ['path_empty']],
    ['a/', ['path_empty']],
    ['a//b', ['path_empty']],
    ['.', ['path_dots']],
    ['..', ['path_dots']],
    ['a/./b', ['path_dots']],
    ['../a', ['path_dots']],
    ['a\\b', ['path_character']],
    ['a\u0000', ['path_character']],
    ['a\nb', ['path_character']],
    ['a\u007f', ['path_character']],
    ['a\u0085', ['path_character']],
    ['a\ud800', ['path_surrogate']],
    ['\udc00a', ['path_surrogate']],
    ['a\u0308', ['path_not_nfc']],
    ['\u212a', ['path_not_nfc']],
    ['x'.repeat(MAX_PATH_BYTES + 1), ['path_too_long']],
    ['é'.repeat(MAX_PATH_BYTES / 2 + 1), ['path_too_long']],
    ['😀'.repeat(MAX_PATH_BYTES / 4 + 1), ['path_too_long']],
    ['/..\\a\u0308', ['path_empty', 'path_character', 'path_not_nfc']],
  ])('is not %j: %j', (text, problems) => {
    expect(pathProblems(text)).toEqual(problems);
    expect(() => parseKnowledgePath(text)).toThrow(ContentError);
    expect(() => parseKnowledgePath(text)).toThrow(expect.objectContaining({ code: problems[0] }));
  });

  it('is looked at no further than it may be long', () => {
    expect(pathProblems('\u0308/'.repeat(5_000_000))).toEqual(['path_too_long']);
  });

  it('is whole segments of whole characters, whatever the text', () => {
    const isWhole = (text: string) => {
      if (pathProblems(text).length > 0) return;
      const segments = text.split('/');
      expect(segments.some((segment) => ['', '.', '..'].includes(segment))).toBe(false);
      expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_PATH_BYTES);
    };
    const parts = fc.constantFrom('a', '/', '.', '..', '\\', 'é', '\u0301', '\ud83d', '\ude00', '😀', '\t');
    const joined = fc.array(parts, { maxLength: 8 }).map((list) => list.join(''));
    fc.assert(fc.property(fc.oneof(joined, fc.string({ unit: 'binary' })), isWhole), always);
  });
});

describe('the order of paths', () => {
  it('is that of their UTF-8 bytes', () => {
    const isThat = (left: string, right: string) => {
      const bytes = Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
      expect(Math.sign(compareAsBytes(left, right))).toBe(bytes);
    };
    const unit = fc.constantFrom(
      'a',
      'b',
      '\u007f',
      'é',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
    );
    const texts = fc.oneof(fc.string({ unit, maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 5 }));
    const whole = texts.filter((text) => !/\p{Surrogate}/u.test(text));
    fc.assert(fc.property(whole, whole, isThat), always);
  });
});

describe('paths that differ only in case', () => {
  it.each([
    ['a/B.md', 'A/b.md'],
    ['straße', 'STRASSE'],
    ['straße', 'stra\u1e9ee'],
    ['ὀδός', 'ὈΔΌΣ'],
    ['ǆ', 'ǅ'],
    ['ﬁ', 'FI'],
    ['é', 'É'],
  ])('%j and %j clash', (one, other) => {
    expect(foldPath(one)).toBe(foldPath(other));
  });

  it.each([
    ['a', 'b'],
    ['e', 'é'],
    ['i', 'ı'],
    ['a/b', 'a_b'],
  ])('%j and %j do not', (one, other) => {
    expect(foldPath(one)).not.toBe(foldPath(other));
  });
});
