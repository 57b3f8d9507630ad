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

/** Whether a choice is a whole answer: every wish met, and nothing yanked but what is asked for by its number. */
export const isAnswer = (
  graph: Graph,
  { wishes: roots, overrides = {} }: Problem,
  choice: Choice,
): boolean => {
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

export const hasAnswer = (graph: Graph, problem: Problem): boolean => {
  for (const choice of choicesOf(graph, Object.keys(graph)))
    if (isAnswer(graph, problem, choice)) return true;
  return false;
};
