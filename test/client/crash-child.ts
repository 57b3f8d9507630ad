// Installs in a process of its own that is killed at one of its steps on disk, whichever the parent names.
import callbacks from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

interface Order {
  readonly url: string;
  readonly dir: string;
  readonly request: string;
  readonly statePath: string;
  /** Counted from 1; the process dies just before that step. */
  readonly killAt: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const STEPS = ['open', 'mkdir', 'rename', 'rm', 'rmdir', 'link', 'utimes'] as const;
const HANDLE_STEPS = ['writeFile', 'chmod', 'sync', 'close'] as const;
const PLAIN_STEPS = ['open', 'writeSync', 'fchmodSync', 'fsync', 'closeSync'] as const;
let steps = 0;

type Call = (...args: unknown[]) => unknown;

/** Wraps every named method so that it is a step. */
const countSteps = (target: object, names: readonly string[]): void => {
  const methods = target as Record<string, Call>;
  for (const name of names) {
    const original = methods[name];
    methods[name] = function (this: unknown, ...args: unknown[]) {
      steps += 1;
      if (steps === order.killAt) process.kill(process.pid, 'SIGKILL');
      return original?.apply(this, args);
    };
  }
};

const anyHandle: FileHandle = await fs.open(process.execPath, 'r');
const handles = Object.getPrototypeOf(anyHandle) as object;
await anyHandle.close();
countSteps(handles, HANDLE_STEPS);
countSteps(fs, STEPS);
const { installPacks } = await import('../../src/client/index.ts');
// Only now: whatever loads the modules reads files as well.
countSteps(callbacks, PLAIN_STEPS);
syncBuiltinESMExports();
const { url, dir, request, statePath } = order;
await installPacks({ url, dir, statePath, requests: [request] });
process.stdout.write(String(steps));
