// Small blobs on disk: durable by way of a journal, then plain files like all others.
import { closeSync, fsync, linkSync, open, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { open as openFile, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Digest, digestOf } from './digest.ts';
import type { DurableDirectories } from './durable-directories.ts';
import { diskFailure, errnoOf, removeFile, tempPath, undefinedIfAbsent } from './files.ts';
import { inLanes } from './in-lanes.ts';
import { createJournal } from './journal.ts';
import type { JournalRecord } from './journal-records.ts';
import { replayJournals } from './journal-replay.ts';

export interface SmallBlobs {
  /** Makes the blob durable and gives it a file, in a directory that is there. The bytes must be the digest's. */
  readonly put: (record: JournalRecord) => Promise<'created' | 'exists'>;
  /** When it returns, no journal brings the blob back. */
  readonly forget: (digest: Digest) => Promise<void>;
}

export interface Place {
  readonly pathOf: (digest: Digest) => string;
  /** On the same filesystem as the blobs. */
  readonly temps: string;
  readonly journals: string;
  readonly directories: DurableDirectories;
}

/** Few, because puts wait for the same disk. */
const LANES = 4;

/**
 * Gives a file to every blob that a journal still holds, so that what was acknowledged before a crash is there.
 * @param replay false: leaves the journals that are there, and the files, as they are.
 */
export const openSmallBlobs = async (place: Place, replay: boolean): Promise<SmallBlobs> => {
  const restore = (record: JournalRecord) => restoreFile(place, record);
  if (replay) await replayJournals(place.journals, restore);
  const journal = createJournal({
    folder: place.journals,
    directories: place.directories,
    settle: (digests) => settle(place, digests),
  });
  return {
    put: (record) => journal.commit(record, () => placeFile(place, record)),
    forget: (digest) => replayJournals(place.journals, restore, digest),
  };
};

const create = promisify(open);

/**
 * Making the file may wait until the file system has written down what others synced; after that nothing waits for the
 * disk, and four more trips to the thread pool would cost more than the calls themselves.
 */
const placeFile = async (place: Place, { digest, bytes }: JournalRecord): Promise<'created' | 'exists'> => {
  const [temp, target] = [tempPath(place.temps), place.pathOf(digest)];
  const fd = await create(temp, 'wx').catch(diskFailure('create', temp));
  try {
    writeFileSync(fd, bytes);
    linkSync(temp, target);
    return 'created';
  } catch (error) {
    return errnoOf(error) === 'EEXIST' ? 'exists' : diskFailure('create', target)(error);
  } finally {
    closeSync(fd);
    unlinkSync(temp);
  }
};

const sync = promisify(fsync);

const settle = async ({ pathOf, directories }: Place, digests: readonly Digest[]): Promise<void> => {
  await inLanes(digests, LANES, (digest) => syncFile(pathOf(digest)));
  const folders = new Set(digests.map((digest) => dirname(pathOf(digest))));
  await inLanes([...folders], LANES, directories.sync);
};

const syncFile = async (path: string): Promise<void> => {
  const fd = openIfThere(path);
  if (fd === undefined) return;
  try {
    await sync(fd).catch(diskFailure('sync', path));
  } finally {
    closeSync(fd);
  }
};

const openIfThere = (path: string): number | undefined => {
  try {
    // For writing, because not every system syncs what was opened for reading.
    return openSync(path, 'r+');
  } catch (error) {
    return undefinedIfAbsent('open', path)(error);
  }
};

/** After a power cut a file may stand there empty or torn: only the journal's bytes were ever promised. */
const restoreFile = async (place: Place, { digest, bytes }: JournalRecord): Promise<void> => {
  const target = place.pathOf(digest);
  await place.directories.ensure(dirname(target));
  const found = await readFile(target).catch(undefinedIfAbsent('read', target));
  if (found !== undefined && digestOf(found) === digest) await syncFile(target);
  else await replaceFile(tempPath(place.temps), target, bytes);
  await place.directories.sync(dirname(target));
};

const replaceFile = async (temp: string, target: string, bytes: Uint8Array): Promise<void> => {
  try {
    const file = await openFile(temp, 'wx').catch(diskFailure('create', temp));
    try {
      await file.writeFile(bytes).catch(diskFailure('write', temp));
      await file.sync().catch(diskFailure('sync', temp));
    } finally {
      await file.close();
    }
    await rename(temp, target).catch(diskFailure('replace', target));
  } catch (error) {
    await removeFile(temp);
    throw error;
  }
};
