// Pure. Which of the wishes for a pack a version fails first; found step by step, as one wish after the other is made.
import type { Wish } from './types.ts';
import type { Admits } from './wishes.ts';

/** Undefined where the version meets them all. */
export type Unmet = (wishes: readonly Wish[], version: string) => Wish | undefined;

/** The wishes that a list was made from by adding one. */
const grownFrom = new WeakMap<readonly Wish[], readonly Wish[]>();

export const withWish = (wishes: readonly Wish[], wish: Wish): readonly Wish[] => {
  const more = [...wishes, wish];
  grownFrom.set(more, wishes);
  return more;
};

/** Each list asks only about what was added to it, where the list before it was asked about. */
export const unmetBy = (admits: Admits): Unmet => {
  const found = new WeakMap<readonly Wish[], Map<string, Wish | undefined>>();
  const firstIn = (wishes: readonly Wish[], version: string): Wish | undefined =>
    wishes.find(({ range }) => !admits(range, version));
  return (wishes, version) => {
    const mine = found.get(wishes) ?? new Map<string, Wish | undefined>();
    found.set(wishes, mine);
    const before = grownFrom.get(wishes) ?? [];
    const known = found.get(before);
    const unmet = known?.has(version)
      ? (known.get(version) ?? firstIn(wishes.slice(before.length), version))
      : firstIn(wishes, version);
    mine.set(version, unmet);
    return unmet;
  };
};
