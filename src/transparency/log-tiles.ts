// Reads the log as its readers do: full tiles from the blob store, the growing edge from the rows it is made of.
import type { BlobStore } from '../../storage/blob-store.ts';
import { bytesSource, readObject } from '../../storage/blob-store.ts';
import { logTileKey } from '../../storage/object-keys.ts';
import type { Sql } from '../database/connect.ts';
import { hashLeaf } from '../protocol/merkle.ts';
import {
  encodeEntries,
  entriesPath,
  type ReadTile,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from '../protocol/tiles.ts';
import { leavesBetween, subtreesBetween } from './log-store.ts';

/** What a committed head promises is not there, or is not what it was: nothing may be signed on top of it. */
export class LogDamaged extends Error {
  override readonly name: string = 'LogDamaged';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.details = details;
  }
}

/** The database was set back behind what others have seen of the log: to serve it, or to go on from it, is to fork it. */
export class LogBehind extends LogDamaged {
  readonly cure =
    'Start with the newest database of these blobs, or restore the newest backup of it; BLOB_URL and DATABASE_URL have to belong together.';
}

export interface LogTilesDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
}

const MAX_OBJECT_BYTES = 32 * 1024 * 1024;
/** A store that says "exists" and shows nothing, again and again, is no store to seal on. */
const TRIES = 3;

const fromStore = async (blobs: BlobStore, path: string): Promise<Uint8Array> => {
  const bytes = await readObject(blobs, logTileKey(path), { maxBytes: MAX_OBJECT_BYTES });
  if (bytes === undefined) throw new LogDamaged(`The blob store holds no ${path}.`, { path });
  return bytes;
};

const hashesOf = async (sql: Sql, { level, index, width }: Tile): Promise<readonly Uint8Array[]> => {
  const [start, end] = [index * TILE_WIDTH, index * TILE_WIDTH + width];
  if (level > 0) return subtreesBetween(sql, level, start, end);
  return (await leavesBetween(sql, start, end)).map(hashLeaf);
};

/** The hashes of a tile, `width` times 32 bytes. The tile has to be covered by a committed head. @throws LogDamaged */
export const readTile =
  (the: LogTilesDeps): ReadTile =>
  async (tile) => {
    if (tile.width === TILE_WIDTH) return fromStore(the.blobs, tilePath(tile));
    const hashes = await hashesOf(the.sql, tile);
    if (hashes.length !== tile.width) throw new LogDamaged(`The rows of ${tilePath(tile)} are missing.`);
    return Buffer.concat(hashes);
  };

/** An entry bundle; it has to be covered by a committed head. @throws LogDamaged */
export const readEntries =
  (the: LogTilesDeps) =>
  async (index: number, width: number): Promise<Uint8Array> => {
    if (width === TILE_WIDTH) return fromStore(the.blobs, entriesPath(index, width));
    const leaves = await leavesBetween(the.sql, index * TILE_WIDTH, index * TILE_WIDTH + width);
    if (leaves.length === width) return encodeEntries(leaves);
    throw new LogDamaged(`The rows of ${entriesPath(index, width)} are missing.`);
  };

/** One object of the log on its way to the store. */
export interface LogObject {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Puts an object of the log. Its bytes follow from the events below it alone, so that one put by an earlier try, or by
 * another sealer, is the same.
 * @throws LogDamaged where it is not
 */
export const putLogObject =
  (blobs: BlobStore) =>
  async ({ path, bytes }: LogObject): Promise<void> => {
    const key = logTileKey(path);
    let found: Uint8Array | undefined;
    // Another sealer, just losing its lock, may take away a partial tile that it found superseded: it is put again.
    for (let tries = 0; found === undefined && tries < TRIES; tries += 1) {
      if ((await blobs.put(key, bytesSource(bytes))) === 'created') return;
      found = await readObject(blobs, key, { maxBytes: MAX_OBJECT_BYTES });
    }
    if (found !== undefined && Buffer.compare(found, bytes) === 0) return;
    throw new LogDamaged(`The blob store holds another ${path} than the events make.`, { path });
  };
