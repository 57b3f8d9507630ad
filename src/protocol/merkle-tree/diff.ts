// What differs between two trees of one profile, out of the blocks in which they differ and no others. Pure.
import type { Cid } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import {
  isPlace,
  itemsOf,
  type Place,
  type PlacedNode,
  readNode,
  rootPlace,
  type TreeReader,
} from './place.ts';

export interface Difference {
  readonly path: KnowledgePath;
  /** Null where the older tree has nothing at the path. */
  readonly before: Cid | null;
  /** Null where the newer tree has nothing at the path. */
  readonly after: Cid | null;
}

export interface DiffLimits {
  /** How many blocks may be read, both trees together; a difference is held in memory as a whole. */
  readonly maxBlocks?: number;
}

/** How many blocks are asked for at a time. */
const READ_AHEAD = 32;

interface Side {
  readonly root: PlacedNode;
  /** What of this tree is neither read nor passed over yet, all of it on one layer. */
  places: ReadonlyMap<Cid, Place>;
  readonly entries: Map<KnowledgePath, Cid>;
}

const sideFrom = (root: PlacedNode): Side => ({ root, places: new Map(), entries: new Map() });

// A sound tree has no block twice; one that has would hide a subtree behind its double.
const placesOf = (nodes: readonly PlacedNode[]): ReadonlyMap<Cid, Place> => {
  const places = new Map<Cid, Place>();
  for (const item of nodes.flatMap(itemsOf)) {
    if (item.kind === 'entry' || !isPlace(item.gap)) continue;
    if (places.has(item.gap.cid)) throw new ContentError('node_bounds', { cid: item.gap.cid });
    places.set(item.gap.cid, item.gap);
  }
  return places;
};

const open = (side: Side, nodes: readonly PlacedNode[]): void => {
  for (const { node } of nodes) for (const { path, value } of node.entries) side.entries.set(path, value);
  side.places = placesOf(nodes);
};

const differences = (older: Side, newer: Side): readonly Difference[] =>
  [...new Set([...older.entries.keys(), ...newer.entries.keys()])]
    .map((path) => ({
      path,
      before: older.entries.get(path) ?? null,
      after: newer.entries.get(path) ?? null,
    }))
    .filter(({ before, after }) => before !== after)
    .sort((a, b) => compareAsBytes(a.path, b.path));

type Read = (places: readonly Place[]) => Promise<readonly PlacedNode[]>;

const reading = (reader: TreeReader, { maxBlocks = Number.POSITIVE_INFINITY }: DiffLimits): Read => {
  let count = 0;
  return async (places) => {
    count += places.length;
    if (count > maxBlocks) throw new ContentError('diff_too_large', { expected: maxBlocks });
    const nodes: PlacedNode[] = [];
    for (let at = 0; at < places.length; at += READ_AHEAD) {
      const some = places.slice(at, at + READ_AHEAD);
      nodes.push(...(await Promise.all(some.map((place) => readNode(reader, place)))));
    }
    return nodes;
  };
};

/** The root, read beforehand to learn its layer, joins the places once the walk is there. */
const placesOn = ({ root, places }: Side, layer: number): ReadonlyMap<Cid, Place> =>
  root.layer === layer ? new Map([[root.place.cid, root.place]]) : places;

const goDown = async (side: Side, others: ReadonlyMap<Cid, Place>, read: Read): Promise<void> => {
  const { root } = side;
  const differing = [...side.places.values()].filter(({ cid }) => !others.has(cid));
  const isRoot = differing[0] === root.place;
  open(side, isRoot ? [root] : await read(differing));
};

/**
 * Every path at which the two trees differ, in the order of the paths. Goes down both trees a layer at a time and passes
 * over each subtree that both have: equal content has an equal name, and stands on the same layer. What both have is not
 * read, and so not checked either.
 * Rejects with ContentError `diff_too_large`, and as `readNode` does.
 */
export const diffTrees = async (
  reader: TreeReader,
  from: Cid,
  to: Cid,
  limits: DiffLimits = {},
): Promise<readonly Difference[]> => {
  if (from === to) return [];
  const read = reading(reader, limits);
  const roots = await read([rootPlace(from), rootPlace(to)]);
  const [older, newer] = roots.map(sideFrom) as [Side, Side];
  for (let layer = Math.max(older.root.layer, newer.root.layer); layer >= 0; layer -= 1) {
    for (const side of [older, newer]) side.places = placesOn(side, layer);
    const { places } = older;
    await goDown(older, newer.places, read);
    await goDown(newer, places, read);
  }
  return differences(older, newer);
};
