// Copies the newest checkpoint and the edge below it to the blob store, where mirrors read the log without us.
import { type BlobStore, readObject } from '../../storage/blob-store.ts';
import { LOG_CHECKPOINT_KEY, logTileKey } from '../../storage/object-keys.ts';
import { type Checkpoint, parseCheckpointText } from '../protocol/checkpoint.ts';
import { partialTiles } from '../protocol/growing-tree.ts';
import { MAX_NOTE_BYTES, parseNote } from '../protocol/signed-note.ts';
import { encodeEntries, entriesPath, parseTilePath, TILE_WIDTH, tilePath } from '../protocol/tiles.ts';
import { HeadMoved } from './log-store.ts';
import { type LogObject, putLogObject } from './log-tiles.ts';
import type { SealState } from './seal.ts';

/** The incomplete tiles and the incomplete bundle; what is full was stored before its head was signed. */
export const edgeObjects = ({ edge, bundle }: Pick<SealState, 'edge' | 'bundle'>): readonly LogObject[] => {
  const tiles = partialTiles(edge).map(({ tile, bytes }) => ({ path: tilePath(tile), bytes }));
  if (bundle.length === 0) return tiles;
  const path = entriesPath(Math.floor(edge.size / TILE_WIDTH), bundle.length);
  return [{ path, bytes: encodeEntries(bundle) }, ...tiles];
};

/** A partial tile is needed by whoever read an earlier checkpoint, until the full one is there (C2SP tlog-tiles). */
export const isSuperseded = (path: string, size: number): boolean => {
  const parsed = parseTilePath(path);
  if (parsed === undefined) return false;
  const [level, index] =
    parsed.kind === 'hashes' ? [parsed.tile.level, parsed.tile.index] : [0, parsed.index];
  return (index + 1) * TILE_WIDTH ** (level + 1) <= size;
};

/** Whoever stood still while another sealed on must not set back what that one published. */
const requireNotAhead = async (blobs: BlobStore, { head }: SealState): Promise<void> => {
  const published = await readPublished(blobs);
  if (published === undefined || published.size <= head.size) return;
  throw new HeadMoved(
    `A log of ${published.size} entries is published, and this sealer stands at ${head.size}.`,
  );
};

/** The checkpoint that mirrors read; undefined before the first. */
export const readPublished = async (blobs: BlobStore): Promise<Checkpoint | undefined> => {
  const bytes = await readObject(blobs, LOG_CHECKPOINT_KEY, { maxBytes: MAX_NOTE_BYTES });
  return bytes && parseCheckpointText(parseNote(Buffer.from(bytes).toString('utf8')).text);
};

/** Partial tiles that an earlier process left behind are for the garbage collector. */
export const publishHead = (blobs: BlobStore) => {
  const partial = new Set<string>();
  return async (state: SealState): Promise<void> => {
    const objects = edgeObjects(state);
    await Promise.all(objects.map(putLogObject(blobs)));
    await requireNotAhead(blobs, state);
    await blobs.replace(LOG_CHECKPOINT_KEY, Buffer.from(state.head.checkpoint));
    for (const { path } of objects) partial.add(path);
    const old = [...partial].filter((path) => isSuperseded(path, state.head.size));
    await Promise.all(old.map((path) => blobs.delete(logTileKey(path))));
    for (const path of old) partial.delete(path);
  };
};
