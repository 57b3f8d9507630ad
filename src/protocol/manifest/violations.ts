// Words for what the rules of a manifest find: one violation each, repeated ids, and a list that stays readable. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { FaultCode, Violation } from '../faults.ts';
import { at, clipped, listOf, pointer, textOf } from './read.ts';

const LONGEST_LIST = 50;
const LONGEST_POINTER = 300;

export const violation = (code: FaultCode, where: string, message: string): Violation => ({
  code,
  where: clipped(where, LONGEST_POINTER),
  message,
});

/**
 * At most fifty findings in words; a last one says how many more there are, so that nobody takes the list for whole.
 * Only what is shown is put into words: a hostile manifest can be wrong in a hundred thousand places.
 */
export const inWords = <Finding>(
  found: readonly Finding[],
  say: (finding: Finding) => Violation,
): readonly Violation[] => {
  const said = found.slice(0, LONGEST_LIST).map(say);
  const first = said[0];
  if (first === undefined || found.length <= LONGEST_LIST) return said;
  return [...said, violation(first.code, '', `and ${found.length - LONGEST_LIST} more violations`)];
};

export const capped = (found: readonly Violation[]): readonly Violation[] => inWords(found, (each) => each);

/** Entries of a list whose ids (the texts under `names`, taken together) an earlier entry has already. */
export const repeats = (
  list: JsonValue | undefined,
  names: readonly string[],
  ...path: readonly (string | number)[]
): readonly Violation[] => {
  const firstAt = new Map<string, number>();
  return listOf(list).flatMap((entry, index) => {
    const id = JSON.stringify(names.map((name) => textOf(at(entry, name)) ?? null));
    const earlier = firstAt.get(id);
    if (earlier === undefined) firstAt.set(id, index);
    if (earlier === undefined) return [];
    const where = pointer(...path, index, names[0] ?? '');
    return [
      violation(
        'invalid_manifest',
        where,
        `repeats the ${names.join(' and ')} of ${pointer(...path, earlier)}`,
      ),
    ];
  });
};
