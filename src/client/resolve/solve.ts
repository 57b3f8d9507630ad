// Pure. One version of each pack that is asked for, directly or by another: the same answer to the same facts, always.
import { cycleIn } from './cycle.ts';
import { doomedIn } from './doomed.ts';
import { explain } from './explain.ts';
import type { OptionsDeps } from './options.ts';
import { type Found, type SearchResult, type State, search } from './search.ts';
import type { Conflict, Known, Need, Outcome, Problem, Wish } from './types.ts';
import { readRanges, sortedWishes, versionKey } from './wishes.ts';

/** Choices tried before a search is given up: some problems have more ways than anybody could try. */
export const MAX_STEPS = 20_000;

/** Every range that you or any manifest read so far asks for, by name. */
const rangesAsked = (known: Known, problem: Problem): ((name: string) => ReadonlySet<string>) => {
  const asked = new Map<string, Set<string>>();
  const note = (name: string, range: string): void =>
    void asked.set(name, (asked.get(name) ?? new Set()).add(range));
  for (const { name, range } of problem.wishes) note(name, range);
  for (const candidate of known.candidates.values())
    for (const [name, range] of Object.entries(candidate?.dependencies ?? {})) note(name, range);
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

const circular = (packs: Parameters<typeof cycleIn>[0]): Conflict | undefined => {
  const wishes = cycleIn(packs);
  const [first] = wishes ?? [];
  return first && wishes && { code: 'pack_dependency_cycle', name: first.name, wishes, tried: [] };
};

const solved = (state: State): Outcome => {
  const packs = [...state.chosen.values()]
    .flatMap(({ candidate }) => candidate ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const conflict = circular(packs);
  return conflict === undefined ? { solution: { packs } } : { conflict };
};

/** What is guessed has to be known before a "no" is one; a candidate that is known not to be served was no guess. */
const unknownOf = (guessed: ReadonlySet<string>, known: Known): ReadonlySet<string> =>
  new Set([...guessed].filter((key) => !known.candidates.has(key)));

const gaveUp = (the: OptionsDeps, found: Extract<Found, { gaveUpAfter: number }>): Conflict => ({
  code: 'resolution_gave_up',
  name: the.problem.wishes[0]?.name ?? '',
  wishes: [],
  tried: [{ version: '*', because: `${found.gaveUpAfter} choices were tried` }],
});

const hasYanked = ({ listed }: Known): boolean =>
  [...listed.values()].some((rows) => rows.some(({ yanked }) => yanked));

const depsOf = (problem: Problem, known: Known): OptionsDeps => {
  const admits = readRanges();
  const asked = rangesAsked(known, problem);
  const isAsked = (name: string, version: string): boolean => asked(name).has(version);
  return { known, problem, admits, asked, doomed: doomedIn({ known, problem, admits, isAsked }) };
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

/** A set that satisfies every wish is found if there is one, unless the search is given up, which is said. */
export const solve = (problem: Problem, known: Known): Outcome => {
  const roots = sortedWishes(problem.wishes);
  const the = depsOf(problem, known);
  const { found, guessed } = searchWell(the, roots);
  if ('state' in found) {
    const need = neededBy(found.state);
    return isEmpty(need) ? solved(found.state) : { need };
  }
  const need = neededAgainst(unknownOf(guessed, known));
  if (!isEmpty(need)) return { need };
  if ('gaveUpAfter' in found) return { conflict: gaveUp(the, found) };
  return { conflict: explain(the, roots, found.deadEnd) };
};

/** `name@version` of every pack of a solution. */
export const keysOf = ({ packs }: { readonly packs: readonly { name: string; version: string }[] }) =>
  packs.map(({ name, version }) => versionKey(name, version));
