// Files that are written beside their place: known while they are there, so that whoever is stopped leaves none of them.
import { rmSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, syncDirectory } from './files-on-disk.ts';

const begun = new Set<string>();

/** What is left of another process and was not touched for so long is nobody's any more. */
const ABANDONED_MS = 60_000;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
};

/** Of `packs.bundle.4711.part` and `packs.bundle.4711.documents.part` that number, for that very target. */
const processOf = (target: string, name: string): number | undefined => {
  const [stem, end] = [`${basename(target)}.`, '.part'];
  if (!name.startsWith(stem) || !name.endsWith(end)) return undefined;
  const [pid = ''] = name.slice(stem.length, -end.length).split('.', 1);
  return /^[1-9]\d{0,9}$/.test(pid) ? Number(pid) : undefined;
};

/** Takes away what processes left of that target that were killed; on another machine a number says nothing, but time does. */
export const sweepParts = async (target: string): Promise<void> => {
  const folder = dirname(resolve(target));
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = processOf(target, name);
    const path = join(folder, name);
    if (pid === undefined || begun.has(path) || (pid !== process.pid && isRunning(pid))) continue;
    const touched = await stat(path).catch(() => undefined);
    const isOld = touched !== undefined && Date.now() - touched.mtimeMs > ABANDONED_MS;
    // In a container many have the number that this process has, one after the other.
    if (isOld || pid === process.pid) await rm(path, { force: true, recursive: true });
  }
};

/** Where to write what belongs at `target`: beside it, so that there is room for both or for neither. */
export const partOf = (target: string, kind = ''): string => {
  const path = resolve(`${target}.${process.pid}${kind === '' ? '' : `.${kind}`}.part`);
  begun.add(path);
  return path;
};

/** It was put in its place, or taken away. */
export const endPart = (part: string): void => void begun.delete(resolve(part));

export const removePart = async (part: string): Promise<void> => {
  await rm(part, { force: true, recursive: true });
  endPart(part);
};

/** At once and without waiting, for a process that is being stopped. */
export const removeAllParts = (): void => {
  for (const path of begun) rmSync(path, { force: true, recursive: true });
  begun.clear();
};

/** Whoever would be refused for what is there already need not wait for the work. @throws EEXIST */
export const requireFree = async (target: string): Promise<void> => {
  await (await open(target, 'wx')).close();
  await rm(target);
  await sweepParts(target);
};

/** Writes a file aside, and gives it its name once it is whole and durable; not where there is something by then. */
export const placeNewFile = async <T>(
  target: string,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  const aside = partOf(target);
  try {
    const file = await open(aside, 'wx', 0o644);
    const written = await write(file)
      .then(async (result) => {
        await file.sync();
        return result;
      })
      .finally(() => file.close());
    await requireFree(target);
    await rename(aside, target);
    await syncDirectory(dirname(resolve(target)));
    return written;
  } finally {
    await removePart(aside);
  }
};
