// Pure. Whether packs depend on each other in a circle (node-packs.md, Transitive dependency resolution: they form a DAG).
import type { Candidate, Wish } from './types.ts';
import { versionKey, wishesOf } from './wishes.ts';

const edgesOf = ({ name, version, dependencies }: Candidate): readonly Wish[] =>
  wishesOf(dependencies, versionKey(name, version));

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
