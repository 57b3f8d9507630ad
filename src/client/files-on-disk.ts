// Files that are whole or absent, whenever the power goes: written aside, synced, and only then given their name.
import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, fsync, open, write, writeSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The errno name of a failed system call; undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** For `.catch`: what is absent is undefined, any other failure stays one. */
export const undefinedIfAbsent = (error: unknown): undefined => {
  if (errnoOf(error) !== 'ENOENT') throw error;
};

/** What may wait for the disk is done beside the thread that asks for it, and what cannot wait is not: handing it over costs more. */
const opened = (path: string, flags: string, mode?: number): Promise<number> =>
  new Promise((resolve, reject) => {
    open(path, flags, mode, (error, file) => (error === null ? resolve(file) : reject(error)));
  });

const synced = (file: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fsync(file, (error) => (error ? reject(error) : resolve()));
  });

const written = (file: number, bytes: Uint8Array, at: number): Promise<number> =>
  new Promise((resolve, reject) => {
    write(file, bytes, at, bytes.length - at, null, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });

/** Makes the names in a directory durable; Windows cannot and need not. */
export const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const directory = await opened(path, 'r');
  try {
    await synced(directory);
  } finally {
    closeSync(directory);
  }
};

/** So little is in the memory of the system at once. */
const AT_ONCE = 256 * 1024;

const fill = async (file: number, bytes: Uint8Array): Promise<void> => {
  const small = bytes.length <= AT_ONCE;
  for (let at = 0; at < bytes.length; )
    at += small ? writeSync(file, bytes, at) : await written(file, bytes, at);
};

/** Descriptors held at once by one who writes many files. */
const OPEN_FILES = 16;

const requireAll = (outcomes: readonly PromiseSettledResult<unknown>[]): void => {
  const failed = outcomes.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/** One after the other is made, since a directory takes one name at a time; the disk is waited for once for all. */
const writeSome = async (
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
  mode: number,
): Promise<void> => {
  const held: number[] = [];
  try {
    for (const [path, bytes] of files) {
      const file = await opened(path, 'wx', mode);
      held.push(file);
      await fill(file, bytes);
      // The mode given to `open` is cut by the umask.
      fchmodSync(file, mode);
    }
    // Each has ended before any is closed: a number that was given back may be another file's.
    requireAll(await Promise.allSettled(held.map(synced)));
  } finally {
    for (const file of held) closeSync(file);
  }
};

/** Writes files that must not exist yet; their bytes are durable when this resolves, their names are not. */
export const writeNewFiles = async (
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
  mode: number,
): Promise<void> => {
  for (let at = 0; at < files.length; at += OPEN_FILES)
    await writeSome(files.slice(at, at + OPEN_FILES), mode);
};

/** The same for one. */
export const writeNewFile = (path: string, bytes: Uint8Array, mode: number): Promise<void> =>
  writeSome([[path, bytes]], mode);

/** Replaces a file, or makes it; readers see the old bytes or the new ones, whole. */
export const replaceFile = async (path: string, bytes: Uint8Array, mode: number): Promise<void> => {
  const aside = join(dirname(path), `.${randomUUID()}.part`);
  try {
    await writeNewFile(aside, bytes, mode);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
};

/** True where it was made, false where a directory was there. */
const makeOne = (path: string, mode: number): Promise<boolean> =>
  mkdir(path, { mode }).then(
    () => true,
    async (error: unknown) => {
      if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
      return false;
    },
  );

/**
 * Makes a directory and those above it; gives the topmost one that was not there before. One by one: where nothing can
 * be made, as below /proc, `mkdir` with `recursive` tries for ever.
 */
export const makeDirectory = async (path: string, mode = 0o755): Promise<string | undefined> => {
  try {
    return (await makeOne(path, mode)) ? path : undefined;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const above = await makeDirectory(dirname(path), mode);
  return (await makeOne(path, mode)) ? (above ?? path) : above;
};
