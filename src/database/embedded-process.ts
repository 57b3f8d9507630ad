// Tells processes apart: which are alive, whether a number still means the same one, which is our Postgres.
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/** One process for all its life; the number alone is given to another process some day. */
export interface ProcessMark {
  readonly pid: number;
  /** Equal for the same process, different for any later one of that number. */
  readonly started: string;
}

/** The account programs are started under; absent means the account of this process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/**
 * What programs of Postgres are started with. Nothing of our environment reaches them, because PG* and locale
 * variables change what they do (Windows cannot start a program without its own), and the working folder is
 * one that every account may stand in.
 */
export const startOptions = (account: Account | undefined) => ({
  cwd: '/',
  ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' } }),
  ...account,
});

const ask = (program: string, args: readonly string[]): Promise<string | undefined> =>
  run(program, args, startOptions(undefined)).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );

const readProc = (path: string): Promise<string | undefined> =>
  readFile(`/proc/${path}`, 'utf8').catch(() => undefined);

/** Ticks since boot count anew after every boot, so the boot is part of the mark. */
const startedOnLinux = async (pid: number): Promise<string | undefined> => {
  const line = await readProc(`${pid}/stat`);
  // The second field is a name that may hold blanks and brackets; the third, the state, follows its last
  // bracket.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ') ?? [];
  if (fields[0] === undefined || 'ZX'.includes(fields[0])) return undefined;
  return `${fields[19]}@${(await readProc('sys/kernel/random/boot_id'))?.trim()}`;
};

const startedOnUnix = async (pid: number): Promise<string | undefined> => {
  const line = await ask('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', `${pid}`]);
  return line === undefined || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
};

const startedOnWindows = (pid: number): string | undefined => {
  try {
    process.kill(pid, 0);
    return 'running';
  } catch {
    return undefined;
  }
};

const startedAt = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') return startedOnLinux(pid);
  return process.platform === 'win32' ? startedOnWindows(pid) : startedOnUnix(pid);
};

/** The mark of a living process; a dead one, also one nobody has buried yet, has none. */
export const markOf = async (pid: number): Promise<ProcessMark | undefined> => {
  const started = await startedAt(pid);
  return started === undefined ? undefined : { pid, started };
};

export const ownMark = async (): Promise<ProcessMark> =>
  (await markOf(process.pid)) ?? { pid: process.pid, started: 'unknown' };

export const isSame = (one: ProcessMark | undefined, other: ProcessMark | undefined): boolean =>
  one !== undefined && one.pid === other?.pid && one.started === other.started;

export const isAlive = async (mark: ProcessMark): Promise<boolean> => isSame(await markOf(mark.pid), mark);

const isServerOnLinux = async (pid: number, cluster: string): Promise<boolean> => {
  const [program = ''] = (await readProc(`${pid}/cmdline`))?.split('\0') ?? [];
  // The server stands in its data directory, and the kernel knows that folder even when it was moved since.
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return basename(program) === 'postgres' && folder === cluster;
};

/** Whether a process is the Postgres server of this very data directory, whose path has no links in it. */
export const isServerOf = async (pid: number, cluster: string): Promise<boolean> => {
  if (process.platform === 'linux') return isServerOnLinux(pid, cluster);
  if (process.platform === 'win32')
    // Which folder it serves shows when it takes the cluster's own password.
    return /postgres/i.test((await ask('tasklist', ['/FI', `PID eq ${pid}`, '/NH'])) ?? '');
  const command = (await ask('ps', ['-ww', '-o', 'command=', '-p', `${pid}`])) ?? '';
  return command.includes('postgres') && command.includes(` -D ${cluster} `);
};
