// A transparency log in memory: its leaves, and the heads, tiles and proofs of any of its sizes, honest or not.
import { concatBytes } from '../../keys/bytes.ts';
import { vkeyOf } from '../../keys/key.ts';
import { checkpointText } from '../../src/protocol/checkpoint.ts';
import { appendLeaves, EMPTY_EDGE, edgeRoot, partialTiles } from '../../src/protocol/growing-tree.ts';
import { hashLeaf } from '../../src/protocol/merkle.ts';
import { formatNote, signNoteLine } from '../../src/protocol/signed-note.ts';
import { proveInclusion, type ReadTile, tilePath } from '../../src/protocol/tiles.ts';
import { formatTlogProof } from '../../src/protocol/tlog-proof.ts';
import { rootOf, signer } from '../keys/trust-world.ts';

export interface TestLog {
  readonly leaves: readonly Uint8Array[];
  readonly size: () => number;
  /** Gives the index of the leaf. */
  append(leaf: Uint8Array): number;
  /** The signed head of that size; default: all there is. */
  head(size?: number, root?: Uint8Array): Promise<string>;
  /** What is served for that size, by path below `/transparency/`. */
  tiles(size?: number): ReadonlyMap<string, Uint8Array>;
  /** The `.proof` of one leaf; `extra` is its full event. */
  proof(index: number, extra: Uint8Array, size?: number): Promise<string>;
}

/** Any event that is none of a pack: logs hold many. */
export const otherLeaf = (text: string): Uint8Array => Buffer.from(JSON.stringify({ id: text, v: 1 }));

/** `key` is the name of the key that signs its heads. */
export const testLog = (before: readonly Uint8Array[] = [], key = 'log'): TestLog => {
  const { origin } = rootOf().log;
  const vkey = vkeyOf(origin, signer(key).publicKey);
  const leaves = [...before];
  const grown = (size: number) => appendLeaves(EMPTY_EDGE, leaves.slice(0, size).map(hashLeaf));
  const tiles = (size: number): Map<string, Uint8Array> => {
    const { edge, completed } = grown(size);
    const all = [...completed, ...partialTiles(edge)];
    return new Map(all.map(({ tile, bytes }) => [tilePath(tile), bytes]));
  };
  const head: TestLog['head'] = async (size = leaves.length, root = edgeRoot(grown(size).edge)) => {
    const text = checkpointText({ origin, size, root });
    return formatNote(text, [await signNoteLine(text, vkey, signer(key).sign)]);
  };
  return {
    leaves,
    size: () => leaves.length,
    append: (leaf) => leaves.push(leaf) - 1,
    head,
    tiles: (size = leaves.length) => tiles(size),
    proof: async (index, extra, size = leaves.length) => {
      const served = tiles(size);
      const readTile: ReadTile = async (tile) => served.get(tilePath(tile)) ?? concatBytes();
      const path = await proveInclusion(index, size, readTile);
      return formatTlogProof({ extra, index, path, checkpoint: await head(size) });
    },
  };
};
