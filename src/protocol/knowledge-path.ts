// Where an entry stands in a knowledge base: paths, their order as bytes, and which of them differ only in case. Pure.
import { utf8 } from '../../keys/bytes.ts';
import { ContentError, type ContentErrorCode } from './content-errors.ts';

/** Segments joined by `/`, NFC, at most 512 bytes of UTF-8, nothing that a file system could take for another place. */
export type KnowledgePath = string & { readonly __brand: 'KnowledgePath' };

export const MAX_PATH_BYTES = 512;

const RULES: readonly (readonly [ContentErrorCode, (text: string) => boolean])[] = [
  ['path_too_long', (text) => utf8(text).length > MAX_PATH_BYTES],
  ['path_empty', (text) => text.split('/').includes('')],
  ['path_dots', (text) => text.split('/').some((segment) => segment === '.' || segment === '..')],
  ['path_character', (text) => /[\\\p{Cc}]/u.test(text)],
  ['path_surrogate', (text) => /\p{Surrogate}/u.test(text)],
  ['path_not_nfc', (text) => text.normalize('NFC') !== text],
];

// What most paths are made of, checked in one go.
const PLAIN = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;

/** Every rule that a text breaks as a path, except that one far too long breaks only that; none where it is a path. */
export const pathProblems = (text: string): readonly ContentErrorCode[] => {
  if (text.length > MAX_PATH_BYTES) return ['path_too_long'];
  return PLAIN.test(text) ? [] : RULES.flatMap(([code, breaks]) => (breaks(text) ? [code] : []));
};

/** @throws ContentError `path_…`, the first rule that the text breaks; the details name all of them */
export const parseKnowledgePath = (text: string): KnowledgePath => {
  const problems = pathProblems(text);
  const [code] = problems;
  if (code !== undefined) throw new ContentError(code, { path: text.slice(0, MAX_PATH_BYTES), problems });
  return text as KnowledgePath;
};

// UTF-16 puts the halves of surrogate pairs, the highest characters of all, below U+E000 to U+FFFF.
const rankOf = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/** Negative, zero or positive as the UTF-8 bytes of the one text stand before, with or after those of the other. */
export const compareAsBytes = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at === length
    ? left.length - right.length
    : rankOf(left.charCodeAt(at)) - rankOf(right.charCodeAt(at));
};

/**
 * Two paths that a file system without case would take for one have the same fold (full Unicode case folding, as far as
 * it tells texts apart; the dotless ı, which folds to itself, included).
 */
export const foldPath = (path: string): string =>
  path
    .split('ı')
    .map((part) => part.toLowerCase().toUpperCase())
    .join('ı')
    .normalize('NFC');
