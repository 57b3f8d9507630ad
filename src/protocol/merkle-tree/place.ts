// A node in its place: fetched by its name, held against it, and against the layer and the keys above it. Pure.
import { type Cid, cidOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import { decodeNode, type NodeEntry, type TreeNode } from './node.ts';
import { depthOf, type TreeProfile } from './profile.ts';

/** Hands over the block of that name, or undefined where it has none; whatever it hands over is checked. */
export interface BlockSource {
  readonly get: (cid: Cid) => Promise<Uint8Array | undefined>;
}

/** Where the blocks of a tree are read from, and the profile it was built by. */
/** By their names; a node never changes. */
export interface KnownNodes {
  readonly get: (cid: Cid) => TreeNode | undefined;
  readonly keep: (cid: Cid, node: TreeNode) => void;
}

export interface TreeReader {
  readonly profile: TreeProfile;
  readonly blocks: BlockSource;
  /** Nodes that were fetched, hashed and read before, so that none of it is done twice. */
  readonly known?: KnownNodes;
}

/** Room for a subtree between two neighbouring keys, both left out; undefined where the tree begins or ends. */
export interface Gap {
  /** Null where no path stands between the two. */
  readonly cid: Cid | null;
  /** The layer of the subtree, below 0 where there can be none; unknown for the root. */
  readonly layer: number | undefined;
  readonly after: KnowledgePath | undefined;
  readonly before: KnowledgePath | undefined;
}

/** A gap that a subtree stands in. */
export interface Place extends Gap {
  readonly cid: Cid;
}

export interface PlacedNode {
  readonly place: Place;
  /** -1 for the node of the empty tree. */
  readonly layer: number;
  readonly node: TreeNode;
}

export const rootPlace = (root: Cid): Place => ({
  cid: root,
  layer: undefined,
  after: undefined,
  before: undefined,
});

export const isPlace = (gap: Gap): gap is Place => gap.cid !== null;

/** Whether a path stands before the end of a gap, and so in it where it does not stand before its beginning. */
export const endsAfter = ({ before }: Gap, path: string): boolean =>
  before === undefined || compareAsBytes(path, before) < 0;

const isEmptyTree = ({ left, entries }: TreeNode): boolean => left === null && entries.length === 0;

const layerOf = (place: Place, node: TreeNode, profile: TreeProfile): number => {
  if (place.layer !== undefined) return place.layer;
  const [first] = node.entries;
  if (first !== undefined) return depthOf(first.path, profile);
  // A root whose only child could be the root itself is another tree for the same entries.
  if (!isEmptyTree(node)) throw new ContentError('node_empty', { cid: place.cid });
  return -1;
};

const checkKeys = ({ place, layer, node }: PlacedNode, profile: TreeProfile): void => {
  const { cid, after } = place;
  for (const { path } of node.entries) {
    if (!endsAfter(place, path) || (after !== undefined && compareAsBytes(path, after) <= 0))
      throw new ContentError('node_bounds', { cid, path, after, before: place.before });
    const depth = depthOf(path, profile);
    if (depth !== layer) throw new ContentError('node_depth', { cid, path, expected: layer, found: depth });
  }
};

const checkChildren = ({ place, layer, node }: PlacedNode): void => {
  const { cid } = place;
  if (node.entries.length === 0 && node.left === null && place.layer !== undefined)
    throw new ContentError('node_empty', { cid });
  if (layer === 0 && (node.left !== null || node.entries.some(({ tail }) => tail !== null)))
    throw new ContentError('node_bottom', { cid });
};

const fetchNode = async ({ profile, blocks, known }: TreeReader, cid: Cid): Promise<TreeNode> => {
  const bytes = await blocks.get(cid);
  if (bytes === undefined) throw new ContentError('block_missing', { cid });
  const found = cidOf('dag-cbor', bytes);
  if (found !== cid) throw new ContentError('block_mismatch', { expected: cid, found });
  const node = decodeNode(bytes, profile);
  known?.keep(cid, node);
  return node;
};

/**
 * Fetches and strictly reads the node of a place. As every step down is a layer down, no walk is longer than a hash has
 * bits, whatever the blocks are.
 * @throws ContentError `block_missing`, `block_mismatch`, `node_bounds`, `node_depth`, `node_empty` or `node_bottom`;
 *   as `decodeNode` for its bytes; whatever the source throws
 */
export const readNode = async (reader: TreeReader, place: Place): Promise<PlacedNode> => {
  const { profile } = reader;
  const node = reader.known?.get(place.cid) ?? (await fetchNode(reader, place.cid));
  const placed = { place, layer: layerOf(place, node, profile), node };
  checkKeys(placed, profile);
  checkChildren(placed);
  return placed;
};

export type Item =
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'entry'; readonly entry: NodeEntry };

/** What a node holds from left to right: a gap, and then by turns an entry and the gap after it. */
export const itemsOf = ({ place, layer, node }: PlacedNode): readonly Item[] => {
  const { left, entries } = node;
  const gapAfter = (at: number): Item => ({
    kind: 'gap',
    gap: {
      cid: at < 0 ? left : (entries[at]?.tail ?? null),
      layer: layer - 1,
      after: at < 0 ? place.after : entries[at]?.path,
      before: entries[at + 1]?.path ?? place.before,
    },
  });
  return [
    gapAfter(-1),
    ...entries.flatMap((entry, at): readonly Item[] => [{ kind: 'entry', entry }, gapAfter(at)]),
  ];
};
