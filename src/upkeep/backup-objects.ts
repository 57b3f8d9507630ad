// Copies what a backup needs of the blob store; tiles are made from the rows, so that no damaged one gets into it.
import { equalBytes } from '../../keys/bytes.ts';
import { type BlobStore, bytesSource, streamBlob } from '../../storage/blob-store.ts';
import { type Digest, digestOf, parseDigest } from '../../storage/digest.ts';
import { blobKey, logTileKey } from '../../storage/object-keys.ts';
import type { Tx } from '../database/connect.ts';
import { EMPTY_EDGE, edgeRoot } from '../protocol/growing-tree.ts';
import { EMPTY_ROOT } from '../protocol/merkle.ts';
import type { LogObject } from '../transparency/log-tiles.ts';
import { edgeObjects } from '../transparency/publish-head.ts';
import { tarballsAfter } from './backup-store.ts';
import { readLogObject } from './check-tiles.ts';
import { type LogStep, logSteps } from './log-objects.ts';

export interface CopyDeps {
  readonly tx: Tx;
  readonly blobs: BlobStore;
  /** The blob store of the backup. */
  readonly target: BlobStore;
}

/** How one line of the list of objects reads. */
export const objectLine = (key: string, size: number, sha256: Digest): string => `${key} ${size} ${sha256}`;

const putTile = async (target: BlobStore, { path, bytes }: LogObject): Promise<string> => {
  const key = logTileKey(path);
  const found = await readLogObject(target, path);
  if (found === undefined) await target.put(key, bytesSource(bytes));
  else if (!equalBytes(found, bytes)) await target.replace(key, bytes);
  return objectLine(key, bytes.length, digestOf(bytes));
};

/** Puts the log of `size` leaves into the backup; the lines of its objects, and at the end the root they make. */
export async function* copyLog(
  { tx, target }: CopyDeps,
  size: number,
): AsyncGenerator<readonly string[], Uint8Array, undefined> {
  let last: Pick<LogStep, 'edge' | 'bundle'> = { edge: EMPTY_EDGE, bundle: [] };
  for await (const step of logSteps(tx, size)) {
    yield await Promise.all(step.objects.map((object) => putTile(target, object)));
    last = step;
  }
  yield await Promise.all(edgeObjects(last).map((object) => putTile(target, object)));
  return edgeRoot(last.edge);
}

/** The root of the log when it had that many leaves. */
export const rootOfRows = async (tx: Tx, size: number): Promise<Uint8Array> => {
  let root = EMPTY_ROOT;
  for await (const { edge } of logSteps(tx, size)) root = edgeRoot(edge);
  return root;
};

/** Hashed on the way, so that a corrupt blob ends the backup. @throws StorageError blob_missing, blob_corrupt */
const copyBlob = async ({ blobs, target }: CopyDeps, digest: Digest, size: number): Promise<string> => {
  const key = blobKey(digest);
  if ((await target.head(key))?.size !== size)
    await target.put(key, { size, digest, read: () => streamBlob(blobs, digest) });
  return objectLine(key, size, digest);
};

const BLOBS_AT_ONCE = 4;

/**
 * Copies every tarball that a version names; the lines of them. They are there: what a version of this snapshot names
 * is named for ever, and no sweep takes it.
 */
export async function* copyBlobs(the: CopyDeps): AsyncGenerator<readonly string[], void, undefined> {
  for (let after = ''; ; ) {
    const page = await tarballsAfter(the.tx, after);
    for (let at = 0; at < page.length; at += BLOBS_AT_ONCE)
      yield await Promise.all(
        page.slice(at, at + BLOBS_AT_ONCE).map(({ digest, size }) => {
          const parsed = parseDigest(digest);
          if (parsed === undefined) throw new Error('a stored digest is not one');
          return copyBlob(the, parsed, size);
        }),
      );
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.digest;
  }
}
