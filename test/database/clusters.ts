// Data directories, programs and breakage for the tests of the embedded database.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/database/embedded.ts';
import type { Account } from '../../src/database/embedded-process.ts';
import { runningServer } from '../../src/database/embedded-server.ts';
import { ROOT, TYPESCRIPT } from '../world/source.ts';
import { scratchFolder } from './scratch.ts';

export const AS_ROOT = process.getuid?.() === 0;

/** A folder of one test, open to the server's account; whatever server is left in it ends with the test. */
export const ownFolder = async (): Promise<string> => {
  const folder = await scratchFolder('attestry-cluster-');
  onTestFinished(async () => {
    const left = await runningServer(join(folder, 'data', 'cluster'));
    if (left !== undefined) process.kill(left.pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return folder;
};

export const dataIn = (folder: string): string => join(folder, 'data');

/** Starts a server in `folder/data` that would go to `folder/elsewhere`. */
export const startIn = (folder: string, options: Partial<EmbeddedOptions> = {}): Promise<Embedded> =>
  startEmbedded({ dataDir: dataIn(folder), elsewhere: join(folder, 'elsewhere'), fsync: false, ...options });

export const serverPid = async (cluster: string): Promise<number> =>
  Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);

export const using = async <T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
  const sql = connect({ url, max: 2 });
  return work(sql).finally(() => closeConnection(sql));
};

export const until = async (fact: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await fact())) await sleep(10);
};

/** A program of its own, as somebody else would start it on the same data directory. */
export interface Program {
  readonly process: ChildProcess;
  /** The next fact it tells; undefined when it ended instead. */
  next(): Promise<Record<string, unknown> | undefined>;
  kill(): Promise<void>;
  end(): Promise<void>;
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

/**
 * Starts `program.ts` in a process group of its own, so that a test can signal it as a terminal would; only
 * root can start it under another account.
 */
export const startProgram = (folder: string, account: Account | undefined = undefined): Program => {
  const script = join(ROOT, 'test', 'database', 'program.ts');
  const args = [...TYPESCRIPT, script, dataIn(folder), join(folder, 'elsewhere')];
  const place = { cwd: ROOT, detached: true, ...account };
  const child = spawn(process.execPath, args, { ...place, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Record<string, unknown>);
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await ended(child);
  };
  const end = async () => {
    child.stdin.write('end\n');
    await ended(child);
  };
  onTestFinished(kill);
  return { process: child, next, kill, end };
};
