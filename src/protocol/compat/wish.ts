// Reads `name@range` and the words of the platform, as whoever asks about compatibility writes them. Pure.
import { clipped } from '../manifest/read.ts';
import { parsePackName } from '../pack-id.ts';
import { parseRange } from '../semver-range.ts';
import type { Wish } from './gather.ts';

/** What is wrong with a text, as a sentence. */
export type ReadWish =
  | { readonly ok: true; readonly wish: Wish }
  | { readonly ok: false; readonly says: string };

/** A bare name stands for its highest version. */
export const readWish = (text: string): ReadWish => {
  const split = text.indexOf('@');
  const name = parsePackName(split < 0 ? text : text.slice(0, split));
  const range = split < 0 ? '*' : text.slice(split + 1);
  if (!name.ok) return { ok: false, says: `"${clipped(text)}": ${name.violation.message}` };
  if (range === '' || parseRange(range) === undefined)
    return { ok: false, says: `"${clipped(text)}" names no version and no range behind the @.` };
  return { ok: true, wish: { name: name.value, range, by: undefined } };
};

/** RFC 0076 §A; words of later versions too, which grant nothing here. */
export const isGrant = (text: string): boolean => /^[a-z]+(?:\.[a-z]+){0,3}$/.test(text) && text.length <= 64;
