// Pure. Which versions of one pack its wishes leave, best first, and why each of the others is none.
import { clipped } from '../../protocol/manifest/read.ts';
import type { Doomed } from './doomed.ts';
import type { Effort } from './effort.ts';
import { listingOf } from './listing.ts';
import type { Denial, Known, Listed, Problem, Tried, Wish } from './types.ts';
import type { Unmet } from './unmet.ts';
import { type Admits, isPin, packBehind, versionKey, YOU } from './wishes.ts';

/** `owes`: it may stand only if somebody who is chosen later asks for it. */
export interface Option {
  readonly version: string;
  readonly owes: boolean;
}

export interface Options {
  readonly left: readonly Option[];
  /** Needs of versions that would do otherwise, and that nothing meets. */
  readonly unmet: readonly Wish[];
  /** Packs of which another choice could leave more. */
  readonly blamed: readonly string[];
}

export interface OptionsDeps {
  readonly known: Known;
  readonly problem: Problem;
  readonly admits: Admits;
  /** Every range that anybody known asks of that name. */
  readonly asked: (name: string) => ReadonlySet<string>;
  readonly doomed: Doomed;
  readonly effort: Effort;
  readonly unmet: Unmet;
  /** Takes packs that need each other in a circle for a set: only to tell what stands against one. */
  readonly circles?: boolean;
}

type Verdict =
  | { readonly option: Option }
  | { readonly because: string; readonly wish?: Wish; readonly denial?: Denial; readonly needs?: Wish };

const overrideOf = ({ problem }: OptionsDeps, name: string): string | undefined =>
  problem.overrides !== undefined && Object.hasOwn(problem.overrides, name)
    ? problem.overrides[name]
    : undefined;

const saysOf = ({ by, range }: Wish): string =>
  by === YOU ? `you ask for ${clipped(range)}` : `${by} asks for ${clipped(range)}`;

/** Of a pack that was not listed, the versions that are asked for exactly can be asked about all the same. */
const offered = (the: OptionsDeps, name: string, wishes: readonly Wish[]): readonly Listed[] | undefined => {
  const listed = the.known.listed.get(name);
  if (listed !== undefined) return listed;
  const override = overrideOf(the, name);
  const ranges = override === undefined ? wishes.map(({ range }) => range) : [override];
  const pins = [...new Set(ranges.filter(isPin))];
  return pins.length === 0
    ? undefined
    : pins.map((version) => ({ version, yanked: false, deprecated: false }));
};

/** An override counts instead of every range, but somebody has to ask for what it names (node-packs.md, Override pinning). */
const overridden = (
  the: OptionsDeps,
  name: string,
  range: string,
  wishes: readonly Wish[],
  version: string,
): Verdict => {
  if (!the.admits(range, version)) return { because: `the override asks for ${range}` };
  const isAsked = (ranges: Iterable<string>): boolean =>
    [...ranges].some((each) => the.admits(each, version));
  if (isAsked(wishes.map((wish) => wish.range))) return { option: { version, owes: false } };
  if (isAsked(the.asked(name))) return { option: { version, owes: true } };
  return { because: `nobody who asks for ${name} admits the override ${range}` };
};

/** A yank ends ranges; who asks for that very version gets it (registry-operations.md, Yank). */
const byRange = (the: OptionsDeps, name: string, wishes: readonly Wish[], listed: Listed): Verdict => {
  const { version } = listed;
  const unmet = the.unmet(wishes, version);
  if (unmet !== undefined) return { because: saysOf(unmet), wish: unmet };
  if (!listed.yanked || wishes.some(({ range }) => range === version))
    return { option: { version, owes: false } };
  return the.asked(name).has(version) ? { option: { version, owes: true } } : { because: 'it was yanked' };
};

const verdictOn = (the: OptionsDeps, name: string, wishes: readonly Wish[], listed: Listed): Verdict => {
  const key = versionKey(name, listed.version);
  const candidate = the.known.candidates.get(key);
  const override = overrideOf(the, name);
  const verdict =
    override === undefined
      ? byRange(the, name, wishes, listed)
      : overridden(the, name, override, wishes, listed.version);
  if (!('option' in verdict)) return verdict;
  const needs = the.doomed(name, listed.version);
  if (needs !== undefined)
    return { because: `it needs ${clipped(needs.name)}@${clipped(needs.range)}, and there is none`, needs };
  if (candidate === undefined && the.known.candidates.has(key)) return { because: 'it is not served' };
  // Whoever names one version has it judged when it is verified, by what is proven of it then.
  const named = wishes.some(({ by, range }) => by === YOU && range === listed.version);
  const denial = candidate && !named ? the.problem.admit?.(candidate) : undefined;
  return denial === undefined ? verdict : { because: `${denial.rule}: ${denial.message}`, denial };
};

const verdictsOn = (the: OptionsDeps, name: string, wishes: readonly Wish[], listed: readonly Listed[]) => {
  the.effort.spend(listed.length);
  return listingOf(listed).newestFirst.map(
    (each) => [each.version, verdictOn(the, name, wishes, each)] as const,
  );
};

/** Undefined where the pack has to be listed first. What owes comes last. */
export const optionsOf = (the: OptionsDeps, name: string, wishes: readonly Wish[]): Options | undefined => {
  const listed = offered(the, name, wishes);
  if (listed === undefined) return undefined;
  const left: Option[] = [];
  const unmet = new Set<Wish>();
  const blamed = new Set<string>();
  for (const [, verdict] of verdictsOn(the, name, wishes, listed)) {
    if ('option' in verdict) left.push(verdict.option);
    else if (verdict.needs !== undefined) unmet.add(verdict.needs);
    const behind = 'wish' in verdict && verdict.wish && packBehind(verdict.wish);
    if (behind) blamed.add(behind);
  }
  return {
    left: [...left.filter(({ owes }) => !owes), ...left.filter(({ owes }) => owes)],
    unmet: [...unmet],
    blamed: [...blamed],
  };
};

/** Why each version that there is was none, the newest first. */
export const triedOf = (the: OptionsDeps, name: string, wishes: readonly Wish[]): readonly Tried[] =>
  verdictsOn(the, name, wishes, offered(the, name, wishes) ?? []).flatMap(([version, verdict]) => {
    if ('option' in verdict) return [];
    const { because, denial } = verdict;
    return [{ version, because, ...(denial && { denial }) }];
  });

/** Whether what a choice owed has been asked for by those who were chosen. */
export const isPaid = (the: OptionsDeps, name: string, wishes: readonly Wish[], version: string): boolean =>
  overrideOf(the, name) === undefined
    ? wishes.some(({ range }) => range === version)
    : wishes.some(({ range }) => the.admits(range, version));

/** An override speaks for everybody. */
export const meets = (the: OptionsDeps, wish: Wish, version: string): boolean =>
  overrideOf(the, wish.name) !== undefined || the.admits(wish.range, version);
