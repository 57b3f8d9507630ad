// Hashes of the tree's inner nodes, each computed once: what proofs are made of.
import { hashChildren, type Node } from '../protocol/merkle.ts';
import { type ReadTile, TILE_WIDTH, tileAt } from '../protocol/tiles.ts';
import { LogDamaged } from './log-tiles.ts';

/** A complete subtree never changes, so whatever was computed of it stays true. */
export interface LogNodes {
  /** The hash of a complete subtree in a tree of `size` leaves. @throws LogDamaged */
  hashOf(node: Node, size: number): Promise<Uint8Array>;
  /** Hashes at `level`, a multiple of 8, from `index` on, that are known already. */
  remember(level: number, index: number, hashes: readonly Uint8Array[]): void;
}

const TILE_LEVELS = 8;
const HASH_BYTES = 32;
/** About 10 MiB; a tile and what is made of it have to fit in half of it. */
const MAX_NODES = 64 * 1024;
/** More than a tree of 2^47 leaves has, up to which keys are exact numbers. */
const LEVELS = 64;

const keyOf = (level: number, index: number): number => index * LEVELS + level;

export const createLogNodes = (readTile: ReadTile): LogNodes => {
  // What is not asked for while half of the room fills up goes with all else of its age, which costs nothing for each.
  let [young, old] = [new Map<number, Uint8Array>(), new Map<number, Uint8Array>()];

  const keep = (level: number, index: number, hash: Uint8Array): Uint8Array => {
    if (young.size >= MAX_NODES / 2) [young, old] = [new Map(), young];
    young.set(keyOf(level, index), hash);
    return hash;
  };

  const recall = (level: number, index: number): Uint8Array | undefined => {
    const hash = young.get(keyOf(level, index));
    if (hash !== undefined) return hash;
    const older = old.get(keyOf(level, index));
    return older && keep(level, index, older);
  };

  const combine = ({ level, index }: Node): Uint8Array | undefined => {
    const found = recall(level, index);
    if (found !== undefined || level % TILE_LEVELS === 0) return found;
    const left = combine({ level: level - 1, index: index * 2 });
    const right = left && combine({ level: level - 1, index: index * 2 + 1 });
    return left && right && keep(level, index, hashChildren(left, right));
  };

  const remember: LogNodes['remember'] = (level, index, hashes) => {
    for (const [offset, hash] of hashes.entries()) keep(level, index + offset, hash);
  };

  /** Reads the tile in which the subtree lies. */
  const load = async ({ level, index }: Node, size: number): Promise<void> => {
    const tileLevel = Math.floor(level / TILE_LEVELS);
    const tileIndex = Math.floor((index * 2 ** (level % TILE_LEVELS)) / TILE_WIDTH);
    const tile = tileAt(tileLevel, tileIndex, size);
    if (tile === undefined) throw new RangeError(`no such tile in a tree of ${size}`);
    const bytes = await readTile(tile);
    const hashes = Array.from({ length: tile.width }, (_, at) =>
      bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
    );
    remember(tileLevel * TILE_LEVELS, tileIndex * TILE_WIDTH, hashes);
  };

  return {
    remember,
    hashOf: async (node, size) => {
      const found = combine(node);
      if (found !== undefined) return found;
      await load(node, size);
      const made = combine(node);
      if (made === undefined) throw new LogDamaged('A tile is shorter than its tree.', { ...node, size });
      return made;
    },
  };
};
