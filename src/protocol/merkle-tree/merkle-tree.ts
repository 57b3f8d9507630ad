// The one Merkle Search Tree over a list of entries, built at once, and what stands at a path in it. Pure.
import type { Cid } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import { type Block, growTree } from './growing.ts';
import type { NodeEntry, TreeEntry } from './node.ts';
import { endsAfter, isPlace, itemsOf, type Place, readNode, rootPlace, type TreeReader } from './place.ts';
import type { TreeProfile } from './profile.ts';

/**
 * Yields each block of the tree, children before their parents, and returns the name of the root. Holds one open node
 * for each layer, however many entries there are; an empty list has a root too.
 * @throws ContentError `tree_order` unless the paths ascend as bytes, `node_too_large` for paths that crowd one node
 */
export function* buildTree(profile: TreeProfile, entries: Iterable<TreeEntry>): Generator<Block, Cid, void> {
  const done: Block[] = [];
  const tree = growTree(profile, (block) => done.push(block));
  let before: KnowledgePath | undefined;
  for (const entry of entries) {
    if (before !== undefined && compareAsBytes(before, entry.path) >= 0)
      throw new ContentError('tree_order', { after: before, path: entry.path });
    before = entry.path;
    tree.add(entry);
    if (done.length > 0) yield* done.splice(0);
  }
  const root = tree.finish();
  yield* done;
  return root;
}

type Step = { readonly found: NodeEntry } | { readonly down: Place } | undefined;

/** Where the way to a path goes on in a node: at its entry, in a subtree, nowhere. */
const stepTo = async (reader: TreeReader, place: Place, path: KnowledgePath): Promise<Step> => {
  for (const item of itemsOf(await readNode(reader, place))) {
    if (item.kind === 'entry' && item.entry.path === path) return { found: item.entry };
    if (item.kind === 'gap' && endsAfter(item.gap, path))
      return isPlace(item.gap) ? { down: item.gap } : undefined;
  }
  return undefined;
};

/**
 * The value at a path, undefined where the tree has none; reads the blocks on the way there and no others.
 * Rejects as `readNode` does.
 */
export const getValue = async (
  reader: TreeReader,
  root: Cid,
  path: KnowledgePath,
): Promise<Cid | undefined> => {
  let place = rootPlace(root);
  for (;;) {
    const step = await stepTo(reader, place, path);
    if (step === undefined) return undefined;
    if ('found' in step) return step.found.value;
    place = step.down;
  }
};
