// Whether the entries that stand in the database now are the ones that were sealed into the log.
import { equalBytes } from '../../../keys/bytes.ts';
import { hashLeaf } from '../../protocol/merkle.ts';
import { hashesOf, type ReadTile, TILE_WIDTH, tileAt, treeRoot } from '../../protocol/tiles.ts';

export interface SealedHead {
  readonly size: number;
  readonly root: Uint8Array;
}

const sameLeaf = (leaf: Uint8Array | undefined, hash: Uint8Array | undefined): boolean =>
  leaf !== undefined && hash !== undefined && equalBytes(hashLeaf(leaf), hash);

/**
 * The sequences from `first` to `last` whose entry is another than was sealed, or is gone. Of the incomplete tile the
 * rows are all there is, so they must hash to the signed root; where they do not, all of them are named.
 */
export const unsoundEntries = async (
  readTile: ReadTile,
  { size, root }: SealedHead,
  leaves: ReadonlyMap<number, Uint8Array>,
  [first, last]: readonly [number, number],
): Promise<readonly number[]> => {
  const found: number[] = [];
  const edge = size - (size % TILE_WIDTH);
  const isEdgeSound = last <= edge || equalBytes(await treeRoot(size, readTile), root);
  for (let index = Math.floor((first - 1) / TILE_WIDTH); index * TILE_WIDTH < last; index += 1) {
    const tile = tileAt(0, index, size);
    if (tile === undefined) break;
    const isFull = tile.width === TILE_WIDTH;
    const hashes = hashesOf(tile, await readTile(tile));
    for (const [at, hash] of hashes.entries()) {
      const sequence = index * TILE_WIDTH + at + 1;
      const asked = sequence >= first && sequence <= last;
      if (asked && !(sameLeaf(leaves.get(sequence), hash) && (isFull || isEdgeSound))) found.push(sequence);
    }
  }
  return found;
};
