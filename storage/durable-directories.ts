// Directories that survive a power cut: a new name is durable only once its directory was synced.
import { closeSync, fsync, openSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { coalesce } from './coalesce.ts';
import { storageError } from './errors.ts';
import { diskFailure, errnoOf } from './files.ts';

export interface DurableDirectories {
  /** Makes a directory at or below the root; when it returns, the whole way down to it is durable. */
  readonly ensure: (directory: string) => Promise<void>;
  /** Makes every name that stands in the directory at the time of the call durable. */
  readonly sync: (directory: string) => Promise<void>;
}

const fsyncFile = promisify(fsync);

/** Windows has no way to sync a directory; NTFS journals its names itself. */
const syncable = process.platform !== 'win32';

const syncNow = async (directory: string): Promise<void> => {
  if (!syncable) return;
  const fd = openSync(directory, 'r');
  try {
    await fsyncFile(fd);
  } finally {
    closeSync(fd);
  }
};

/** @param mode of the directories that are made */
export const durableDirectories = (root: string, mode = 0o777): DurableDirectories => {
  const known = new Map<string, Promise<void>>();
  const shared = coalesce(syncNow);
  const sync = (directory: string) => shared(directory).catch(diskFailure('sync', directory));

  const make = async (directory: string): Promise<void> => {
    if (directory === root) return makeRoot(root, mode, sync);
    await ensure(dirname(directory));
    await mkdir(directory, { mode }).catch((error) => {
      if (errnoOf(error) !== 'EEXIST') diskFailure('create', directory)(error);
    });
    // Also when it existed: whoever made it may not have come this far yet.
    await sync(dirname(directory));
  };

  const ensure = (directory: string): Promise<void> => {
    const made = known.get(directory) ?? make(directory);
    known.set(directory, made);
    made.catch(() => known.delete(directory));
    return made;
  };

  return { ensure, sync };
};

/** A directory and those above it that are not there, the topmost first. */
const missingAbove = async (directory: string): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (let at = directory; dirname(at) !== at; at = dirname(at)) {
    const found = await stat(at).catch((error) => {
      if (errnoOf(error) !== 'ENOENT') diskFailure('create', at)(error);
    });
    if (found?.isDirectory()) break;
    if (found !== undefined)
      throw storageError('store_unavailable', { operation: 'create', path: at }, `${at} is no directory.`);
    missing.unshift(at);
  }
  return missing;
};

/** One by one: where nothing can be made, as below /proc, `mkdir` with `recursive` tries for ever. */
const makeRoot = async (
  root: string,
  mode: number,
  sync: (directory: string) => Promise<void>,
): Promise<void> => {
  for (const directory of await missingAbove(root)) {
    await mkdir(directory, { mode }).catch((error) => {
      if (errnoOf(error) !== 'EEXIST') diskFailure('create', directory)(error);
    });
    await sync(dirname(directory));
  }
};
