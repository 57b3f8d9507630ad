// Reads the texts that options carry into values, or says what is wrong with them. Pure.
import { InvalidArgumentError } from 'commander';
import type { Tree } from '../../protocol/faults.ts';

/** `a,b` → `['a', 'b']`; may be given several times. */
export const listed = (text: string, before: readonly string[] = []): readonly string[] => {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) throw new InvalidArgumentError('It is a list separated by commas.');
  return [...before, ...items];
};

export const treeOption = (text: string): Tree => {
  if (text !== 'v1' && text !== 'v2') throw new InvalidArgumentError('The trees are v1 and v2.');
  return text;
};

/** `v1,v2` → `['v1', 'v2']`; may be given several times. */
export const treesOption = (text: string, before: readonly string[] = []): readonly string[] =>
  listed(text, before).map(treeOption);

/** For settings that are on or off; unset and empty are off. */
export const yesOrNo = (text: string): boolean => {
  if (['1', 'true'].includes(text)) return true;
  if (['0', 'false', ''].includes(text)) return false;
  throw new InvalidArgumentError('It is 1, true, 0 or false.');
};

export const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
};

/** The text as it was typed: it may be what is signed. */
export const instantText = (text: string): string => {
  const isInstant = /^\d{4}-\d\d-\d\dT[\d:.]{5,20}(?:Z|[+-]\d\d:\d\d)$/.test(text);
  if (isInstant && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('It is a time with its zone, as in 2027-01-31T00:00:00Z.');
};

export const instant = (text: string): Date => {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It is a time as in 2026-06-01T12:00:00Z.');
};
