// The one order in which the content of a version is archived: its tree from the root down, left to right. Pure.
import { type Cid, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import type { KnowledgePath } from '../knowledge-path.ts';
import type { Block } from '../merkle-tree/growing.ts';
import {
  type BlockSource,
  isPlace,
  itemsOf,
  type Place,
  type PlacedNode,
  readNode,
  rootPlace,
} from '../merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../merkle-tree/profile.ts';

/** A node before everything below it; an entry where its path stands in the order of all paths as bytes. */
export type Step =
  | { readonly kind: 'node'; readonly block: Block }
  | { readonly kind: 'entry'; readonly path: KnowledgePath; readonly cid: Cid };

const readPlaced = async (blocks: BlockSource, place: Place): Promise<[PlacedNode, Block]> => {
  let bytes: Uint8Array | undefined;
  const get: BlockSource['get'] = async (cid) => {
    bytes = await blocks.get(cid);
    return bytes;
  };
  const placed = await readNode({ profile: KNOWLEDGE_TREE, blocks: { get } }, place);
  return [placed, { cid: place.cid, bytes: bytes as Uint8Array }];
};

async function* walk(blocks: BlockSource, place: Place): AsyncGenerator<Step, void, void> {
  const [placed, block] = await readPlaced(blocks, place);
  yield { kind: 'node', block };
  for (const item of itemsOf(placed)) {
    if (item.kind === 'gap') {
      if (isPlace(item.gap)) yield* walk(blocks, item.gap);
      continue;
    }
    const { path, value } = item.entry;
    if (codecOf(value) !== 'dag-cbor') throw new ContentError('node_form', { cid: place.cid, path });
    yield { kind: 'entry', path, cid: value };
  }
}

/**
 * Every node and every entry of a tree, a block asked for only when it is the next: whoever answers with whatever comes
 * next reads an archive in its order, or not at all. Holds the nodes on the way down, and no others.
 * Throws ContentError `node_form`, and as `readNode` does.
 */
export const walkContent = (blocks: BlockSource, root: Cid): AsyncGenerator<Step, void, void> =>
  walk(blocks, rootPlace(root));
