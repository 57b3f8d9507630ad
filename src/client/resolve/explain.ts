// Pure. Says why nothing was found: of all wishes only those without which there would be no conflict.
import { EffortSpent } from './effort.ts';
import { type OptionsDeps, optionsOf, triedOf } from './options.ts';
import { type DeadEnd, search } from './search.ts';
import type { Conflict, Tried, Wish } from './types.ts';
import { sortedWishes } from './wishes.ts';

/** More wishes than these are not tried one by one. */
const MOST_TRIED = 32;
const STEPS_EACH = 500;

/** Leaves out what can be left out while `holds` still holds. */
const smallest = (wishes: readonly Wish[], holds: (wishes: readonly Wish[]) => boolean): readonly Wish[] =>
  wishes.reduceRight<readonly Wish[]>((kept, wish) => {
    const fewer = kept.filter((each) => each !== wish);
    return fewer.length > 0 && holds(fewer) ? fewer : kept;
  }, wishes);

const deadEndOf = (the: OptionsDeps, roots: readonly Wish[]): DeadEnd | undefined => {
  const { found } = search(the, roots, STEPS_EACH);
  return 'deadEnd' in found ? found.deadEnd : undefined;
};

/** What you asked for, without what has no part in it. */
const neededOf = (the: OptionsDeps, roots: readonly Wish[]): readonly Wish[] =>
  roots.length > MOST_TRIED ? roots : smallest(roots, (fewer) => deadEndOf(the, fewer) !== undefined);

const leavesNothing = (the: OptionsDeps, name: string, wishes: readonly Wish[]): boolean =>
  optionsOf(the, name, wishes)?.left.length === 0;

const codeOf = (
  { known, problem }: OptionsDeps,
  name: string,
  wishes: readonly Wish[],
  tried: readonly Tried[],
): string => {
  if (known.listed.get(name)?.length === 0) return 'pack_not_found';
  if (tried.some(({ denial }) => denial !== undefined)) return 'policy_refused';
  if (Object.hasOwn(problem.overrides ?? {}, name)) return 'pack_dependency_conflict';
  return wishes.length === 1 ? 'no_version_satisfies' : 'pack_dependency_conflict';
};

/** In the end only those count who were there to ask. */
const NOBODY: ReadonlySet<string> = new Set();

/** Where nothing is left only for what the versions need themselves, that is where the reason lies. */
const rootOf = (the: OptionsDeps, end: DeadEnd): DeadEnd => {
  const seen = new Set<string>();
  let at = end;
  for (;;) {
    const [need] = optionsOf(the, at.name, at.wishes)?.unmet ?? [];
    if (need === undefined || seen.has(need.by)) return at;
    seen.add(need.by);
    at = { name: need.name, wishes: [need] };
  }
};

const explainWell = (the: OptionsDeps, roots: readonly Wish[], first: DeadEnd): Conflict => {
  const settled: OptionsDeps = { ...the, asked: () => NOBODY };
  const { name, wishes: all } = rootOf(settled, deadEndOf(the, neededOf(the, roots)) ?? first);
  const wishes = leavesNothing(settled, name, all)
    ? smallest(all, (fewer) => leavesNothing(settled, name, fewer))
    : all;
  const { left = [] } = optionsOf(settled, name, wishes) ?? {};
  const tried = triedOf(settled, name, wishes);
  const elsewhere = left.map(({ version }) => ({ version, because: 'with it, other wishes cannot be met' }));
  return {
    code: codeOf(the, name, wishes, tried),
    name,
    wishes: sortedWishes(wishes),
    tried: [...elsewhere, ...tried],
  };
};

/** `first` is the dead end that the best choices led to; where there is too much to leave out, it is the answer. */
export const explain = (the: OptionsDeps, roots: readonly Wish[], first: DeadEnd): Conflict => {
  try {
    return explainWell(the, roots, first);
  } catch (error) {
    if (!(error instanceof EffortSpent)) throw error;
    const { name, wishes } = first;
    return { code: codeOf(the, name, wishes, []), name, wishes: sortedWishes(wishes), tried: [] };
  }
};
