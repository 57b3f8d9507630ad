// Copies what a backup needs of the blob store; tiles are made from the rows, so that no damaged one gets into it.
import { equalBytes } from '../../../keys/bytes.ts';
import {
  type BlobSource,
  type BlobStore,
  bytesSource,
  streamBlob,
  verifiedSource,
} from '../../../storage/blob-store.ts';
import { type Digest, digestOf, parseDigest } from '../../../storage/digest.ts';
import { StorageError } from '../../../storage/errors.ts';
import { blobKey, logTileKey, type ObjectKey } from '../../../storage/object-keys.ts';
import type { Tx } from '../../database/connect.ts';
import { EMPTY_EDGE, edgeRoot } from '../../protocol/growing-tree.ts';
import { EMPTY_ROOT } from '../../protocol/merkle.ts';
import type { LogObject } from '../../transparency/log-tiles.ts';
import { edgeObjects } from '../../transparency/publish-head.ts';
import { readLogObject } from '../check/tiles.ts';
import { logSteps, type RightEdge } from '../log-objects.ts';
import { inBatches } from '../pages.ts';
import { type NamedBlob, namedBlobs } from './backup-store.ts';

export interface CopyDeps {
  readonly tx: Tx;
  readonly blobs: BlobStore;
  /** The blob store of the backup. */
  readonly target: BlobStore;
  /** Whether anybody still holds these bytes, in hex. */
  readonly isHeld: (digest: string) => Promise<boolean>;
}

/** What this moment of the registry names was erased, or taken as garbage, since: another moment has to be backed up. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
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
  { tx, target }: Pick<CopyDeps, 'tx' | 'target'>,
  size: number,
): AsyncGenerator<readonly string[], Uint8Array, undefined> {
  let last: RightEdge = { edge: EMPTY_EDGE, bundle: [] };
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

/** A copy of another size is none. It goes only after the blob has shown that it can take its place. */
const dropCopy = async (target: BlobStore, key: ObjectKey, blob: BlobSource): Promise<void> => {
  for await (const _ of verifiedSource(key, blob));
  await target.delete(key);
};

/**
 * Hashed on the way, so that a corrupt blob ends the backup; of a copy that is there already only the size is asked for.
 * @throws StorageError blob_missing, blob_corrupt, source_mismatch
 */
const copyBlob = async ({ blobs, target }: CopyDeps, digest: Digest, size: number): Promise<string> => {
  const key = blobKey(digest);
  const blob = { size, digest, read: () => streamBlob(blobs, digest) };
  const found = await target.head(key);
  if (found !== undefined && found.size !== size) await dropCopy(target, key, blob);
  if (found?.size !== size) await target.put(key, blob);
  return objectLine(key, size, digest);
};

const BLOBS_AT_ONCE = 4;

const copyNamed = async (the: CopyDeps, named: NamedBlob): Promise<string> => {
  const digest = parseDigest(named.digest);
  if (digest === undefined) throw new Error('a stored digest is not one');
  try {
    return await copyBlob(the, digest, named.size);
  } catch (error) {
    const isGone = error instanceof StorageError && error.code === 'blob_missing';
    if (isGone && !(await the.isHeld(digest))) throw new Overtaken();
    throw error;
  }
};

/**
 * Copies every tarball that a version names, and every document that a base holds; the lines of them. A
 * version may be unpublished meanwhile, and a document erased; nothing else is taken by a sweep.
 * @throws Overtaken
 */
export async function* copyBlobs(the: CopyDeps): AsyncGenerator<readonly string[], void, undefined> {
  for await (const some of inBatches(namedBlobs(the.tx), BLOBS_AT_ONCE))
    yield await Promise.all(some.map((each) => copyNamed(the, each)));
}
