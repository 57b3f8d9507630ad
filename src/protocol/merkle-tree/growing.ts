// The right edge of a tree that grows from left to right: whatever cannot change any more is a block and let go. Pure.
import { type Cid, cidOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import type { NodeEntry, TreeEntry, TreeNode } from './node.ts';
import type { Place } from './place.ts';
import { depthOf, type TreeProfile } from './profile.ts';
import { encodeNode } from './write-node.ts';

/** The bytes of a node and what they are called. */
export interface Block {
  readonly cid: Cid;
  readonly bytes: Uint8Array;
}

interface OpenNode {
  left: Cid | null;
  readonly entries: NodeEntry[];
}

/** A whole subtree that stands at the right edge, not yet joined to what comes after it. */
export interface Edge extends Place {
  readonly layer: number;
}

export interface GrowingTree {
  /** Adds an entry right of everything; no edge may stand on its layer or above, or it would end up inside. */
  readonly add: (entry: TreeEntry, depth?: number) => void;
  /** Adds a whole subtree right of everything; only where `takes` says so. */
  readonly addSubtree: (subtree: Edge) => void;
  /** Whether a subtree of that layer can be added whole: a key above it stands before it, or nothing at all. */
  readonly takes: (layer: number) => boolean;
  readonly edge: () => Edge | undefined;
  /** Takes the edge away, for its contents to be added instead. */
  readonly dropEdge: () => void;
  /** Whether there is anything but an edge. */
  readonly hasEntries: () => boolean;
  /** Closes what is open and says what the root is. */
  readonly finish: () => Cid;
}

/**
 * Holds one open node on each layer and nothing else, however many entries pass; hands each block to `put`, with the node
 * that it is read as, once nothing that is added can change it.
 */
export const growTree = (profile: TreeProfile, put: (block: Block, node: TreeNode) => void): GrowingTree => {
  const open: OpenNode[] = [];
  let pending: Edge | undefined;

  const openAt = (layer: number): OpenNode => {
    while (open.length <= layer) open.push({ left: null, entries: [] });
    return open[layer] as OpenNode;
  };

  const write = (node: OpenNode): Cid => {
    const bytes = encodeNode(node);
    const cid = cidOf('dag-cbor', bytes);
    put({ cid, bytes }, node);
    return cid;
  };

  const hang = (node: OpenNode, child: Cid | null): void => {
    if (child === null) return;
    const last = node.entries.pop();
    if (last === undefined) node.left = child;
    else node.entries.push({ ...last, tail: child });
  };

  // A layer without entries between two that have some is a node all the same: no link skips a layer.
  const closeLayer = (layer: number, below: Cid | null): Cid | null => {
    if (pending?.layer === layer) {
      const { cid } = pending;
      pending = undefined;
      return cid;
    }
    const node = openAt(layer);
    if (node.entries.length === 0 && below === null) return null;
    hang(node, below);
    open[layer] = { left: null, entries: [] };
    return write(node);
  };

  const closeBelow = (depth: number): Cid | null => {
    let child: Cid | null = null;
    for (let layer = 0; layer < depth; layer += 1) child = closeLayer(layer, child);
    return child;
  };

  const add = ({ path, value }: TreeEntry, depth = depthOf(path, profile)): void => {
    const child = closeBelow(depth);
    const node = openAt(depth);
    hang(node, child);
    if (node.entries.length >= profile.maxEntries)
      throw new ContentError('node_too_large', { path, layer: depth, expected: profile.maxEntries });
    node.entries.push({ path, value, tail: null });
  };

  const finish = (): Cid => {
    const top = open.findLastIndex(({ entries }) => entries.length > 0);
    if (top < 0) return pending?.cid ?? write({ left: null, entries: [] });
    const child = closeBelow(top);
    const root = openAt(top);
    hang(root, child);
    return write(root);
  };

  return {
    add,
    addSubtree: (subtree) => {
      pending = subtree;
    },
    takes: (layer) =>
      pending === undefined && open.every(({ entries }, at) => at > layer || entries.length === 0),
    edge: () => pending,
    dropEdge: () => {
      pending = undefined;
    },
    hasEntries: () => open.some(({ entries }) => entries.length > 0),
    finish,
  };
};
