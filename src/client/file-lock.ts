// One process at a time, told apart by a file that its holder keeps fresh and that outlives no holder for long.
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf, undefinedIfAbsent } from './files-on-disk.ts';

const RETRY_MS = 50;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine that has not shown itself for so long is gone. */
const SILENT_MS = 60_000;
/** Between making the file and writing who made it lies an instant; longer means that the maker died there. */
const UNSIGNED_MS = 2_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells this holding from any other of the same process. */
  readonly token: string;
}

/** Somebody else held the lock for longer than one wanted to wait. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is held`);
    this.holder = holder;
  }
}

const holderOf = (mark: string): Holder | undefined => {
  try {
    return JSON.parse(mark) as Holder;
  } catch {
    return undefined;
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
};

const isAbandoned = (mark: string, silentMs: number): boolean => {
  const holder = holderOf(mark);
  if (holder === undefined) return silentMs > UNSIGNED_MS;
  if (holder.host === hostname() && !isRunning(holder.pid)) return true;
  return silentMs > SILENT_MS;
};

const tryToMake = async (path: string, mark: string): Promise<boolean> => {
  const file = await open(path, 'wx').catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(mark);
  } finally {
    await file.close();
  }
  return true;
};

/** Two may find the same lock abandoned: whoever carries off a living one by mistake puts it back. */
const takeAway = async (path: string, abandoned: string): Promise<void> => {
  const aside = `${path}-${randomUUID()}`;
  await rename(path, aside).catch(undefinedIfAbsent);
  const taken = await readFile(aside, 'utf8').catch(undefinedIfAbsent);
  if (taken === undefined) return;
  if (taken !== abandoned) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
};

const look = async (
  path: string,
): Promise<{ readonly mark: string; readonly silentMs: number } | undefined> => {
  const found = await stat(path).catch(undefinedIfAbsent);
  const mark = await readFile(path, 'utf8').catch(undefinedIfAbsent);
  if (found === undefined || mark === undefined) return undefined;
  return { mark, silentMs: Date.now() - found.mtimeMs };
};

const acquire = async (path: string, mark: string, waitMs: number): Promise<void> => {
  const until = Date.now() + waitMs;
  while (!(await tryToMake(path, mark))) {
    const found = await look(path);
    if (found === undefined) continue;
    if (isAbandoned(found.mark, found.silentMs)) await takeAway(path, found.mark);
    else if (Date.now() >= until) throw new LockHeld(path, found.mark);
    else await pause(RETRY_MS);
  }
};

const release = async (path: string, mark: string): Promise<void> => {
  const found = await readFile(path, 'utf8').catch(undefinedIfAbsent);
  if (found === mark) await rm(path, { force: true });
};

/**
 * Does `work` while no other process holds the lock of that path. The directory must exist.
 * @throws LockHeld after `waitMs` milliseconds
 */
export const withFileLock = async <T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> => {
  const mark = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() } satisfies Holder);
  await acquire(path, mark, waitMs);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    // What the work came to counts: a lock that will not go is taken over once it has been silent for long enough.
    await release(path, mark).catch(() => undefined);
  }
};
