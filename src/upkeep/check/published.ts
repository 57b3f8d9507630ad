// Checks what mirrors read: the published checkpoint, the edge below it, and what stands beyond the head.
import { equalBytes } from '../../../keys/bytes.ts';
import type { Root } from '../../../keys/root.ts';
import { type BlobStore, readObject } from '../../../storage/blob-store.ts';
import { StorageError } from '../../../storage/errors.ts';
import { LOG_CHECKPOINT_KEY, LOG_PREFIX } from '../../../storage/object-keys.ts';
import { type Checkpoint, parseCheckpointText } from '../../protocol/checkpoint.ts';
import { type Edge, edgeRoot, partialTiles } from '../../protocol/growing-tree.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { parseNote } from '../../protocol/signed-note.ts';
import { encodeEntries, parseTilePath, TILE_WIDTH, type TilePath, tilePath } from '../../protocol/tiles.ts';
import { isSuperseded } from '../../transparency/publish-head.ts';
import { MAX_BATCH } from '../../transparency/seal.ts';
import type { RightEdge } from '../log-objects.ts';
import type { Report } from '../report.ts';
import { openedBy } from './rows.ts';
import { readLogObject } from './tiles.ts';

/** The checkpoint object of a blob store, as far as it can be read. */
export interface Published {
  readonly note: string | undefined;
  /** Undefined where there is none or it is none. */
  readonly checkpoint: Checkpoint | undefined;
}

const MAX_CHECKPOINT_BYTES = 64 * 1024;

const textIn = async (blobs: BlobStore): Promise<string | undefined> => {
  try {
    const bytes = await readObject(blobs, LOG_CHECKPOINT_KEY, { maxBytes: MAX_CHECKPOINT_BYTES });
    return bytes && Buffer.from(bytes).toString('utf8');
  } catch (error) {
    if (error instanceof StorageError && error.code === 'too_large') return '';
    throw error;
  }
};

/** Undefined where the text is no checkpoint; who signed it is asked elsewhere. */
export const checkpointIn = (note: string): Checkpoint | undefined => {
  try {
    return parseCheckpointText(parseNote(note).text);
  } catch (error) {
    if (error instanceof LogError) return undefined;
    throw error;
  }
};

export const readPublished = async (blobs: BlobStore): Promise<Published> => {
  const note = await textIn(blobs);
  return { note, checkpoint: note === undefined ? undefined : checkpointIn(note) };
};

export interface PublishedDeps {
  readonly blobs: BlobStore;
  readonly report: Report;
  readonly roots: readonly Root[];
}

/**
 * Whether the published checkpoint is a beginning of the log in the database.
 * @param edgeThere the tree of the database at the published size; undefined where that cannot be told
 */
export const checkPublished = (
  the: PublishedDeps,
  found: Published,
  size: number,
  edgeThere: Edge | undefined,
): undefined => {
  const { report, roots } = the;
  const { note, checkpoint } = found;
  if (note === undefined) return report.add('published_missing', LOG_CHECKPOINT_KEY);
  if (checkpoint === undefined) return report.add('published_unreadable', LOG_CHECKPOINT_KEY);
  const evidence = { expected: size, found: checkpoint.size };
  const isOurs = openedBy(roots, note) !== undefined;
  if (!isOurs) return report.add('published_foreign', LOG_CHECKPOINT_KEY, evidence);
  if (checkpoint.size > size) return report.add('log_ahead', LOG_CHECKPOINT_KEY, evidence);
  if (edgeThere !== undefined && !equalBytes(edgeRoot(edgeThere), checkpoint.root))
    report.add('published_fork', LOG_CHECKPOINT_KEY, evidence);
};

/** The incomplete tiles that readers of the published checkpoint ask the blob store for. */
export const checkPartials = async ({ blobs, report }: PublishedDeps, edge: Edge): Promise<void> => {
  for (const { tile } of partialTiles(edge)) {
    const path = tilePath(tile);
    if ((await readLogObject(blobs, path)) !== undefined) continue;
    const full = tilePath({ ...tile, width: TILE_WIDTH });
    // A registry that runs may have filled and replaced it meanwhile.
    if ((await readLogObject(blobs, full)) === undefined) report.add('partial_missing', path);
  }
};

/** How an object of the log stands to a log of `size` leaves. */
export type Standing = 'covered' | 'superseded' | 'left by a crash' | 'of a larger log';

const sizeNeeded = (path: TilePath): number => {
  const { level, index, width } = path.kind === 'hashes' ? path.tile : { ...path, level: 0 };
  return (index * TILE_WIDTH + width) * TILE_WIDTH ** level;
};

const isFull = (path: TilePath): boolean =>
  (path.kind === 'hashes' ? path.tile.width : path.width) === TILE_WIDTH;

/**
 * A sealer puts full objects right before it moves the head by one batch, and partial ones only afterwards: whatever
 * else lies beyond the head belongs to a log that was larger.
 */
export const standingOf = (
  { path, parsed }: Pick<ListedObject, 'path' | 'parsed'>,
  size: number,
): Standing => {
  const needed = sizeNeeded(parsed);
  if (needed <= size) return !isFull(parsed) && isSuperseded(path, size) ? 'superseded' : 'covered';
  return isFull(parsed) && needed <= size + MAX_BATCH ? 'left by a crash' : 'of a larger log';
};

/** The bytes that an incomplete object must have, as a beginning of what is there now. */
export const partialBytes = (path: TilePath, { edge, bundle }: RightEdge): Uint8Array => {
  if (path.kind === 'entries') return encodeEntries(bundle.slice(0, path.width));
  const { level, width } = path.tile;
  return Buffer.concat((edge.levels[level] ?? []).slice(0, width));
};

export interface ListedObject {
  readonly path: string;
  readonly parsed: TilePath;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Every tile and bundle there is, full or not. */
export async function* listLogObjects(blobs: BlobStore): AsyncGenerator<ListedObject, void, undefined> {
  for await (const { key, size, modifiedAt } of blobs.list(LOG_PREFIX)) {
    const path = key.slice(LOG_PREFIX.length);
    const parsed = parseTilePath(path);
    if (parsed !== undefined) yield { path, parsed, size, modifiedAt };
  }
}
