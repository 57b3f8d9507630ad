// The words of documents and searches that were written to cost their reader dearly.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../keys/bytes.ts';
import { MAX_SEARCHED_BYTES, queryWords, searchableWords } from '../../../src/protocol/knowledge/words.ts';

const HIGH = '\u0300';
const LOW = '\u0316';
/** Letters that become marks when they are normalized. */
const SOUND = '\uff9e';

const filled = (text: string): Uint8Array =>
  utf8(text.repeat(Math.ceil(MAX_SEARCHED_BYTES / utf8(text).length))).subarray(0, MAX_SEARCHED_BYTES);

const half = MAX_SEARCHED_BYTES / 4 - 1;
const COSTLY: Readonly<Record<string, Uint8Array>> = {
  'marks to be put before as many others': utf8(`a${HIGH.repeat(half)}${LOW.repeat(half)}`),
  'marks among letters that become marks': utf8(`a${LOW.repeat(15)}${SOUND}`.repeat(20_000)),
  'letters that become marks, behind marks': utf8(`a${`${LOW.repeat(29)}${SOUND}`.repeat(16_000)}`),
  'short runs of marks': utf8(`a${HIGH.repeat(15)}${LOW.repeat(15)}`.repeat(16_000)),
  'a ligature of eighteen letters': filled('\ufdfa').subarray(0, 3 * 349_525),
  'one word': filled('a'),
  'words of one letter': filled('a '),
};

const timed = (work: () => unknown): number => {
  const began = performance.now();
  work();
  return performance.now() - began;
};

describe('the words of a document', () => {
  for (const [name, document] of Object.entries(COSTLY))
    it(`are counted in no time that others would notice: ${name}`, () => {
      expect(document.length).toBeLessThanOrEqual(MAX_SEARCHED_BYTES);
      const took = timed(() => expect(searchableWords(document)).toBeDefined());
      expect(took).toBeLessThan(1_000);
    });

  it('are the same for marks in any order, as far as a letter has any use for them', () => {
    const marks = `${HIGH.repeat(10)}${LOW.repeat(10)}`;
    const [one, other] = [`a${marks}`, `a${[...marks].reverse().join('')}`].map((text) => queryWords(text));
    expect(one).toEqual(other);
    expect(queryWords('Caf\u0065\u0301')).toEqual(['caf\u00e9']);
  });

  it('are the same for a document and for a search, however many marks they have', () => {
    const text = `a${HIGH.repeat(100)}b`;
    expect([...(searchableWords(utf8(text))?.keys() ?? [])]).toEqual(queryWords(text));
  });
});
