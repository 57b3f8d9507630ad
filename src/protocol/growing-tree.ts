// The right edge of the log's tree: all of it that is needed to append to it and to know its root. Pure.
import { concatBytes } from '../../keys/bytes.ts';
import { EMPTY_ROOT, hashChildren, rootOf } from './merkle.ts';
import { hashesOf, type ReadTile, TILE_WIDTH, type Tile, tileAt } from './tiles.ts';

/** `levels[l]` holds the hashes, 0 to 255 of them, of the rightmost, incomplete tile of tile level l. */
export interface Edge {
  readonly size: number;
  readonly levels: readonly (readonly Uint8Array[])[];
}

export interface TileBytes {
  readonly tile: Tile;
  readonly bytes: Uint8Array;
}

export interface Growth {
  readonly edge: Edge;
  /** The full tiles that came to be, of all levels, lower ones first. */
  readonly completed: readonly TileBytes[];
}

export const EMPTY_EDGE: Edge = { size: 0, levels: [] };

interface Pair {
  readonly right: Uint8Array;
  readonly hash: Uint8Array;
}

/** By their left half: the same hashes come back with each growth until their tile is full. */
const hashed = new WeakMap<Uint8Array, Pair>();

const hashOnce = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const known = hashed.get(left);
  if (known?.right === right) return known.hash;
  const hash = hashChildren(left, right);
  hashed.set(left, { right, hash });
  return hash;
};

/** How many tiles of that level are full in a tree of that size: the number of the incomplete one. */
const fullTiles = (level: number, size: number): number => Math.floor(size / TILE_WIDTH ** (level + 1));

const fullRows = (hashes: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] =>
  Array.from({ length: Math.floor(hashes.length / TILE_WIDTH) }, (_, row) =>
    hashes.slice(row * TILE_WIDTH, (row + 1) * TILE_WIDTH),
  );

/** Costs about one hash for each leaf; a full tile hands its one hash to the level above and is let go. */
export const appendLeaves = (edge: Edge, leafHashes: readonly Uint8Array[]): Growth => {
  const levels: (readonly Uint8Array[])[] = [];
  const completed: TileBytes[] = [];
  let added = leafHashes;
  for (let level = 0; level < edge.levels.length || added.length > 0; level += 1) {
    const hashes = [...(edge.levels[level] ?? []), ...added];
    const rows = fullRows(hashes);
    const first = fullTiles(level, edge.size);
    for (const [at, row] of rows.entries())
      completed.push({ tile: { level, index: first + at, width: TILE_WIDTH }, bytes: concatBytes(...row) });
    levels.push(hashes.slice(rows.length * TILE_WIDTH));
    added = rows.map((row) => rootOf(row, hashOnce));
  }
  return { edge: { size: edge.size + leafHashes.length, levels }, completed };
};

/** What lies right of a level's hashes is smaller than one of them, so its root can stand as the last of them. */
export const edgeRoot = ({ levels }: Edge): Uint8Array => {
  let below: readonly Uint8Array[] = [];
  for (const hashes of levels) {
    const row = [...hashes, ...below];
    below = row.length === 0 ? [] : [rootOf(row, hashOnce)];
  }
  return below[0] ?? EMPTY_ROOT;
};

/** The incomplete tiles that a tree of this size is served with, lower levels first; none of them empty. */
export const partialTiles = ({ size, levels }: Edge): readonly TileBytes[] =>
  levels.flatMap((hashes, level) => {
    const tile = tileAt(level, fullTiles(level, size), size);
    return tile === undefined ? [] : [{ tile, bytes: concatBytes(...hashes) }];
  });

const levelsOf = (size: number): number => (size === 0 ? 0 : 1 + levelsOf(Math.floor(size / TILE_WIDTH)));

/**
 * The edge of a tree of that size, out of its tiles.
 * @throws LogError `tile_form`; rejects as `readTile` does
 */
export const edgeFrom = async (size: number, readTile: ReadTile): Promise<Edge> => {
  const read = async (level: number): Promise<readonly Uint8Array[]> => {
    const tile = tileAt(level, fullTiles(level, size), size);
    return tile === undefined ? [] : hashesOf(tile, await readTile(tile));
  };
  const levels = await Promise.all(Array.from({ length: levelsOf(size) }, (_, level) => read(level)));
  return { size, levels };
};
