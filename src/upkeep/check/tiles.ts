// Compares the tiles, bundles and inner hashes of a log with what its rows make; finds the rows that were changed.
import { equalBytes } from '../../../keys/bytes.ts';
import { type BlobStore, readObject } from '../../../storage/blob-store.ts';
import { StorageError } from '../../../storage/errors.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { logTileKey } from '../../../storage/object-keys.ts';
import type { Tx } from '../../database/connect.ts';
import { HASH_BYTES, hashLeaf } from '../../protocol/merkle.ts';
import { TILE_WIDTH, tilePath } from '../../protocol/tiles.ts';
import type { LogObject } from '../../transparency/log-tiles.ts';
import { type LogStep, logSteps } from '../log-objects.ts';
import type { Report } from '../report.ts';
import { leavesIn, type SubtreeRow, straySubtrees, subtreesAt } from '../upkeep-store.ts';

export interface TilesDeps {
  readonly tx: Tx;
  readonly blobs: BlobStore;
  readonly report: Report;
  readonly progress: (done: number, total: number) => void;
}

/** Steps whose objects are read at once. */
const STEPS_AT_ONCE = 4;
/** A bundle of the largest leaves. */
const MAX_OBJECT_BYTES = 32 * 1024 * 1024;

/** An object of the log; undefined where it is not there, no bytes where it is larger than any can be. */
export const readLogObject = async (blobs: BlobStore, path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readObject(blobs, logTileKey(path), { maxBytes: MAX_OBJECT_BYTES });
  } catch (error) {
    if (error instanceof StorageError && error.code === 'too_large') return new Uint8Array();
    throw error;
  }
};

const compareObject = async ({ blobs, report }: TilesDeps, { path, bytes }: LogObject): Promise<void> => {
  const found = await readLogObject(blobs, path);
  const kind = path.startsWith('tile/entries/') ? 'bundle' : 'tile';
  if (found === undefined) report.add(`${kind}_missing`, path);
  else if (!equalBytes(found, bytes)) report.add(`${kind}_differs`, path);
};

const compareSubtrees = async ({ tx, report }: TilesDeps, expected: readonly SubtreeRow[]): Promise<void> => {
  for (const { level, position, hash } of expected) {
    const [found] = await subtreesAt(tx, level, position, position + 1);
    if (found === undefined || !equalBytes(found.hash, hash))
      report.add('subtree_differs', `level ${level}, number ${position}`);
  }
};

const compareStep = async (the: TilesDeps, step: LogStep): Promise<void> => {
  await compareSubtrees(the, step.subtrees);
  await Promise.all(step.objects.map((object) => compareObject(the, object)));
};

/** For a log whose rows make its signed head. */
export const checkTiles = async (the: TilesDeps, size: number): Promise<void> => {
  let done = 0;
  await inLanes(logSteps(the.tx, size), STEPS_AT_ONCE, async (step) => {
    await compareStep(the, step);
    done = Math.max(done, step.edge.size);
    the.progress(done, size);
  });
  for (const { level, position } of await straySubtrees(the.tx, size))
    the.report.add('subtree_stray', `level ${level}, number ${position}`);
};

/** For a log whose rows do not: which of them are not what the tiles, whose head was signed, hold at their place. */
export const locateDamage = async (
  { tx, blobs, report, progress }: TilesDeps,
  size: number,
): Promise<void> => {
  for (let start = 0; start + TILE_WIDTH <= size; start += TILE_WIDTH) {
    const path = tilePath({ level: 0, index: start / TILE_WIDTH, width: TILE_WIDTH });
    const tile = await readLogObject(blobs, path);
    progress(start, size);
    if (tile?.length !== TILE_WIDTH * HASH_BYTES) continue;
    for (const row of await leavesIn(tx, start, start + TILE_WIDTH)) {
      const at = (row.position - start) * HASH_BYTES;
      if (row.leaf !== null && !equalBytes(hashLeaf(row.leaf), tile.subarray(at, at + HASH_BYTES)))
        report.add('leaf_differs', String(row.position), { found: row.event_id });
    }
  }
};
