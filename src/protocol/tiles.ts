// The log cut into tiles (C2SP tlog-tiles): their paths, their bytes, and proofs out of them. Pure.
import { concatBytes } from '../../keys/bytes.ts';
import { LogError } from './log-errors.ts';
import {
  consistencyNodes,
  foldHashes,
  frontierNodes,
  HASH_BYTES,
  inclusionNodes,
  type Node,
  rootOf,
} from './merkle.ts';

/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256;

/** Levels of the tree that one level of tiles stands for. */
const TILE_HEIGHT = 8;
const MAX_TILE_LEVEL = 63;
const MAX_ENTRY_BYTES = 65_535;

/** `width` hashes (1..256; 256 is a full tile) of the nodes at tree level 8 * `level`, from number 256 * `index`. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

export type TilePath =
  | { readonly kind: 'hashes'; readonly tile: Tile }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

const placePath = (index: number, width: number): string => {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const place = padded.replace(/\d{3}(?=\d)/g, 'x$&/');
  return width === TILE_WIDTH ? place : `${place}.p/${width}`;
};

/** `tile/0/x001/067`, or `tile/0/x001/067.p/12` where it is partial. */
export const tilePath = ({ level, index, width }: Tile): string => `tile/${level}/${placePath(index, width)}`;

/** `tile/entries/x001/067`, or `tile/entries/x001/067.p/12` where the bundle is partial. */
export const entriesPath = (index: number, width: number): string =>
  `tile/entries/${placePath(index, width)}`;

/** Undefined unless the text is the one spelling of the path of some tile or bundle. */
export const parseTilePath = (text: string): TilePath | undefined => {
  const form = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/;
  const [, level, place = '', partial = '256'] = form.exec(text) ?? [];
  const index = Number(place.replace(/[x/]/g, ''));
  const width = Number(partial);
  if (level === undefined || !Number.isSafeInteger(index) || width < 1 || width > TILE_WIDTH)
    return undefined;
  if (level === 'entries')
    return entriesPath(index, width) === text ? { kind: 'entries', index, width } : undefined;
  const tile = { level: Number(level), index, width };
  return tile.level <= MAX_TILE_LEVEL && tilePath(tile) === text ? { kind: 'hashes', tile } : undefined;
};

/** The tile as it stands in a tree of that size: cut where the tree ends, undefined where it would be empty. */
export const tileAt = (level: number, index: number, size: number): Tile | undefined => {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  const width = Math.min(hashes - index * TILE_WIDTH, TILE_WIDTH);
  return width > 0 ? { level, index, width } : undefined;
};

/** Below which hash of the tile's level, and over how many of them, the node stands. */
const placeOf = ({ level, index }: Node) => {
  const width = 2 ** (level % TILE_HEIGHT);
  return { level: Math.floor(level / TILE_HEIGHT), from: index * width, width };
};

/**
 * The one tile, as it stands in a tree of that size, that the hash of a node folds from.
 * @throws RangeError where the tree holds no such complete subtree
 */
export const tileOfNode = (node: Node, size: number): Tile => {
  const { level, from, width } = placeOf(node);
  const tile = tileAt(level, Math.floor(from / TILE_WIDTH), size);
  if (tile === undefined || from + width > tile.index * TILE_WIDTH + tile.width)
    throw new RangeError(`no node ${node.index} at level ${node.level} in a tree of ${size}`);
  return tile;
};

/** @throws LogError `tile_form` where the bytes are not `width` hashes */
export const hashesOf = (tile: Tile, bytes: Uint8Array): readonly Uint8Array[] => {
  if (bytes.length !== tile.width * HASH_BYTES)
    throw new LogError('tile_form', {
      tile: tilePath(tile),
      expected: tile.width * HASH_BYTES,
      found: bytes.length,
    });
  return Array.from({ length: tile.width }, (_, at) => bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES));
};

/**
 * The hash of a node that folds from this tile.
 * @throws LogError `tile_form`; RangeError where the node stands elsewhere
 */
export const nodeFromTile = (tile: Tile, bytes: Uint8Array, node: Node): Uint8Array => {
  const { level, from, width } = placeOf(node);
  const at = from - tile.index * TILE_WIDTH;
  const hashes = hashesOf(tile, bytes);
  if (level !== tile.level || at < 0 || at + width > tile.width)
    throw new RangeError(`node ${node.index} at level ${node.level} is not of ${tilePath(tile)}`);
  return rootOf(hashes.slice(at, at + width));
};

/** @throws LogError `entries_form` for an entry that is empty or larger than 65,535 bytes */
export const encodeEntries = (entries: readonly Uint8Array[]): Uint8Array =>
  concatBytes(
    ...entries.flatMap((entry, at) => {
      if (entry.length === 0 || entry.length > MAX_ENTRY_BYTES)
        throw new LogError('entries_form', { entry: at, found: entry.length });
      return [Uint8Array.of(Math.floor(entry.length / 256), entry.length % 256), entry];
    }),
  );

/**
 * The entries of a bundle: each behind its length, a big-endian uint16, and nothing after the last.
 * @throws LogError `entries_form`
 */
export const decodeEntries = (bytes: Uint8Array, width: number): readonly Uint8Array[] => {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + 2;
    const end = start + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    if (end === start || end > bytes.length) throw new LogError('entries_form', { entry: entries.length });
    entries.push(bytes.slice(start, end));
    at = end;
  }
  if (at !== bytes.length) throw new LogError('entries_form', { expected: at, found: bytes.length });
  return entries;
};

/** Hands over exactly `width` hashes; where only the full tile is left, the reader cuts it. */
export type ReadTile = (tile: Tile) => Promise<Uint8Array>;

// Reads each tile once, however many nodes fold from it.
const nodeReader = (size: number, readTile: ReadTile): ((node: Node) => Promise<Uint8Array>) => {
  const reads = new Map<string, Promise<Uint8Array>>();
  return async (node) => {
    const tile = tileOfNode(node, size);
    const path = tilePath(tile);
    const read = reads.get(path) ?? readTile(tile);
    reads.set(path, read);
    return nodeFromTile(tile, await read, node);
  };
};

const foldAll = (
  proof: readonly (readonly Node[])[],
  size: number,
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> => {
  const read = nodeReader(size, readTile);
  return Promise.all(proof.map(async (nodes) => foldHashes(await Promise.all(nodes.map(read)))));
};

/** The path for `rootFromInclusion`. Rejects with RangeError where there is no such leaf, and as `readTile` does. */
export const proveInclusion = async (
  index: number,
  size: number,
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> => foldAll(inclusionNodes(index, size), size, readTile);

/** The proof for `isConsistent`. Rejects with RangeError where the old tree is larger, and as `readTile` does. */
export const proveConsistency = async (
  oldSize: number,
  newSize: number,
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> => foldAll(consistencyNodes(oldSize, newSize), newSize, readTile);

/** The root of the tree of that size, out of its tiles. */
export const treeRoot = async (size: number, readTile: ReadTile): Promise<Uint8Array> =>
  foldHashes(await Promise.all(frontierNodes(size).map(nodeReader(size, readTile))));
