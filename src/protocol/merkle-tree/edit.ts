// A tree with some of its paths set or deleted: the one tree of the outcome, most of it not even read. Pure.
import type { Cid } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import { type Block, type Edge, type GrowingTree, growTree } from './growing.ts';
import type { TreeEntry } from './node.ts';
import {
  endsAfter,
  type Gap,
  isPlace,
  itemsOf,
  type Place,
  type PlacedNode,
  readNode,
  rootPlace,
  type TreeReader,
} from './place.ts';
import { depthOf, type TreeProfile } from './profile.ts';

export interface Change {
  readonly path: KnowledgePath;
  /** What stands at the path from now on; null where nothing does. */
  readonly value: Cid | null;
}

export interface EditedTree {
  readonly root: Cid;
  /** The blocks that the old tree does not have, children before their parents. */
  readonly blocks: readonly Block[];
}

const inOrder = (changes: readonly Change[]): readonly Change[] => {
  const sorted = [...changes].sort((a, b) => compareAsBytes(a.path, b.path));
  const twice = sorted.find(({ path }, at) => sorted[at + 1]?.path === path);
  if (twice !== undefined) throw new ContentError('change_twice', { path: twice.path });
  return sorted;
};

interface Editing {
  readonly tree: GrowingTree;
  readonly read: (place: Place) => Promise<PlacedNode>;
  /** What is still to be done, the first last. */
  readonly changes: Change[];
  readonly profile: TreeProfile;
}

/** Leaves no edge on that layer or above, for something to be added there. */
const openEdge = async (the: Editing, layer: number): Promise<void> => {
  for (let edge = the.tree.edge(); edge !== undefined && edge.layer >= layer; edge = the.tree.edge()) {
    the.tree.dropEdge();
    await passNode(the, await the.read(edge));
  }
};

const addEntry = async (the: Editing, entry: TreeEntry, depth: number): Promise<void> => {
  await openEdge(the, depth);
  the.tree.add(entry, depth);
};

const takeChange = async (the: Editing): Promise<void> => {
  const change = the.changes.pop();
  if (change === undefined || change.value === null) return;
  const { path, value } = change;
  await addEntry(the, { path, value }, depthOf(path, the.profile));
};

// Two subtrees with no key between them become one: their edges open until one of them ends above the other.
const keepSubtree = async (the: Editing, subtree: Edge): Promise<void> => {
  await openEdge(the, subtree.layer);
  if (the.tree.takes(subtree.layer)) the.tree.addSubtree(subtree);
  else await passNode(the, await the.read(subtree));
};

const changesIn = ({ changes }: Editing, gap: Gap): boolean => {
  const next = changes.at(-1);
  return next !== undefined && endsAfter(gap, next.path);
};

const passGap = async (the: Editing, gap: Gap): Promise<void> => {
  if (!isPlace(gap)) while (changesIn(the, gap)) await takeChange(the);
  else if (changesIn(the, gap) || gap.layer === undefined) await passNode(the, await the.read(gap));
  else await keepSubtree(the, { ...gap, layer: gap.layer });
};

/** Adds what a node holds, changed where a change is to it, and subtrees whole wherever nothing in them changes. */
const passNode = async (the: Editing, placed: PlacedNode): Promise<void> => {
  for (const item of itemsOf(placed)) {
    if (item.kind === 'gap') await passGap(the, item.gap);
    else if (the.changes.at(-1)?.path === item.entry.path) await takeChange(the);
    else await addEntry(the, item.entry, placed.layer);
  }
};

/** Where only a subtree is left, the root is its highest node that has entries. */
const trim = async (the: Editing): Promise<void> => {
  for (let edge = the.tree.edge(); edge !== undefined && !the.tree.hasEntries(); edge = the.tree.edge())
    await openEdge(the, edge.layer);
};

/**
 * The tree after the changes, given in any order; deleting what is not there changes nothing. Equal to the tree that
 * `buildTree` makes of the outcome. Reads and writes about one block on each layer for each change.
 * @throws ContentError `change_twice`, or `node_too_large` for paths that crowd one node; rejects as `readNode` does
 */
export const editTree = async (
  reader: TreeReader,
  root: Cid,
  changes: readonly Change[],
): Promise<EditedTree> => {
  if (changes.length === 0) return { root, blocks: [] };
  const known = new Set<Cid>();
  const blocks: Block[] = [];
  const tree = growTree(reader.profile, (block, node) => {
    blocks.push(block);
    reader.known?.keep(block.cid, node);
  });
  const read = (place: Place): Promise<PlacedNode> => {
    known.add(place.cid);
    return readNode(reader, place);
  };
  const the: Editing = { tree, read, changes: [...inOrder(changes)].reverse(), profile: reader.profile };
  await passGap(the, rootPlace(root));
  await trim(the);
  const edited = tree.finish();
  return { root: edited, blocks: blocks.filter(({ cid }) => !known.has(cid)) };
};
