// A small log for tests: its leaves, its tiles in memory, huge trees made of equal leaves, and how refusals are told.
import { concatBytes, encodeHex, utf8 } from '../../../keys/bytes.ts';
import { sha256 } from '../../../keys/hash.ts';
import { LogError, type LogErrorCode } from '../../../src/protocol/log-errors.ts';
import { hashChildren, hashLeaf, type Node, rootOf } from '../../../src/protocol/merkle.ts';
import { type ReadTile, TILE_WIDTH, type Tile, tileAt, tilePath } from '../../../src/protocol/tiles.ts';

export const entryOf = (index: number): Uint8Array => utf8(`entry ${index}`);

export const entriesOf = (size: number): readonly Uint8Array[] =>
  Array.from({ length: size }, (_, index) => entryOf(index));

/** The code of the LogError that an action throws; undefined if it throws nothing; anything else is thrown on. */
export const refusedAs = (action: () => unknown): LogErrorCode | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof LogError) return error.code;
    throw error;
  }
};

/** Every tile of a tree of these leaf hashes, by its path, cut from whole rows of the tree. */
export const tilesOf = (leafHashes: readonly Uint8Array[]): ReadonlyMap<string, Uint8Array> => {
  const tiles = new Map<string, Uint8Array>();
  let row = leafHashes;
  for (let level = 0; row.length > 0; level += 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < row.length; at += TILE_WIDTH) {
      const hashes = row.slice(at, at + TILE_WIDTH);
      const tile = { level, index: at / TILE_WIDTH, width: hashes.length };
      tiles.set(tilePath(tile), concatBytes(...hashes));
      if (hashes.length === TILE_WIDTH) above.push(rootOf(hashes));
    }
    row = above;
  }
  return tiles;
};

/** The digest of each tile by its path: two such lists are compared far faster than the tiles. */
export const digestsOf = (tiles: Iterable<readonly [string, Uint8Array]>): ReadonlyMap<string, string> =>
  new Map([...tiles].map(([path, bytes]) => [path, encodeHex(sha256(bytes))]));

/** A reader of such tiles that notes every path it is asked for. */
export const readerOf = (tiles: ReadonlyMap<string, Uint8Array>, asked: string[] = []): ReadTile => {
  return async (tile) => {
    asked.push(tilePath(tile));
    const bytes = tiles.get(tilePath(tile));
    if (bytes === undefined) throw new Error(`no such tile: ${tilePath(tile)}`);
    return bytes;
  };
};

/** The node hashes of a tree, as large as one likes, whose leaves are all the same but one. */
export const almostUniform = (odd: number): ((node: Node) => Uint8Array) => {
  const even: Uint8Array[] = [hashLeaf(utf8('the same'))];
  const evenAt = (level: number): Uint8Array => {
    const hash = even[level] ?? hashChildren(evenAt(level - 1), evenAt(level - 1));
    even[level] = hash;
    return hash;
  };
  const hashOf = ({ level, index }: Node): Uint8Array => {
    if (Math.floor(odd / 2 ** level) !== index) return evenAt(level);
    if (level === 0) return hashLeaf(utf8('the odd one'));
    return hashChildren(
      hashOf({ level: level - 1, index: index * 2 }),
      hashOf({ level: level - 1, index: index * 2 + 1 }),
    );
  };
  return hashOf;
};

/** The tiles of such a tree; refuses to hand over any that the tree of that size does not have. */
export const uniformReader =
  (size: number, hashOf: (node: Node) => Uint8Array): ReadTile =>
  async (tile: Tile) => {
    if (tileAt(tile.level, tile.index, size)?.width !== tile.width)
      throw new Error(`no such tile: ${tilePath(tile)}`);
    const first = tile.index * TILE_WIDTH;
    const hashes = Array.from({ length: tile.width }, (_, at) =>
      hashOf({ level: tile.level * 8, index: first + at }),
    );
    return concatBytes(...hashes);
  };
