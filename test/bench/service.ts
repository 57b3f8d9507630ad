// The registry under measurement, in a process of its own and as it runs in earnest.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accountWith, createPublisher, delegate, type Publisher } from '../world/publisher.ts';
import { caller } from '../world/registry.ts';
import { ROOT, TYPESCRIPT } from '../world/source.ts';

export interface Service {
  readonly url: string;
  /** Of an account of its own. */
  readonly token: string;
  /** May do everything, and has no share to keep to. */
  readonly operatorToken: string;
  readonly pid: number;
  readonly publisher: Publisher;
  readonly call: ReturnType<typeof caller>;
  stop(): Promise<void>;
}

export interface Bench {
  readonly service: Service;
  readonly databaseUrl: string;
  /** On the disk that is measured; removed at the end. */
  readonly folder: string;
  readonly rounds: number;
  readonly milliseconds: number;
  /** How many packs a large registry has. */
  readonly packs: number;
}

/** As a registry has it that nothing else is told. */
const FRESHNESS_CHECK_MS = 1_000;

/** Starts a script of the bench and waits for the address it prints. */
export const startScript = async (
  script: string,
  argument: string,
): Promise<{ url: string; child: ChildProcess }> => {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...TYPESCRIPT, path, argument], {
    // As the launcher has it.
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await once(child.stdout, 'data');
  return { url: String(first).trim(), child };
};

export const startService = async (dataDir: string, databaseUrl: string): Promise<Service> => {
  await mkdir(dataDir, { recursive: true });
  const { url, child } = await startScript(
    '../world/child-registry.ts',
    JSON.stringify({ dataDir, databaseUrl, freshnessCheckMs: FRESHNESS_CHECK_MS }),
  );
  const operatorToken = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const operator = caller(url, operatorToken);
  const token = await accountWith(operator, 'bench', ['packs:publish', 'namespaces:claim', 'keys:manage']);
  const call = caller(url, token);
  await call('POST', '/access/namespaces', { body: { namespace: 'vendor.bench' } });
  const publisher = createPublisher('bench-1');
  await delegate(call, publisher, ['vendor.bench.*']);
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, token, operatorToken, pid: child.pid ?? 0, publisher, call, stop };
};
