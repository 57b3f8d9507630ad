// Reads tiles of a log, each once, and keeps a bounded number; whether they are true only a proof out of them shows.
import { HASH_BYTES } from '../protocol/merkle.ts';
import { type ReadTile, TILE_WIDTH, type Tile, tilePath } from '../protocol/tiles.ts';
import { refusal } from './refusal.ts';
import type { RegistryReader } from './registry-reader.ts';

/** Two MiB; a proof in a log of a thousand million leaves needs eight. */
const KEPT_TILES = 256;
const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/** Fills in `{L}` and `{N}`: the level, and the number in groups of three digits with the width of a partial tile. */
const addressOfTile = (template: string, tile: Tile): string => {
  const [, level = '', ...place] = tilePath(tile).split('/');
  return template.replaceAll('{L}', level).replaceAll('{N}', place.join('/'));
};

const unprovable = (path: string, found: number | null) =>
  refusal('checkpoint', 'log_unprovable', { tile: path, found });

const fetchTile = async (reader: RegistryReader, template: string, tile: Tile): Promise<Uint8Array> => {
  const path = addressOfTile(template, tile);
  const bytes = await reader.bytes('checkpoint', path, TILE_BYTES);
  if (bytes === undefined) throw unprovable(path, null);
  if (bytes.length !== tile.width * HASH_BYTES) throw unprovable(path, bytes.length);
  return bytes;
};

/** A partial tile may be gone once the full one is there (C2SP tlog-tiles), which begins with the same hashes. */
const fetchOrCut = async (reader: RegistryReader, template: string, tile: Tile): Promise<Uint8Array> => {
  const path = addressOfTile(template, tile);
  if (tile.width === TILE_WIDTH) return fetchTile(reader, template, tile);
  const partial = await reader.bytes('checkpoint', path, TILE_BYTES);
  if (partial === undefined) {
    const full = await fetchTile(reader, template, { ...tile, width: TILE_WIDTH });
    return full.subarray(0, tile.width * HASH_BYTES);
  }
  if (partial.length !== tile.width * HASH_BYTES) throw unprovable(path, partial.length);
  return partial;
};

/** Rejects with a Refusal of `checkpoint`. */
export const tileReader = (reader: RegistryReader, template: string): ReadTile => {
  const kept = new Map<string, Promise<Uint8Array>>();
  return (tile) => {
    const path = tilePath(tile);
    const read = kept.get(path) ?? fetchOrCut(reader, template, tile);
    // Put back at every use, the first of the map is the one longest unused.
    kept.delete(path);
    kept.set(path, read);
    const [oldest] = kept.size > KEPT_TILES ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
    read.catch(() => kept.delete(path));
    return read;
  };
};
