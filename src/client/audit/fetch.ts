// Reads many documents of a registry at once, but only so many, ahead of whoever takes them in order.
import { LogError } from '../../protocol/log-errors.ts';
import { HASH_BYTES } from '../../protocol/merkle.ts';
import { decodeEntries, entriesPath, TILE_WIDTH, type Tile, tilePath } from '../../protocol/tiles.ts';
import type { RegistryReader } from '../registry-reader.ts';

/** Requests under way at one time. */
export const AT_ONCE = 8;

const MAX_ENTRY_BYTES = 65_535 + 2;
const MAX_BUNDLE_BYTES = TILE_WIDTH * MAX_ENTRY_BYTES;
const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/** The results of `fetch` for 0, 1, 2 … in this order, while the next ones are on their way. */
export async function* inOrder<T>(count: number, fetch: (at: number) => Promise<T>): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  const start = (at: number): void => {
    const work = fetch(at);
    // Whoever takes them may stop before this one.
    work.catch(() => undefined);
    ahead.push(work);
  };
  for (let at = 0; at < count; at += 1) {
    while (ahead.length < AT_ONCE && at + ahead.length < count) start(at + ahead.length);
    const next = ahead.shift();
    if (next !== undefined) yield await next;
  }
}

/** Where tiles and bundles of entries are: a template with `{L}` and `{N}`, in which `entries` stands for a level. */
const addressOf = (template: string, path: string): string => {
  const [, level = '', ...place] = path.split('/');
  return template.replaceAll('{L}', level).replaceAll('{N}', place.join('/'));
};

const read = (reader: RegistryReader, template: string, path: string, most: number) =>
  reader.bytes('checkpoint', addressOf(template, path), most);

/** A hash tile; a partial one may be gone once the full one is there, which begins with the same hashes. */
export const fetchTile = async (
  reader: RegistryReader,
  template: string,
  tile: Tile,
): Promise<Uint8Array | undefined> => {
  const found = await read(reader, template, tilePath(tile), TILE_BYTES);
  if (found !== undefined || tile.width === TILE_WIDTH) return found;
  const full = await read(reader, template, tilePath({ ...tile, width: TILE_WIDTH }), TILE_BYTES);
  return full?.subarray(0, tile.width * HASH_BYTES);
};

const decoded = (bytes: Uint8Array, width: number): readonly Uint8Array[] | 'malformed' => {
  try {
    return decodeEntries(bytes, width);
  } catch (error) {
    if (error instanceof LogError) return 'malformed';
    throw error;
  }
};

/** The first `width` entries of a bundle; undefined where they are not served. Rejects with a Refusal. */
export const fetchEntries = async (
  reader: RegistryReader,
  template: string,
  index: number,
  width: number,
): Promise<readonly Uint8Array[] | 'malformed' | undefined> => {
  const found = await read(reader, template, entriesPath(index, width), MAX_BUNDLE_BYTES);
  if (found !== undefined) return decoded(found, width);
  if (width === TILE_WIDTH) return undefined;
  const full = await read(reader, template, entriesPath(index, TILE_WIDTH), MAX_BUNDLE_BYTES);
  const entries = full && decoded(full, TILE_WIDTH);
  return entries === undefined || entries === 'malformed' ? entries : entries.slice(0, width);
};
