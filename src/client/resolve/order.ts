// Pure. In which order packs are decided on: whoever asks before what is asked for, so that few choices are taken back.
import type { Known, Wish } from './types.ts';

const edgesOf = ({ candidates }: Known): ReadonlyMap<string, readonly string[]> => {
  const edges = new Map<string, Set<string>>();
  for (const candidate of candidates.values())
    for (const name of Object.keys(candidate?.dependencies ?? {}))
      edges.set(candidate?.name ?? '', (edges.get(candidate?.name ?? '') ?? new Set()).add(name));
  return new Map([...edges].map(([name, asked]) => [name, [...asked].sort().reverse()]));
};

/** Names as a walk from the wishes leaves them, the last one left first; a circle is cut where the walk meets it. */
const leftLastFirst = (known: Known, roots: readonly Wish[]): readonly string[] => {
  const edges = edgesOf(known);
  const entered = new Set<string>();
  const left: string[] = [];
  for (const start of [...new Set(roots.map(({ name }) => name))].sort().reverse()) {
    const path = [{ name: start, at: 0 }];
    if (entered.has(start)) path.pop();
    entered.add(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = edges.get(top.name)?.[top.at];
      top.at += 1;
      if (next === undefined) left.push(path.pop()?.name ?? '');
      else if (!entered.has(next)) {
        entered.add(next);
        path.push({ name: next, at: 0 });
      }
    }
  }
  return left.reverse();
};

/** By what any version known so far asks for; the rest by name. Never by what came first from a network. */
export const decidingOrder = (known: Known, roots: readonly Wish[]): ((a: string, b: string) => number) => {
  const places = new Map(leftLastFirst(known, roots).map((name, place) => [name, place]));
  const placeOf = (name: string): number => places.get(name) ?? places.size;
  return (a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1);
};
