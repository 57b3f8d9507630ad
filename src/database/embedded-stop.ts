// Ends a server: politely first, then by the means that cost a recovery on the next start but no data.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageFolder, programsIn } from './embedded-binaries.ts';
import { EmbeddedFailure } from './embedded-failure.ts';
import { isAlive, type ProcessMark } from './embedded-process.ts';

export interface Patience {
  /** Milliseconds for a fast shutdown, which ends sessions and writes everything out. */
  readonly fast: number;
  /** Milliseconds for an immediate one, which leaves recovery to the next start. */
  readonly immediate: number;
  readonly kill: number;
}

const PATIENCE: Patience = { fast: 30_000, immediate: 5_000, kill: 5_000 };
const POLL_MS = 10;

const run = promisify(execFile);

/** Windows has no signals, and Node's stand-in ends a process on the spot; the server has its own way in. */
const signalOnWindows = async (pid: number, name: string): Promise<void> => {
  await run(programsIn(packageFolder()).pgCtl, ['kill', name.slice('SIG'.length), `${pid}`]);
};

const signal = async (pid: number, name: NodeJS.Signals): Promise<void> => {
  if (process.platform === 'win32') return signalOnWindows(pid, name);
  try {
    process.kill(pid, name);
  } catch (error) {
    // It may have ended between our look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const endsWithin = async (mark: ProcessMark, milliseconds: number): Promise<boolean> => {
  const end = Date.now() + milliseconds;
  while (await isAlive(mark)) {
    if (Date.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
};

/**
 * Returns when the process has ended. No step loses anything that was committed.
 *
 * @throws EmbeddedFailure `did_not_stop` when it outlives even SIGKILL, as a process stuck in the kernel
 *   does.
 */
export const stopServer = async (
  server: ProcessMark,
  say: (line: string) => void,
  patience: Patience = PATIENCE,
): Promise<void> => {
  const steps = [
    ['SIGINT', patience.fast],
    ['SIGQUIT', patience.immediate],
    ['SIGKILL', patience.kill],
  ] as const;
  for (const [name, milliseconds] of steps) {
    if (await isAlive(server)) await signal(server.pid, name);
    if (await endsWithin(server, milliseconds)) return;
    say(`The database (process ${server.pid}) has not ended ${milliseconds} ms after ${name}.`);
  }
  const what = `The database (process ${server.pid}) cannot be ended.`;
  throw new EmbeddedFailure('did_not_stop', what, 'Look at its state with "ps"; a disk may hang.');
};
