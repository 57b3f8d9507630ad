// Starts registries in processes of their own, on one database and one blob store.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundled.ts';
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

export const SEAL_STEPS = ['nextUnsealed', 'putObject', 'sign', 'moveHead', 'announce', 'publish'] as const;

export const ACCEPT_STEPS = ['signVersion', 'commitChain', 'announce'] as const;

const STEPS = { publishing: CRASH_STEPS, sealing: SEAL_STEPS, accepting: ACCEPT_STEPS } as const;

export interface CrashPoint {
  readonly work: keyof typeof STEPS;
  readonly step: (typeof STEPS)[keyof typeof STEPS][number];
  readonly flavour: 'not done' | 'done but unreported';
}

export interface RegistryProcess {
  readonly url: string;
  readonly process: ChildProcess;
  readonly call: ReturnType<typeof caller>;
  /** From then on it dies at its crash point. */
  arm(): Promise<void>;
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

const start = async (dataDir: string, databaseUrl: string, crash?: CrashPoint): Promise<RegistryProcess> => {
  const settings = JSON.stringify({ dataDir, databaseUrl, crash });
  const child = spawn(process.execPath, [await bundled(CHILD), settings], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url, done } = await told.next();
  if (done === true) throw new Error('the registry ended before it listened');
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const exited =
    child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();
  return {
    url,
    process: child,
    call: caller(url, token),
    arm: async () => {
      child.kill('SIGUSR2');
      await told.next();
    },
    gone: async () => void (await exited),
  };
};

/** All steps of a work, each in both flavours of a crash. */
export const crashPoints = (work: CrashPoint['work']): readonly CrashPoint[] =>
  STEPS[work].flatMap((step) => [
    { work, step, flavour: 'not done' as const },
    { work, step, flavour: 'done but unreported' as const },
  ]);

/**
 * Processes for a row of crashes: the one that goes on after a crash is the one that dies in the next, since to start
 * one costs more than all else that a crash shows.
 */
export const inTurn = (ground: () => Ground, points: readonly CrashPoint[]) => {
  let waiting: { readonly next: CrashPoint | undefined; readonly registry: RegistryProcess } | undefined;
  const end = async (): Promise<void> => {
    waiting?.registry.process.kill('SIGTERM');
    await waiting?.registry.gone();
    waiting = undefined;
  };
  return {
    doomed: async (point: CrashPoint): Promise<RegistryProcess> => {
      if (waiting?.next === point) return waiting.registry;
      await end();
      return ground().start(point);
    },
    restarted: async (point: CrashPoint): Promise<RegistryProcess> => {
      const next = points[points.indexOf(point) + 1];
      const registry = await ground().start(next);
      waiting = { next, registry };
      return registry;
    },
    /** Ends the one that the last crash left. */
    end,
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
