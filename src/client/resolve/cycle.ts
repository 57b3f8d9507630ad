// Pure. Whether packs depend on each other in a circle (node-packs.md, Transitive dependency resolution: they form a DAG).
import type { Candidate, Wish } from './types.ts';
import { versionKey, wishesOf } from './wishes.ts';

const edgesOf = ({ name, version, dependencies }: Candidate): readonly Wish[] =>
  wishesOf(dependencies, versionKey(name, version));

/**
 * The packs on a way from one pack back to itself, it first; undefined where there is none. `needsOf`: what each pack
 * needs, by name.
 */
export const circleThrough = (
  name: string,
  needsOf: (name: string) => readonly string[],
): readonly string[] | undefined => {
  const neededBy = new Map<string, string>();
  const open = [name];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const next of needsOf(at)) {
      if (next === name) return wayTo(at, name, neededBy);
      if (neededBy.has(next)) continue;
      neededBy.set(next, at);
      open.push(next);
    }
  return undefined;
};

const wayTo = (last: string, first: string, neededBy: ReadonlyMap<string, string>): readonly string[] => {
  const way = [last];
  for (let at = last; at !== first; at = neededBy.get(at) ?? first) way.unshift(neededBy.get(at) ?? first);
  return way;
};

/** The wishes along the first circle by name; undefined where there is none. Needs no room on the stack. */
export const cycleIn = (packs: readonly Candidate[]): readonly Wish[] | undefined => {
  const byName = new Map(packs.map((pack) => [pack.name, pack]));
  const done = new Set<string>();
  for (const start of [...byName.keys()].sort()) {
    const path: { readonly name: string; readonly edges: Wish[]; readonly via?: Wish }[] = [];
    const enter = (name: string, via?: Wish): void => {
      const pack = byName.get(name);
      const edges = pack === undefined ? [] : [...edgesOf(pack)];
      path.push({ name, edges, ...(via === undefined ? {} : { via }) });
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = top.edges.shift();
      if (edge === undefined) {
        done.add(top.name);
        path.pop();
        continue;
      }
      const since = path.findIndex(({ name }) => name === edge.name);
      if (since >= 0) return [...path.slice(since + 1).flatMap(({ via }) => via ?? []), edge];
      if (!done.has(edge.name)) enter(edge.name, edge);
    }
  }
  return undefined;
};
