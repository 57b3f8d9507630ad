// Starts and stops the server process of a cluster, and finds one that is already running.
import { spawn } from 'node:child_process';
import { open, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedFailure, USE_ANOTHER } from './embedded-failure.ts';
import { readIfThere } from './embedded-files.ts';
import type { Place } from './embedded-place.ts';
import { isAlive, isSame, isServerOf, markOf, type ProcessMark, startOptions } from './embedded-process.ts';

/** A running server of our cluster. */
export interface Server extends ProcessMark {
  readonly port: number;
  /** Whether it takes connections; before that it starts or recovers. */
  readonly ready: boolean;
}

const POLL_MS = 15;
const START_RETRY_MS = 30_000;
const LOG_LIMIT_BYTES = 10_000_000;
const LOG_TAIL_LINES = 15;

const pidFile = (cluster: string): string => join(cluster, 'postmaster.pid');

/** Postgres writes pid, folder, start, port, socket, address, memory and state, each when it knows it. */
const readPidFile = async (cluster: string) => {
  const lines = (await readIfThere(pidFile(cluster)))?.split('\n') ?? [];
  const pid = Number.parseInt(lines[0] ?? '', 10);
  return pid > 0 ? { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' } : undefined;
};

/** The server of this very cluster, if one runs; a dead server's or a stranger's number counts for nothing. */
export const runningServer = async (cluster: string): Promise<Server | undefined> => {
  const found = await readPidFile(cluster);
  const mark = found && (await markOf(found.pid));
  if (found === undefined || mark === undefined) return undefined;
  return (await isServerOf(found.pid, cluster))
    ? { ...mark, port: found.port, ready: found.ready }
    : undefined;
};

/** Waits for a server to take connections, however long it recovers; undefined when it died before. */
export const untilReady = async (cluster: string, mark: ProcessMark): Promise<Server | undefined> => {
  while (await isAlive(mark)) {
    const server = await runningServer(cluster);
    if (server?.ready && isSame(server, mark)) return server;
    await sleep(POLL_MS);
  }
  return undefined;
};

/** A port nobody listens on at the moment; it may be taken before the server binds it. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Tests need a fast server and no surviving one; everybody else needs every commit to be on disk. */
const durability = (fsync: boolean): readonly string[] =>
  fsync ? ['fsync=on'] : ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'];

const argumentsFor = (cluster: string, port: number, fsync: boolean): string[] => {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
  const zones = ['timezone=UTC', 'log_timezone=UTC', 'logging_collector=off'];
  const all = [...settings, ...zones, ...durability(fsync)];
  return ['-D', cluster, '-p', `${port}`, ...all.flatMap((setting) => ['-c', setting])];
};

const openLog = async (path: string) => {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
};

const logSince = async (path: string, start: number): Promise<string> => {
  const text = Buffer.from((await readIfThere(path)) ?? '')
    .subarray(start)
    .toString();
  return text.trim().split('\n').slice(-LOG_TAIL_LINES).join('\n');
};

export interface StartRequest {
  readonly binaries: Binaries;
  readonly place: Place;
  readonly fsync: boolean;
  readonly pickPort?: () => Promise<number>;
}

/** One try: the running server, or what it said before it ended. */
const launch = async ({
  binaries,
  place,
  fsync,
  pickPort = freePort,
}: StartRequest): Promise<Server | string> => {
  const log = await openLog(place.log);
  const { size } = await log.stat();
  const args = argumentsFor(place.cluster, await pickPort(), fsync);
  // A session of its own: Ctrl-C in a terminal reaches us, and the server ends when we have finished with it.
  const session = {
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log.fd, log.fd] as ['ignore', number, number],
  };
  const child = spawn(binaries.postgres, args, { ...startOptions(place.account), ...session });
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  child.unref();
  await log.close();
  const mark = child.pid === undefined ? undefined : await markOf(child.pid);
  const server = mark && (await untilReady(place.cluster, mark));
  return server ?? (child.pid === undefined ? failed : logSince(place.log, size));
};

/** Reasons that pass: the port was taken in between, or the last server's children are still letting go. */
const PASSES =
  /could not bind|could not create any TCP|still in use|lock file "postmaster\.pid" already exists/;

/**
 * The number in a dead server's pid file may be a stranger's by now, and Postgres would take it for a rival.
 */
const removeStalePidFile = async (cluster: string): Promise<void> => {
  const found = await readPidFile(cluster);
  if (found !== undefined && (await markOf(found.pid)) !== undefined) await rm(pidFile(cluster));
};

/**
 * Starts the server on a free port of 127.0.0.1 and waits until it takes connections. Call it under the lock
 * of the data directory and only when `runningServer` found none.
 *
 * @throws EmbeddedFailure `did_not_start` with the last lines of the server's log.
 */
export const startServer = async (request: StartRequest): Promise<Server> => {
  const giveUp = Date.now() + START_RETRY_MS;
  await removeStalePidFile(request.place.cluster);
  for (;;) {
    const outcome = await launch(request);
    if (typeof outcome !== 'string') return outcome;
    if (!PASSES.test(outcome) || Date.now() > giveUp) {
      const what = `The embedded database did not start. ${request.place.log} ends:\n${outcome}\n`;
      throw new EmbeddedFailure('did_not_start', what, USE_ANOTHER);
    }
    await sleep(100);
  }
};
