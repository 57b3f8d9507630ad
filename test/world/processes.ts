// Starts registries in processes of their own, on one database and one blob store.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OwnDatabase, ownDatabase } from './database.ts';
import { caller, countStored, type Stored } from './registry.ts';
import { ROOT } from './source.ts';

export const CRASH_STEPS = [
  'authenticate',
  'receive',
  'look up the key',
  'store the blob',
  'commit',
  'announce',
] as const;

/** Steps of sealing; a process dies there only after `arm`, since it seals from its first moment on. */
export const SEAL_STEPS = ['nextUnsealed', 'putObject', 'sign', 'moveHead', 'announce', 'publish'] as const;

export interface CrashPoint {
  readonly step: (typeof CRASH_STEPS)[number] | (typeof SEAL_STEPS)[number];
  readonly flavour: 'not done' | 'done but unreported';
}

export interface RegistryProcess {
  readonly url: string;
  readonly process: ChildProcess;
  readonly call: ReturnType<typeof caller>;
  /** From now on it dies at its crash point. */
  arm(): void;
  /** Resolves when the process is gone, however it went. */
  gone(): Promise<void>;
}

export interface Ground {
  readonly database: OwnDatabase;
  readonly dataDir: string;
  start(crash?: CrashPoint): Promise<RegistryProcess>;
  stored(): Promise<Stored>;
  clear(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('./child-registry.ts', import.meta.url));

const firstLine = async (child: ChildProcess): Promise<string> => {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) return text.split('\n', 1)[0] ?? '';
  }
  throw new Error('the registry ended before it listened');
};

const start = async (dataDir: string, databaseUrl: string, crash?: CrashPoint): Promise<RegistryProcess> => {
  const settings = JSON.stringify({ dataDir, databaseUrl, crash });
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, settings], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await firstLine(child);
  child.stdout?.resume();
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const exited =
    child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();
  return {
    url,
    process: child,
    call: caller(url, token),
    arm: () => void child.kill('SIGUSR2'),
    gone: async () => void (await exited),
  };
};

/** An empty database and an empty disk that any number of processes may share. */
export const ground = async (): Promise<Ground> => {
  const database = await ownDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'attestry-ground-'));
  const children: RegistryProcess[] = [];
  return {
    database,
    dataDir,
    start: async (crash) => {
      const child = await start(dataDir, database.url, crash);
      children.push(child);
      return child;
    },
    stored: () => countStored(database.sql, dataDir),
    clear: async () => {
      for (const child of children) child.process.kill('SIGKILL');
      await Promise.all(children.map((child) => child.gone()));
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
