// Removes garbage, or says by name what it would remove; safe while registries run and publish.
import { parseDigest } from '../../storage/digest.ts';
import { removeFile } from '../../storage/files.ts';
import { blobKey, type ObjectKey, parseBlobKey, parseObjectKey } from '../../storage/object-keys.ts';
import type { Queryable } from '../database/connect.ts';
import { readHead } from '../transparency/log-store.ts';
import { readPublished } from './check/published.ts';
import { findGarbage, type Garbage, type GarbageDeps, uploadNamed } from './garbage.ts';
import { forgetSweeps, lockBlob, noteSweep, unlockBlob } from './gc-store.ts';
import { UpkeepRefused } from './refused.ts';
import { withSealerLock } from './sealer-lock.ts';
import { sweepBlocks } from './unreached-blocks.ts';
import { takeUpload, uploadsBeforeGrace } from './unused-uploads.ts';

export interface GcOptions {
  /** False: only tells; a blob of random bytes is put and deleted all the same, to learn what time the store has. */
  readonly remove: boolean;
}

/**
 * `named`: somebody named the blob meanwhile; `sealing`: a sealer is at work and deals with it itself; `changed`: a version
 * came, or comes in, that may need the block.
 */
export type Fate =
  | 'found'
  | 'removed'
  | 'kept: named meanwhile'
  | 'kept: a registry is sealing'
  | 'kept: bases are changed';

export type Swept = Garbage & { readonly fate: Fate };

/** A publish holds its bytes for minutes at most between storing and committing them. */
const SWEEPS_REMEMBERED_MS = 7 * 24 * 60 * 60 * 1_000;

const keyOf = ({ name }: Garbage): ObjectKey => {
  const key = parseObjectKey(name);
  if (key === undefined) throw new Error(`${name} is no object of ours`);
  return key;
};

/**
 * Why no acknowledged version can lose its bytes, however old the garbage is that it was published over: the statement
 * that commits a version holds the blob's lock together with us, so it comes wholly before or wholly after this sweep.
 * Before: the sweep is not noted, and the blob stays. After: it sees the note of a sweep that it did not know when its
 * bytes were put, commits nothing, and its publisher, who still has the bytes, puts them again. The note stands before
 * the blob goes, so that a crash of ours in between costs one needless put. Put again, the bytes are in the way of the
 * next sweep only if that one has a note of its own, which is higher and refused in turn.
 */
const removeBlob = async (the: GarbageDeps, session: Queryable, key: ObjectKey): Promise<Fate> => {
  const digest = parseBlobKey(key);
  if (digest === undefined) throw new Error(`${key} is no blob`);
  await lockBlob(session, digest);
  const mayGo = await noteSweep(session, digest, the.now());
  if (mayGo) await the.blobs.delete(key);
  if (!(await unlockBlob(session, digest)))
    throw new Error(`the lock on ${key} was lost while it was removed: see "attestry fsck"`);
  return mayGo ? 'removed' : 'kept: named meanwhile';
};

/** A sealer may be about to move the head over what lies beyond it: without its lock nothing there is touched. */
const removeBeyondHead = async (the: GarbageDeps, object: Garbage): Promise<Fate> => {
  const removed = await withSealerLock(the.sql, 0, () => the.blobs.delete(keyOf(object)).then(() => true));
  return removed === true ? 'removed' : 'kept: a registry is sealing';
};

/** The row first: a crash in between leaves bytes that nobody names, which the next sweep takes. */
const removeUpload = async (the: GarbageDeps, session: Queryable, { name }: Garbage): Promise<Fate> => {
  const upload = uploadNamed(name);
  const digest = parseDigest(upload.digest);
  const before = uploadsBeforeGrace(the.now(), the.graceMs);
  if (digest === undefined || !(await takeUpload(the.sql, upload, before))) return 'kept: named meanwhile';
  // Another base, or a pack, may have the same bytes: they stay then.
  await removeBlob(the, session, blobKey(digest));
  return 'removed';
};

const removeOne = async (the: GarbageDeps, session: Queryable, garbage: Garbage): Promise<Fate> => {
  if (garbage.kind === 'blob') return removeBlob(the, session, keyOf(garbage));
  if (garbage.kind === 'unused upload') return removeUpload(the, session, garbage);
  if (garbage.kind === 'object beyond the head') return removeBeyondHead(the, garbage);
  if (garbage.kind === 'staged upload') await removeFile(garbage.name);
  // The full tile is there for good, and a sealer puts no incomplete one below its head.
  else await the.blobs.delete(keyOf(garbage));
  return 'removed';
};

async function* sweptBlocks({ sql }: GarbageDeps, remove: boolean): AsyncGenerator<Swept, void, undefined> {
  for await (const { cid: name, size: bytes, fate } of sweepBlocks(sql, remove)) {
    const kept = fate === 'kept' ? 'kept: bases are changed' : fate;
    yield { kind: 'unreached block', name, bytes, modifiedAt: null, fate: kept };
  }
}

/** A database that was set back names nothing that came later, and all of that would seem to be garbage. */
const requireNewest = async ({ sql, blobs }: GarbageDeps): Promise<void> => {
  // Read first: what is published was committed before.
  const found = (await readPublished(blobs)).checkpoint?.size ?? 0;
  const expected = (await readHead(sql))?.size ?? 0;
  if (found > expected) throw new UpkeepRefused('database_behind', { database: expected, published: found });
};

/**
 * Goes through all garbage and tells of each; removes it where it may.
 * @throws UpkeepRefused database_behind
 */
export const collectGarbage =
  (the: GarbageDeps) =>
  async ({ remove }: GcOptions, tell: (swept: Swept) => void): Promise<void> => {
    await requireNewest(the);
    const reserved = await the.sql.reserve();
    const session = reserved as unknown as Queryable;
    try {
      for await (const garbage of findGarbage(the))
        tell({ ...garbage, fate: remove ? await removeOne(the, session, garbage) : 'found' });
      for await (const swept of sweptBlocks(the, remove)) tell(swept);
      if (remove) await forgetSweeps(the.sql, new Date(the.now().getTime() - SWEEPS_REMEMBERED_MS));
    } finally {
      reserved.release();
    }
  };
