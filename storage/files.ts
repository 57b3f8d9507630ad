// Plain files in chunks, and temporary files that a crash may leave and a sweep may take.
import { randomUUID } from 'node:crypto';
import { openSync } from 'node:fs';
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from './errors.ts';

const READ_BYTES = 256 * 1024;
const TEMP_NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** A fresh name of a form that only our own temporary files have. */
export const tempPath = (directory: string): string => join(directory, `${randomUUID()}.part`);

/** The errno name of a failed system call; undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** For `.catch`: turns a failed system call into `store_unavailable`, saying which call and why. */
export const diskFailure =
  (operation: string, path: string) =>
  (cause: unknown): never => {
    const evidence = { operation, path, errno: errnoOf(cause) };
    throw storageError('store_unavailable', evidence, `Could not ${operation} ${path}.`, cause);
  };

/** For `.catch`: what is absent is undefined; any other failure is `store_unavailable`. */
export const undefinedIfAbsent =
  (operation: string, path: string) =>
  (cause: unknown): undefined =>
    errnoOf(cause) === 'ENOENT' ? undefined : diskFailure(operation, path)(cause);

/** Opens a file that must not be there yet, without leaving the turn of the event loop. */
export const openNew = (path: string): number => {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    return diskFailure('create', path)(error);
  }
};

/** The bytes from `start` to `end`, both included. The file is open only while somebody iterates. */
export async function* readChunks(
  path: string,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, 'r').catch(diskFailure('read', path));
  try {
    for (let at = start; at <= end; ) {
      const room = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at + 1));
      const { bytesRead } = await file.read(room, 0, room.length, at).catch(diskFailure('read', path));
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Writes chunks at the file's position. Errors of the source pass untouched. */
export const writeChunks = async (
  file: FileHandle,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> => {
  for await (const chunk of chunks) await file.writeFile(chunk).catch(diskFailure('write', path));
};

/** Removes a file; succeeds when there is none. Tells whether there was one. */
export const removeFile = async (path: string): Promise<boolean> => {
  const removed = await unlink(path)
    .then(() => true)
    .catch(undefinedIfAbsent('remove', path));
  return removed === true;
};

/** A temporary file of ours. */
export interface TempFile {
  readonly path: string;
  readonly size: number;
  readonly changedAt: Date;
}

/** Our temporary files untouched since `before` (ms since 1970); other files are none of them. */
export const oldTemps = async (directory: string, before: number): Promise<readonly TempFile[]> => {
  const names = (await readdir(directory).catch(undefinedIfAbsent('list', directory))) ?? [];
  const old: TempFile[] = [];
  for (const name of names.filter((each) => TEMP_NAME.test(each))) {
    const path = join(directory, name);
    const found = await stat(path).catch(undefinedIfAbsent('inspect', path));
    // The change time, not the modification time: hard-linking an old file makes a young temporary one.
    if (found && found.ctimeMs < before) old.push({ path, size: found.size, changedAt: found.ctime });
  }
  return old;
};

/** Removes our temporary files untouched since `before` (ms since 1970); tells how many. Other files stay. */
export const sweepTemps = async (directory: string, before: number): Promise<number> => {
  let swept = 0;
  for (const { path } of await oldTemps(directory, before)) if (await removeFile(path)) swept += 1;
  return swept;
};
