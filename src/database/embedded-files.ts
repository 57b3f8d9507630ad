// Small files that must be whole or absent, whatever moment the process dies at.
import { randomBytes } from 'node:crypto';
import { lstat, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const orUndefined = (error: unknown): undefined => {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
  throw error;
};

export const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(orUndefined);

export const statIfThere = (path: string) => lstat(path).catch(orUndefined);

/** A neighbour of `path` that no other process uses. */
export const besides = (path: string, mark: string): string =>
  `${path}.${mark}-${process.pid}-${randomBytes(4).toString('hex')}`;

/** Makes renames inside `folder` survive a power cut; Windows keeps no handle on folders and needs none. */
export const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
};

/** Writes a new file that is on disk when this returns. */
export const writeNew = async (path: string, text: string, mode: number): Promise<void> => {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Puts `text` at `path`, replacing what was there; a reader sees the old or the new text and nothing between.
 */
export const replaceFile = async (path: string, text: string, mode = 0o644): Promise<void> => {
  const draft = besides(path, 'draft');
  await writeNew(draft, text, mode);
  await rename(draft, path);
  await syncFolder(dirname(path));
};
