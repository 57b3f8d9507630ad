// Decides where a cluster lives and which account runs it, so that the server can reach its own files.
import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedFailure } from './embedded-failure.ts';
import { readIfThere, replaceFile, statIfThere } from './embedded-files.ts';
import type { Account } from './embedded-process.ts';

export interface Place {
  /** The caller's data directory, without links: the lock and the server's log. */
  readonly folder: string;
  /**
   * Where cluster, password and owner are: `folder`, or a folder elsewhere that the note in `folder` names.
   */
  readonly home: string;
  readonly cluster: string;
  readonly log: string;
  /** Whom Postgres, which refuses to run as root, runs as; absent when this process is not root. */
  readonly account: Account | undefined;
}

/**
 * Where clusters and programs go that their account could not reach: durable, unlike the temporary folder.
 */
export const ELSEWHERE = '/var/lib/attestry';

/** The account that owns nothing; using it means that none has to be made on the host. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

const NOTE = 'where-the-cluster-is.txt';
const BACK = 'belongs-to.txt';

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Opens folders for every account to pass through, whatever the umask says. */
export const makeOpenFolder = async (path: string): Promise<void> => {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o755);
};

const mayEnter = async (path: string, { uid, gid }: Account): Promise<boolean> => {
  const found = await stat(path);
  const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
  return (found.mode & bit) !== 0;
};

/** The outermost folder on the way to `path` that the account cannot enter. */
const closedFolder = async (path: string, account: Account): Promise<string | undefined> => {
  const above = dirname(path) === path ? undefined : await closedFolder(dirname(path), account);
  if (above !== undefined) return above;
  return (await mayEnter(path, account)) ? undefined : path;
};

/**
 * A cluster made by an ordinary user stays that user's; one that root copied here, or a new one, is nobody's.
 */
const accountFor = async (cluster: string): Promise<Account | undefined> => {
  if (!isRoot()) return undefined;
  const found = await statIfThere(cluster);
  return found === undefined || found.uid === 0 ? NOBODY : { uid: found.uid, gid: found.gid };
};

const unreachable = (closed: string, { uid }: Account): EmbeddedFailure =>
  new EmbeddedFailure(
    'unreachable',
    `The database runs as user ${uid}, who cannot enter ${closed}.`,
    `Run "chmod o+x ${closed}", move the data directory, or start as the user who owns it.`,
  );

/** A free name for the home of this folder; a home whose data directory is gone is kept, never taken over. */
const chooseHome = async (folder: string, elsewhere: string): Promise<string> => {
  const base = join(elsewhere, createHash('sha256').update(folder).digest('hex').slice(0, 16));
  for (let number = 1; ; number += 1) {
    const home = number === 1 ? base : `${base}.${number}`;
    if ((await statIfThere(home)) === undefined) return home;
  }
};

const noteText = (home: string): string =>
  `${home}\n\nThe database runs as an account that cannot reach this folder, so its cluster lives in that one.\n` +
  'Back up both. Remove this note only to start with an empty database.\n';

const readNote = async (folder: string): Promise<string | undefined> =>
  (await readIfThere(join(folder, NOTE)))?.split('\n', 1)[0];

/**
 * The note is written first: a crash right after it leaves a name for a home that is made on the next start.
 */
const settleElsewhere = async (folder: string, elsewhere: string): Promise<string> => {
  const home = await chooseHome(folder, elsewhere);
  await replaceFile(join(folder, NOTE), noteText(home));
  return home;
};

/** Two data directories must not share a cluster because one was copied from the other. */
const claimHome = async (home: string, folder: string): Promise<void> => {
  await makeOpenFolder(dirname(home));
  await makeOpenFolder(home);
  const before = (await readIfThere(join(home, BACK)))?.trim();
  if (before === folder) return;
  if (before !== undefined && (await readNote(before)) === home)
    throw new EmbeddedFailure(
      'copied_folder',
      `${folder} is a copy of ${before}, whose database is in ${home}.`,
      `Remove ${join(folder, NOTE)} to give the copy an empty database of its own.`,
    );
  await replaceFile(join(home, BACK), `${folder}\n`);
};

/** Makes the data directory if need be and returns its path without links, as the kernel names it. */
export const openFolder = async (dataDir: string): Promise<string> => {
  await mkdir(dataDir, { recursive: true });
  return realpath(dataDir);
};

/** Where the cluster is already, if it ever got a place. */
const settledHome = async (folder: string): Promise<string | undefined> => {
  const here = await statIfThere(join(folder, 'cluster'));
  return (await readNote(folder)) ?? (here && folder);
};

const newHome = async (folder: string, elsewhere: string): Promise<string> => {
  const closed = isRoot() ? await closedFolder(folder, NOBODY) : undefined;
  return closed === undefined ? folder : settleElsewhere(folder, elsewhere);
};

const refuseClosed = async (home: string, account: Account): Promise<void> => {
  const closed = await closedFolder(home, account);
  if (closed !== undefined) throw unreachable(closed, account);
};

/**
 * Finds the place of this folder's cluster; the first answer holds for good. Call it under the folder's lock.
 *
 * @throws EmbeddedFailure `unreachable` when the account cannot enter the place any more, `copied_folder`
 *   when the place belongs to another data directory.
 */
export const findPlace = async (folder: string, elsewhere: string): Promise<Place> => {
  const home = (await settledHome(folder)) ?? (await newHome(folder, elsewhere));
  if (home !== folder) await claimHome(home, folder);
  const cluster = join(home, 'cluster');
  const account = await accountFor(cluster);
  if (account !== undefined) await refuseClosed(home, account);
  return { folder, home, cluster, account, log: join(folder, 'postgres.log') };
};
