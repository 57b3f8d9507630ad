// The words of a document and of a search, and how well the one answers the other: both sides count alike. Pure.
import { fromUtf8 } from '../../../keys/bytes.ts';

/** How often each word stands in a document, in the order in which they first stand there. */
export type Words = ReadonlyMap<string, number>;

/** Larger documents are found by their path only. */
export const MAX_SEARCHED_BYTES = 1024 * 1024;
export const MAX_QUERY_WORDS = 16;
const MAX_WORDS = 10_000;
const MAX_WORD_CHARACTERS = 64;
/** Some characters are many once they are normalized: no document makes more work than one of plain letters. */
const MAX_UNITS = MAX_SEARCHED_BYTES;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

// To normalize puts the marks on a letter in order, in steps that grow with the square of their number, and no script
// needs more than 30 (UAX #15 §13). The two letters that stand with them here are normalized to marks.
const MARKS = /[\p{M}\uff9e\uff9f]{2,}/gu;
const MAX_MARKS = 30;

const withFewMarks = (text: string): string =>
  text.replace(MARKS, (run) => (run.length <= MAX_MARKS ? run : [...run].slice(0, MAX_MARKS).join('')));

/** Whole characters, so that no word ends in half of a surrogate pair. */
const cut = (word: string): string =>
  word.length <= MAX_WORD_CHARACTERS ? word : [...word].slice(0, MAX_WORD_CHARACTERS).join('');

function* wordsIn(text: string): Generator<string, void, void> {
  const plain = withFewMarks(text).normalize('NFKC').toLowerCase().slice(0, MAX_UNITS);
  for (const [word] of plain.matchAll(WORD)) yield cut(word);
}

/** Once a text has so many distinct words, others are passed over. */
export const countWords = (text: string): Words => {
  const counts = new Map<string, number>();
  for (const word of wordsIn(text)) {
    const count = counts.get(word) ?? 0;
    if (count > 0 || counts.size < MAX_WORDS) counts.set(word, count + 1);
  }
  return counts;
};

/** Undefined for a document that no search looks into: too large, no UTF-8, or with a NUL in it. */
export const searchableWords = (document: Uint8Array): Words | undefined => {
  if (document.length > MAX_SEARCHED_BYTES || document.includes(0)) return undefined;
  const text = fromUtf8(document);
  return text === undefined ? undefined : countWords(text);
};

/** The words that a document must have, each once, sorted; undefined where there are none or more than 16. */
export const queryWords = (query: string): readonly string[] | undefined => {
  const words = [...new Set(wordsIn(query))].sort();
  return words.length >= 1 && words.length <= MAX_QUERY_WORDS ? words : undefined;
};

/** How often the words of a search stand in a document, together; 0 where one of them does not. */
export const scoreOf = (words: Words, query: readonly string[]): number => {
  const counts = query.map((word) => words.get(word) ?? 0);
  return counts.includes(0) ? 0 : counts.reduce((sum, count) => sum + count, 0);
};
