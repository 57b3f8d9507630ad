// Pure. One version of each pack that is asked for, directly or by another: the same answer to the same facts, always.
import { cycleIn } from './cycle.ts';
import { doomedIn } from './doomed.ts';
import { type Effort, EffortSpent, effortOf } from './effort.ts';
import { explain } from './explain.ts';
import type { OptionsDeps } from './options.ts';
import { type Found, type SearchResult, type State, search } from './search.ts';
import type { Conflict, Known, Need, Outcome, Problem, Solution, Wish } from './types.ts';
import { unmetBy } from './unmet.ts';
import { type Admits, readRanges, sortedWishes, versionKey } from './wishes.ts';

/** Choices tried before a search is given up: some problems have more ways than anybody could try. */
export const MAX_STEPS = 20_000;

/** Every range that you or any manifest read so far asks for, by name. */
const rangesAsked = (
  known: Known,
  problem: Problem,
  { spend }: Effort,
): ((name: string) => ReadonlySet<string>) => {
  const asked = new Map<string, Set<string>>();
  const note = (name: string, range: string): void =>
    void asked.set(name, (asked.get(name) ?? new Set()).add(range));
  for (const { name, range } of problem.wishes) note(name, range);
  for (const candidate of known.candidates.values()) {
    const asks = Object.entries(candidate?.dependencies ?? {});
    spend(asks.length);
    for (const [name, range] of asks) note(name, range);
  }
  const none: ReadonlySet<string> = new Set();
  return (name) => asked.get(name) ?? none;
};

const neededBy = ({ chosen, wishes }: State): Need => ({
  names: [...wishes.keys()].filter((name) => !chosen.has(name)).sort(),
  versions: [...chosen]
    .filter(([, { candidate }]) => candidate === undefined)
    .map(([name, { version }]) => ({ name, version }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
});

/** What was guessed on ways that led nowhere: with it known, one of them might not have. */
const neededAgainst = (guessed: ReadonlySet<string>): Need => ({
  names: [...guessed].filter((key) => !key.includes('@')).sort(),
  versions: [...guessed]
    .filter((key) => key.includes('@'))
    .sort()
    .map((key) => ({ name: key.split('@')[0] ?? '', version: key.slice(key.indexOf('@') + 1) })),
});

const isEmpty = ({ names, versions }: Need): boolean => names.length + versions.length === 0;

const solved = (state: State): Solution => ({
  packs: [...state.chosen.values()]
    .flatMap(({ candidate }) => candidate ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
});

const circular = ({ packs }: Solution): Conflict | undefined => {
  const wishes = cycleIn(packs);
  const [first] = wishes ?? [];
  return first && wishes && { code: 'pack_dependency_cycle', name: first.name, wishes, tried: [] };
};

/** What is guessed has to be known before a "no" is one; a candidate that is known not to be served was no guess. */
const unknownOf = (guessed: ReadonlySet<string>, known: Known): ReadonlySet<string> =>
  new Set([...guessed].filter((key) => !known.candidates.has(key)));

const gaveUp = ({ wishes }: Problem, because: string): Conflict => ({
  code: 'resolution_gave_up',
  name: wishes[0]?.name ?? '',
  wishes: [],
  tried: [{ version: '*', because }],
});

const hasYanked = ({ listed }: Known): boolean =>
  [...listed.values()].some((rows) => rows.some(({ yanked }) => yanked));

const depsOf = (problem: Problem, known: Known): OptionsDeps => {
  const { effort = effortOf() } = problem;
  const read = readRanges();
  const admits: Admits = (range, version) => {
    effort.spend(1);
    return read(range, version);
  };
  const asked = rangesAsked(known, problem, effort);
  const isAsked = (name: string, version: string): boolean => asked(name).has(version);
  const doomed = doomedIn({ known, problem, admits, isAsked });
  return { known, problem, admits, asked, effort, unmet: unmetBy(admits), doomed };
};

/** Whoever asks for a yanked version by its number may not have been read yet: before a "no", nothing yanked counts as gone. */
const searchWell = (the: OptionsDeps, roots: readonly Wish[]): SearchResult => {
  const { problem, known, admits } = the;
  const maxSteps = problem.maxSteps ?? MAX_STEPS;
  const result = search(the, roots, maxSteps);
  if (!('deadEnd' in result.found) || !hasYanked(known)) return result;
  const doomed = doomedIn({ problem, known, admits, isAsked: () => true });
  const again = search({ ...the, doomed }, roots, maxSteps);
  return 'gaveUpAfter' in again.found ? result : again;
};

type Ended =
  | { readonly solution: Solution }
  | { readonly need: Need }
  | Exclude<Found, { readonly state: State }>;

/** A set is one, and a "no" holds, once nothing in it is guessed. */
const ended = ({ found, guessed }: SearchResult, known: Known): Ended => {
  const need = 'state' in found ? neededBy(found.state) : neededAgainst(unknownOf(guessed, known));
  if (!isEmpty(need)) return { need };
  return 'state' in found ? { solution: solved(found.state) } : found;
};

const solveWithin = (problem: Problem, known: Known): Outcome => {
  const roots = sortedWishes(problem.wishes);
  const the = depsOf(problem, known);
  const result = searchWell(the, roots);
  const sound = ended(result, known);
  if ('solution' in sound || 'need' in sound) return sound;
  // Where nothing but circles stands against it, that is the reason; so it is where there are too many to try all ways round.
  const loose: OptionsDeps = { ...the, circles: true };
  const any = result.circled ? ended(searchWell(loose, roots), known) : sound;
  if ('need' in any) return any;
  if ('solution' in any) {
    const conflict = circular(any.solution);
    return conflict === undefined ? any : { conflict };
  }
  if ('gaveUpAfter' in any) return { conflict: gaveUp(problem, `${any.gaveUpAfter} choices were tried`) };
  return { conflict: explain(loose, roots, any.deadEnd) };
};

/** A set that satisfies every wish is found if there is one, unless the search is given up, which is said. */
export const solve = (problem: Problem, known: Known): Outcome => {
  try {
    return solveWithin(problem, known);
  } catch (error) {
    if (!(error instanceof EffortSpent)) throw error;
    return { conflict: gaveUp(problem, error.message) };
  }
};

/** `name@version` of every pack of a solution. */
export const keysOf = ({ packs }: { readonly packs: readonly { name: string; version: string }[] }) =>
  packs.map(({ name, version }) => versionKey(name, version));
