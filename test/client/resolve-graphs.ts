// Graphs of packs for the resolver, and an oracle that tries everything.
import { Range } from 'semver';
import type { Candidate, Known, Problem, Wish } from '../../src/client/resolve/types.ts';

export interface Version {
  readonly yanked?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Name → version → what it asks for. */
export type Graph = Readonly<Record<string, Readonly<Record<string, Version>>>>;

export const candidateOf = (name: string, version: string, its: Version): Candidate => ({
  name,
  version,
  integrity: `sha256-${'A'.repeat(43)}=`,
  registry: 'https://packs.example',
  yanked: its.yanked === true,
  deprecated: false,
  dependencies: its.dependencies ?? {},
});

const versionsOf = (graph: Graph, name: string) => Object.entries(graph[name] ?? {});

/** Everything there is to know; the order in which it is known may be turned round. */
export const knownOf = (graph: Graph, reversed = false): Known => {
  const names = Object.keys(graph);
  if (reversed) names.reverse();
  const rows = (name: string) => {
    const all = versionsOf(graph, name);
    return reversed ? [...all].reverse() : all;
  };
  return {
    listed: new Map(
      names.map((name) => [
        name,
        rows(name).map(([version, its]) => ({ version, yanked: its.yanked === true, deprecated: false })),
      ]),
    ),
    candidates: new Map(
      names.flatMap((name) =>
        rows(name).map(([version, its]) => [`${name}@${version}`, candidateOf(name, version, its)] as const),
      ),
    ),
  };
};

export const you = (wishes: Readonly<Record<string, string>>): readonly Wish[] =>
  Object.entries(wishes).map(([name, range]) => ({ name, range, by: 'you' }));

const isExact = (range: string): boolean => /^\d+\.\d+\.\d+$/.test(range);
const admits = (range: string, version: string): boolean =>
  isExact(range) ? range === version : new Range(range).test(version);

type Choice = Readonly<Record<string, string>>;

/** Takes away, again and again, whatever needs nothing that is left: what stays needs itself. */
const hasCircle = (graph: Graph, choice: Choice): boolean => {
  const left = new Set(Object.keys(choice));
  const needsOf = (name: string) => Object.keys(graph[name]?.[choice[name] ?? '']?.dependencies ?? {});
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const name of left) if (!needsOf(name).some((need) => left.has(need))) left.delete(name);
  }
  return left.size > 0;
};

const wishesUnder = (graph: Graph, roots: readonly Wish[], choice: Choice): readonly Wish[] => [
  ...roots,
  ...Object.entries(choice).flatMap(([name, version]) =>
    Object.entries(graph[name]?.[version]?.dependencies ?? {}).map(([on, range]) => ({
      name: on,
      range,
      by: `${name}@${version}`,
    })),
  ),
];

/** Whether a choice is a whole answer, but that its packs may need each other in a circle. */
const isMet = (graph: Graph, { wishes: roots, overrides = {} }: Problem, choice: Choice): boolean => {
  const wishes = wishesUnder(graph, roots, choice);
  const names = new Set(wishes.map(({ name }) => name));
  const met = [...names].every((name) => {
    const version = choice[name];
    const asked = wishes.filter((wish) => wish.name === name).map(({ range }) => range);
    const override = overrides[name];
    if (version === undefined || graph[name]?.[version] === undefined) return false;
    if (override !== undefined)
      return admits(override, version) && asked.some((range) => admits(range, version));
    const mayStand = graph[name]?.[version]?.yanked !== true || asked.includes(version);
    return mayStand && asked.every((range) => admits(range, version));
  });
  return met && Object.keys(choice).every((name) => names.has(name));
};

/** Every wish met, no circle, and nothing yanked but what is asked for by its number. */
export const isAnswer = (graph: Graph, problem: Problem, choice: Choice): boolean =>
  isMet(graph, problem, choice) && !hasCircle(graph, choice);

/** Every choice of at most one version of each pack. */
function* choicesOf(graph: Graph, names: readonly string[]): Generator<Choice> {
  const [name, ...rest] = names;
  if (name === undefined) yield {};
  else
    for (const others of choicesOf(graph, rest)) {
      yield others;
      for (const [version] of versionsOf(graph, name)) yield { ...others, [name]: version };
    }
}

/** What there is for a problem: an answer, only some that are circles, or none. */
export const answersTo = (graph: Graph, problem: Problem): 'answer' | 'circles' | 'none' => {
  let found: 'circles' | 'none' = 'none';
  for (const choice of choicesOf(graph, Object.keys(graph)))
    if (isMet(graph, problem, choice)) {
      if (!hasCircle(graph, choice)) return 'answer';
      found = 'circles';
    }
  return found;
};
