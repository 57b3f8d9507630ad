// Words of documents and of searches: one way to count them, in every script and on both sides.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWords, queryWords, scoreOf, searchableWords } from '../../../src/protocol/knowledge/words.ts';

const counted = (text: string) => Object.fromEntries(countWords(text));
const isSurrogate = (point: number): boolean => point >= 0xd800 && point <= 0xdfff;
const bytes = (text: string) => new TextEncoder().encode(text);

describe('the words of a text', () => {
  it('are runs of letters, marks and digits, in lower case, each with how often it stands there', () => {
    expect(counted('Refunds: within 30 days. REFUNDS!')).toEqual({ refunds: 2, within: 1, '30': 1, days: 1 });
    expect(counted('foo-bar_baz/qux.md')).toEqual({ foo: 1, bar: 1, baz: 1, qux: 1, md: 1 });
    expect(counted(' \n\t.,;')).toEqual({});
  });

  it('are the same however their characters are composed, in every script', () => {
    expect(counted('Ärger A\u0308rger ﬁn')).toEqual({ ärger: 2, fin: 1 });
    expect(counted('ＡＢＣ１２ 漢字 हिन्दी')).toEqual({ abc12: 1, 漢字: 1, हिन्दी: 1 });
    expect(counted('İstanbul')).toEqual(counted('i\u0307stanbul'));
  });

  it('are cut at 64 characters, never in the middle of one', () => {
    expect(counted('a'.repeat(65))).toEqual({ ['a'.repeat(64)]: 1 });
    expect(counted('𝒳𐐀'.repeat(40))).toEqual({ ['x𐐨'.repeat(32)]: 1 });
  });

  it('are the first 10,000 different ones; those count on to the end', () => {
    const text = Array.from({ length: 10_001 }, (_, at) => `w${at}`).join(' ');
    const words = countWords(`${text} w0 w10000 w9999`);
    expect(words.size).toBe(10_000);
    expect([words.get('w0'), words.get('w9999'), words.get('w10000')]).toEqual([2, 2, undefined]);
  });
});

describe('a text that grows when it is normalized', () => {
  it('is read no further than a plain one could be', () => {
    const words = countWords('\ufdfa '.repeat(250_000));
    expect([...words.keys()].slice(0, 4).join(' ')).toBe('صلى الله عليه وسلم');
    expect([...words.values()].reduce((sum, count) => sum + count)).toBeLessThan(250_000);
  });
});

describe('a document', () => {
  it('is searched where it is valid UTF-8 of at most 1 MiB without NUL', () => {
    expect(searchableWords(bytes('salt'))).toEqual(new Map([['salt', 1]]));
    expect(searchableWords(bytes(''))).toEqual(new Map());
    expect(searchableWords(new Uint8Array(1024 * 1024).fill(0x61))?.size).toBe(1);
    expect(searchableWords(new Uint8Array(1024 * 1024 + 1).fill(0x61))).toBeUndefined();
    expect(searchableWords(bytes('salt\0'))).toBeUndefined();
    expect(searchableWords(Uint8Array.of(0x73, 0xff))).toBeUndefined();
    expect(searchableWords(Uint8Array.of(0xed, 0xa0, 0x80))).toBeUndefined();
  });

  it('gives words that any database can hold, whatever text it is', () => {
    const isOdd = (word: string) => /[\p{Surrogate}\0]/u.test(word) || [...word].length > 64;
    const holds = (text: string) => {
      expect([...countWords(text).keys()].filter(isOdd)).toEqual([]);
    };
    const somePoint = fc
      .integer({ min: 0, max: 0x10ffff })
      .map((point) => (isSurrogate(point) ? 0x61 : point));
    const texts = fc.array(somePoint, { maxLength: 200 }).map((points) => String.fromCodePoint(...points));
    fc.assert(fc.property(texts, holds), { numRuns: 200, seed: 20_260_601 });
  });
});

describe('a search', () => {
  it('has 1 to 16 different words, each once and sorted, or is none', () => {
    expect(queryWords('Salt, pepper & SALT')).toEqual(['pepper', 'salt']);
    expect(queryWords('')).toBeUndefined();
    expect(queryWords('?!')).toBeUndefined();
    const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
    expect(queryWords(words(16))).toHaveLength(16);
    expect(queryWords(words(17))).toBeUndefined();
  });

  it('finds a document that has all of its words, and scores how often they stand there together', () => {
    const words = countWords('salt salt pepper');
    expect(scoreOf(words, ['salt'])).toBe(2);
    expect(scoreOf(words, ['pepper', 'salt'])).toBe(3);
    expect(scoreOf(words, ['salt', 'sugar'])).toBe(0);
  });
});
