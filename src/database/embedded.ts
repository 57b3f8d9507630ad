// Runs a Postgres of our own beside this process, so that one command gives a durable database.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { closeConnection, connect, type Sql } from './connect.ts';
import { packageFolder, usableBinaries } from './embedded-binaries.ts';
import { ensureCluster, ROLE, readPassword } from './embedded-cluster.ts';
import { EmbeddedFailure, USE_ANOTHER } from './embedded-failure.ts';
import { readIfThere, replaceFile } from './embedded-files.ts';
import { withLock } from './embedded-lock.ts';
import { ELSEWHERE, findPlace, isRoot, openFolder, type Place } from './embedded-place.ts';
import { isAlive, isSame, ownMark, type ProcessMark } from './embedded-process.ts';
import { runningServer, type Server, startServer, untilReady } from './embedded-server.ts';
import { stopServer } from './embedded-stop.ts';

type Say = (line: string) => void;

export interface EmbeddedOptions {
  /** Made if it is not there. One server runs per data directory, whoever asks. */
  readonly dataDir: string;
  /** Off only for tests: a crash of the machine may then lose everything. */
  readonly fsync?: boolean;
  /** Takes a line for people whenever something takes long or is not as asked. */
  readonly say?: Say;
  /** Where the cluster goes when root starts it in a folder closed to other accounts. */
  readonly elsewhere?: string;
}

export interface Embedded {
  /** Address of the database `attestry` with the password in it; not for logs. */
  readonly url: string;
  /** A server that a killed process left behind was taken over. */
  readonly adopted: boolean;
  /** Another living process (or this one) runs the server; it ends when that one stops it. */
  readonly joined: boolean;
  /**
   * Ends the server if this call of `startEmbedded` owns it, and returns when it has ended; may be repeated.
   */
  stop(): Promise<void>;
}

const ownerFile = ({ home }: Place): string => join(home, 'owner.json');

const readOwner = async (place: Place): Promise<ProcessMark | undefined> => {
  const text = await readIfThere(ownerFile(place));
  return text === undefined ? undefined : (JSON.parse(text) as ProcessMark);
};

const own = async (place: Place): Promise<void> =>
  replaceFile(ownerFile(place), JSON.stringify(await ownMark()));

const addressOf = (server: Server, password: string, database: string): string =>
  `postgres://${ROLE}:${password}@127.0.0.1:${server.port}/${database}`;

const explainPassword = (place: Place) => (cause: unknown) => {
  if (!(cause instanceof Error && 'code' in cause && cause.code === '28P01')) throw cause;
  const what = `The cluster in ${place.cluster} does not take the password beside it.`;
  throw new EmbeddedFailure('password_lost', what, 'Restore the file "password" from a backup.', { cause });
};

/** Whether the server writes durably, after making the database if this is its first start. */
const ask = async (sql: Sql): Promise<{ fsync: boolean }> => {
  const [row] = await sql`
    select current_setting('fsync') = 'on' as fsync,
      exists (select from pg_database where datname = ${ROLE}) as made`;
  if (row?.made !== true) await sql`create database ${sql(ROLE)}`;
  return { fsync: row?.fsync === true };
};

/** The password is this cluster's alone, so an answer to it also proves whose server this is. */
const greet = async (place: Place, server: Server, password: string): Promise<{ fsync: boolean }> => {
  const sql = connect({ url: addressOf(server, password, 'postgres'), max: 1 });
  return ask(sql)
    .catch(explainPassword(place))
    .finally(() => closeConnection(sql));
};

/** Another process may have started a new server after this one died; that is not ours to stop. */
const stopOwn = async (place: Place, mine: Server, say: Say): Promise<void> => {
  if (isSame(await runningServer(place.cluster), mine)) await stopServer(mine, say);
  if (isSame(await readOwner(place), await ownMark())) await rm(ownerFile(place));
};

const owned = (place: Place, server: Server, url: string, adopted: boolean, say: Say): Embedded => {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= withLock(place.folder, say, () => stopOwn(place, server, say));
    return stopping;
  };
  return { url, adopted, joined: false, stop };
};

/** Joins or takes over the server that runs already; undefined when there is none to go on with. */
const meet = async (place: Place, fsync: boolean, say: Say): Promise<Embedded | undefined> => {
  const found = await runningServer(place.cluster);
  const server = found && (await untilReady(place.cluster, found));
  if (server === undefined) return undefined;
  const password = await readPassword(place);
  const owner = await readOwner(place);
  const joined = owner !== undefined && (await isAlive(owner));
  const as = await greet(place, server, password);
  const url = addressOf(server, password, ROLE);
  if (as.fsync !== fsync) say(`The running database has fsync ${as.fsync ? 'on' : 'off'}.`);
  if (joined) return { url, adopted: false, joined, stop: async () => {} };
  await own(place);
  if (as.fsync === fsync) return owned(place, server, url, true, say);
  await stopServer(server, say);
  return undefined;
};

const start = async (place: Place, fsync: boolean, elsewhere: string, say: Say): Promise<Embedded> => {
  const copies = isRoot() ? elsewhere : place.folder;
  const binaries = await usableBinaries(packageFolder(), copies, place.account);
  await ensureCluster(binaries, place, fsync);
  const password = await readPassword(place);
  await own(place);
  const server = await startServer({ binaries, place, fsync });
  try {
    await greet(place, server, password);
  } catch (error) {
    await stopOwn(place, server, say);
    throw error;
  }
  return owned(place, server, addressOf(server, password, ROLE), false, say);
};

const explainDenied = (dataDir: string) => (cause: unknown) => {
  const denied =
    cause instanceof Error && 'code' in cause && /^(EACCES|EPERM|EROFS)$/.test(String(cause.code));
  if (!denied) throw cause;
  const what = `A folder that the database in ${dataDir} needs is closed to this account: ${cause.message}.`;
  throw new EmbeddedFailure('unreachable', what, `Start as the user who owns it. ${USE_ANOTHER}`, { cause });
};

/**
 * Starts the server of a data directory, or goes on with the one that runs there, and returns when it takes
 * queries.
 *
 * A crash of this process, of the server or of the machine at any moment needs no help: the next call
 * recovers, and everything that was committed is there (with `fsync`). The server has its own session, so
 * signals to this process's group do not reach it: call `stop` when the last query is done. It listens on
 * 127.0.0.1 only.
 *
 * @throws EmbeddedFailure with the cure in its message; nothing is running then that was not before.
 */
export const startEmbedded = async (options: EmbeddedOptions): Promise<Embedded> => {
  const { dataDir, fsync = true, say = () => {}, elsewhere = ELSEWHERE } = options;
  const begin = async (): Promise<Embedded> => {
    const folder = await openFolder(dataDir);
    return withLock(folder, say, async () => {
      const place = await findPlace(folder, elsewhere);
      return (await meet(place, fsync, say)) ?? (await start(place, fsync, elsewhere, say));
    });
  };
  return begin().catch(explainDenied(dataDir));
};
