// Files that are whole or absent, whenever the power goes: written aside, synced, and only then given their name.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The errno name of a failed system call; undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** For `.catch`: what is absent is undefined, any other failure stays one. */
export const undefinedIfAbsent = (error: unknown): undefined => {
  if (errnoOf(error) !== 'ENOENT') throw error;
};

/** Makes the names in a directory durable; Windows cannot and need not. */
export const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/** Writes a file that must not exist yet; its bytes are durable when this resolves, its name is not. */
export const writeNewFile = async (path: string, bytes: Uint8Array, mode: number): Promise<void> => {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(bytes);
    // The mode given to `open` is cut by the umask.
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
};

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
