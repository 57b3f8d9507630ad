// Lets one process at a time start or stop the server of a data directory, whoever was killed while at it.
import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { besides, readIfThere, replaceFile, writeNew } from './embedded-files.ts';
import { isAlive, ownMark, type ProcessMark } from './embedded-process.ts';

/*
 * Every turn is a file with the next number, and the highest number is the turn that counts. A turn is over
 * when its file says so or its process is dead. Whoever sees it over makes the next number, which only one
 * can; who made a number from an old view of the folder sees a higher one afterwards and steps back. The
 * highest file is never removed, so numbers never start again, and no lock is ever taken from under a living
 * holder.
 */
const PREFIX = 'lock.';
const OVER = 'over';
const POLL_MS = 40;

const numberOf = (name: string): number => Number(name.slice(PREFIX.length));

const turns = async (folder: string): Promise<readonly number[]> =>
  (await readdir(folder))
    .filter((name) => /^lock\.\d+$/.test(name))
    .map(numberOf)
    .sort((a, b) => a - b);

const pathOf = (folder: string, turn: number): string => join(folder, `${PREFIX}${turn}`);

/** Who holds a turn, as long as it does. */
const holderOf = async (folder: string, turn: number): Promise<ProcessMark | undefined> => {
  const text = (await readIfThere(pathOf(folder, turn))) ?? OVER;
  if (text === OVER) return undefined;
  const mark = JSON.parse(text) as ProcessMark;
  return (await isAlive(mark)) ? mark : undefined;
};

/** Makes a turn with its holder already in it: a link is there as a whole or not at all. */
const make = async (folder: string, turn: number): Promise<boolean> => {
  const draft = besides(pathOf(folder, turn), 'draft');
  await writeNew(draft, JSON.stringify(await ownMark()), 0o644);
  try {
    await link(draft, pathOf(folder, turn));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
};

const tryTurn = async (folder: string, turn: number): Promise<boolean> => {
  if (!(await make(folder, turn))) return false;
  const all = await turns(folder);
  if (all.at(-1) === turn) return true;
  await rm(pathOf(folder, turn), { force: true });
  return false;
};

const takeTurn = async (folder: string, say: (line: string) => void): Promise<number> => {
  for (let told = false; ; ) {
    const last = (await turns(folder)).at(-1) ?? 0;
    const holder = await holderOf(folder, last);
    if (holder === undefined && (await tryTurn(folder, last + 1))) return last + 1;
    if (holder !== undefined && !told) say(`Waiting for process ${holder.pid}, which is at the database.`);
    told ||= holder !== undefined;
    await sleep(POLL_MS);
  }
};

const removeBefore = async (folder: string, turn: number): Promise<void> => {
  const old = (await turns(folder)).filter((each) => each < turn);
  await Promise.all(old.map((each) => rm(pathOf(folder, each), { force: true })));
};

/** Runs `work` while no other holder of this folder's lock runs; waits as long as the holder lives. */
export const withLock = async <T>(
  folder: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> => {
  const turn = await takeTurn(folder, say);
  try {
    await removeBefore(folder, turn);
    return await work();
  } finally {
    await replaceFile(pathOf(folder, turn), OVER);
  }
};
