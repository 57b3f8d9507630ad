// Keeps processes that have loaded the command line, and has one of them do a command where nothing asks for its own.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './cli.ts';
import type { Order } from './cli-child.ts';
import { ROOT, TYPESCRIPT } from './source.ts';

const CHILD = fileURLToPath(new URL('./cli-child.ts', import.meta.url));

const idle: ChildProcess[] = [];

interface Reference {
  ref(): void;
  unref(): void;
}

/** Only while a command runs does anybody wait for its process. */
const hold = (child: ChildProcess, held: boolean): void => {
  const pieces = [child, child.channel, child.stdout, child.stderr] as unknown as readonly Reference[];
  for (const piece of pieces)
    if (held) piece.ref();
    else piece.unref();
};

/** The launcher sets these too, before anything else is loaded. */
const LAUNCHED = { UV_THREADPOOL_SIZE: '16', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

const start = (): ChildProcess =>
  fork(CHILD, {
    cwd: ROOT,
    env: LAUNCHED,
    execArgv: [...TYPESCRIPT],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });

/** What comes before the mark; all there is where the process ended without it. */
const printed = (stream: Readable, mark: Buffer): Promise<string> =>
  new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const settle = (end: number): void => {
      stream.off('data', take).off('end', stop);
      resolve(bytes.subarray(0, end).toString('utf8'));
    };
    const stop = (): void => settle(bytes.length);
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.subarray(-mark.length).equals(mark)) settle(bytes.length - mark.length);
    };
    stream.on('data', take).on('end', stop);
  });

const codeOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    const settle = (code: unknown): void => {
      child.off('message', settle).off('exit', settle);
      resolve(typeof code === 'number' ? code : -1);
    };
    child.on('message', settle).on('exit', settle);
  });

/** Does a command as a process of its own would, that starts in this folder with this environment. */
export const runServed = async (given: Omit<Order, 'mark'>): Promise<Outcome> => {
  const child = idle.pop() ?? start();
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('there is nothing to read from');
  hold(child, true);
  const order: Order = { ...given, mark: `\0${randomUUID()}\0` };
  const mark = Buffer.from(order.mark);
  const all = Promise.all([codeOf(child), printed(stdout, mark), printed(stderr, mark)]);
  child.send(order);
  const [code, out, err] = await all;
  hold(child, false);
  if (child.connected) idle.push(child);
  return { code, stdout: out, stderr: err };
};
