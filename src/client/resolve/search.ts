// Pure. Looks for one version of each pack that is asked for: highest first, back to the choice that is to blame.
import { circleThrough } from './cycle.ts';
import { isPaid, meets, type Options, type OptionsDeps, optionsOf } from './options.ts';
import { decidingOrder } from './order.ts';
import type { Candidate, Wish } from './types.ts';
import { withWish } from './unmet.ts';
import { packBehind, versionKey, wishesOf } from './wishes.ts';

/** `candidate` is undefined while nothing but its number is known: it is taken to ask for nothing. */
interface Chosen {
  readonly version: string;
  readonly candidate: Candidate | undefined;
  readonly owes: boolean;
}

export interface State {
  readonly chosen: ReadonlyMap<string, Chosen>;
  readonly wishes: ReadonlyMap<string, readonly Wish[]>;
}

/** Where a pack had no version left; `wishes` are all that were made of it by then. */
export interface DeadEnd {
  readonly name: string;
  readonly wishes: readonly Wish[];
}

export type Found =
  | { readonly state: State }
  | { readonly deadEnd: DeadEnd }
  | { readonly gaveUpAfter: number };

export interface SearchResult {
  readonly found: Found;
  /** A choice was made of which only the number is known, or a pack was left out that was not listed. */
  readonly guessed: ReadonlySet<string>;
  /** A choice was taken back since it closed a circle. */
  readonly circled: boolean;
}

/** Names whose choice has to change; `state` ends the search. */
type Branch = { readonly state: State } | { readonly blame: ReadonlySet<string> } | 'gave up';

interface Next {
  readonly name: string;
  readonly wishes: readonly Wish[];
  readonly options: Options;
}

/** What leaves no choice comes first: nothing, then one. */
const urgencyOf = ({ options }: Next): number => Math.min(options.left.length, 2);

const addWishes = (before: State['wishes'], more: readonly Wish[]): State['wishes'] => {
  const wishes = new Map(before);
  for (const wish of more) wishes.set(wish.name, withWish(wishes.get(wish.name) ?? [], wish));
  return wishes;
};

export const search = (the: OptionsDeps, roots: readonly Wish[], maxSteps: number): SearchResult => {
  const guessed = new Set<string>();
  const optionsMemo = new WeakMap<readonly Wish[], Options>();
  const order = decidingOrder(the.known, roots);
  let steps = 0;
  let circled = false;
  let hard: DeadEnd | undefined;
  let soft: DeadEnd | undefined;

  const optionsFor = (name: string, wishes: readonly Wish[]): Options | undefined => {
    const kept = optionsMemo.get(wishes);
    const options = kept ?? optionsOf(the, name, wishes);
    if (kept === undefined && options !== undefined) optionsMemo.set(wishes, options);
    return options;
  };

  const isBefore = (a: Next, b: Next | undefined): boolean =>
    b === undefined ||
    urgencyOf(a) < urgencyOf(b) ||
    (urgencyOf(a) === urgencyOf(b) && order(a.name, b.name) < 0);

  const nextOf = ({ chosen, wishes }: State): Next | undefined => {
    let next: Next | undefined;
    // What is gone through here, and copied below to be able to go back, is work too.
    the.effort.spend(wishes.size / 8 + wishes.size - chosen.size);
    for (const [name, asked] of wishes) {
      if (chosen.has(name)) continue;
      const options = optionsFor(name, asked);
      if (options === undefined) guessed.add(name);
      else if (isBefore({ name, wishes: asked, options }, next)) next = { name, wishes: asked, options };
    }
    return next;
  };

  const whole = (state: State): Branch => {
    const unpaid = [...state.chosen].some(
      ([name, { version, owes }]) => owes && !isPaid(the, name, state.wishes.get(name) ?? [], version),
    );
    return unpaid ? { blame: new Set(state.chosen.keys()) } : { state };
  };

  /** The pack, chosen before, that a candidate does not get along with. */
  const rivalOf = ({ chosen, wishes }: State, more: readonly Wish[]): string | undefined => {
    const unmet = more.find((wish) => {
      const other = chosen.get(wish.name);
      return other !== undefined && !meets(the, wish, other.version);
    });
    if (unmet !== undefined)
      soft ??= { name: unmet.name, wishes: [...(wishes.get(unmet.name) ?? []), unmet] };
    return unmet?.name;
  };

  /** Packs form no circle (node-packs.md, Transitive dependency resolution); another version of one of them may not. */
  const circleAround = (name: string, chosen: State['chosen']): readonly string[] | undefined =>
    circleThrough(name, (each) => {
      const needs = Object.keys(chosen.get(each)?.candidate?.dependencies ?? {});
      the.effort.spend(needs.length / 8);
      return needs;
    });

  const choose = (state: State, name: string, version: string, owes: boolean): Branch => {
    const key = versionKey(name, version);
    const candidate = the.known.candidates.get(key);
    if (candidate === undefined) guessed.add(key);
    const more = wishesOf(candidate?.dependencies ?? {}, key);
    const chosen = new Map(state.chosen).set(name, { version, candidate, owes });
    const rival = rivalOf({ chosen, wishes: state.wishes }, more);
    if (rival !== undefined) return { blame: new Set([rival, name]) };
    const circle = the.circles === true ? undefined : circleAround(name, chosen);
    if (circle !== undefined) {
      circled = true;
      return { blame: new Set(circle) };
    }
    return explore({ chosen, wishes: addWishes(state.wishes, more) });
  };

  const explore = (state: State): Branch => {
    const next = nextOf(state);
    if (next === undefined) return whole(state);
    const { name, wishes, options } = next;
    if (options.left.length === 0) hard ??= { name, wishes };
    const blame = new Set(options.blamed);
    // Without whoever asked for it, the pack would not have to be there.
    for (const asker of wishes.slice(0, 1).map(packBehind)) if (asker !== undefined) blame.add(asker);
    for (const { version, owes } of options.left) {
      steps += 1;
      if (steps > maxSteps) return 'gave up';
      const branch = choose(state, name, version, owes);
      if (branch === 'gave up' || 'state' in branch || !branch.blame.has(name)) return branch;
      for (const each of branch.blame) if (each !== name) blame.add(each);
    }
    return { blame };
  };

  const branch = explore({ chosen: new Map(), wishes: addWishes(new Map(), roots) });
  const more = { guessed, circled };
  if (branch === 'gave up') return { found: { gaveUpAfter: maxSteps }, ...more };
  if ('state' in branch) return { found: { state: branch.state }, ...more };
  const [first] = roots;
  return { found: { deadEnd: hard ?? soft ?? { name: first?.name ?? '', wishes: roots } }, ...more };
};
