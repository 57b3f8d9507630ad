// Takes journals over, whoever wrote them: gives every blob they hold a durable file, and removes them.
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from './digest.ts';
import { diskFailure, removeFile, undefinedIfAbsent } from './files.ts';
import { inLanes } from './in-lanes.ts';
import { type JournalRecord, readRecords } from './journal-records.ts';

export const JOURNAL_ENDING = '.journal';
const TAKEN_ENDING = '.taken';
const LANES = 8;

/** Gives a blob a file with exactly these bytes, whatever stood there, and makes it durable; may be repeated. */
type Restore = (record: JournalRecord) => Promise<void>;

/**
 * When it returns, no journal in the folder holds `digest`; without one, none of those there at the time of the call
 * holds anything. A journal may be taken from a process that lives: that one sees it gone before it acknowledges
 * what it wrote there, and begins another. Several may do this at once, and any of them may die at any point.
 */
export const replayJournals = async (folder: string, restore: Restore, digest?: Digest): Promise<void> => {
  const names = (await readdir(folder).catch(undefinedIfAbsent('list', folder))) ?? [];
  let vanished = false;
  for (const name of names.filter(isJournal)) {
    const path = join(folder, name);
    if (digest !== undefined && !(await holds(path, digest))) continue;
    const taken = await take(path);
    if (taken === undefined || !(await replay(taken, restore))) vanished = true;
  }
  // Someone else has taken it over, and may have got as far as its new name only.
  if (vanished) await replayJournals(folder, restore, digest);
};

const isJournal = (name: string): boolean => name.endsWith(JOURNAL_ENDING) || name.endsWith(TAKEN_ENDING);

const read = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch(undefinedIfAbsent('read', path));

/** What it holds no more is gone from the disk too, not only from what this machine remembers of the file. */
const readSynced = async (path: string): Promise<Buffer | undefined> => {
  const file = await open(path, 'r+').catch(undefinedIfAbsent('open', path));
  if (file === undefined) return undefined;
  try {
    await file.datasync().catch(diskFailure('sync', path));
    return await file.readFile().catch(diskFailure('read', path));
  } finally {
    await file.close();
  }
};

const holds = async (path: string, digest: Digest): Promise<boolean> => {
  const bytes = await readSynced(path);
  if (bytes === undefined) return true;
  for (const record of readRecords(bytes)) if (record.digest === digest) return true;
  return false;
};

const take = async (path: string): Promise<string | undefined> => {
  if (path.endsWith(TAKEN_ENDING)) return path;
  const taken = path.slice(0, -JOURNAL_ENDING.length) + TAKEN_ENDING;
  const renamed = await rename(path, taken).then(() => true, undefinedIfAbsent('take over', path));
  return renamed === undefined ? undefined : taken;
};

const replay = async (path: string, restore: Restore): Promise<boolean> => {
  const bytes = await read(path);
  if (bytes === undefined) return false;
  await inLanes([...readRecords(bytes)], LANES, restore);
  await removeFile(path);
  return true;
};
