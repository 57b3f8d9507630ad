// Makes the cluster and its password on the first start, and checks both on every later one.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, lchown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedFailure, USE_ANOTHER } from './embedded-failure.ts';
import { besides, readIfThere, replaceFile, statIfThere, syncFolder, writeNew } from './embedded-files.ts';
import type { Place } from './embedded-place.ts';
import { type Account, startOptions } from './embedded-process.ts';

/** The one role of an embedded cluster, and the database made for it. */
export const ROLE = 'attestry';

const run = promisify(execFile);
const DRAFT = 'cluster.draft-';

/** Order and case of text are the code points' own, whatever locales the host has; messages are English. */
const INITDB = [
  ...['--username', ROLE, '--auth', 'scram-sha-256', '--encoding', 'UTF8'],
  ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ...['--text-search-config', 'english', '--no-instructions'],
];

const give = async (path: string, { uid, gid }: Account): Promise<void> => {
  await lchown(path, uid, gid);
  if (!(await statIfThere(path))?.isDirectory()) return;
  for (const name of await readdir(path)) await give(join(path, name), { uid, gid });
};

/** A restore or a copy by root loses the owner, and one by hand the mode; Postgres insists on both. */
const mend = async ({ cluster, account }: Place): Promise<void> => {
  const found = await statIfThere(cluster);
  if (account !== undefined && found?.uid !== account.uid) await give(cluster, account);
  if (process.platform !== 'win32' && found !== undefined && (found.mode & 0o027) !== 0)
    await chmod(cluster, 0o700);
};

/** The programs that made the leftovers may still be at work in them. */
const removeDrafts = async (home: string): Promise<void> => {
  const drafts = (await readdir(home)).filter((name) => name.startsWith(DRAFT));
  for (const name of drafts)
    await rm(join(home, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
};

const initdb = async (binaries: Binaries, draft: string, place: Place, fsync: boolean): Promise<void> => {
  const folders = ['--pgdata', join(draft, 'cluster'), '--pwfile', join(draft, 'password')];
  const args = [...INITDB, ...folders, ...(fsync ? [] : ['--no-sync'])];
  await run(binaries.initdb, args, startOptions(place.account)).catch((cause: unknown) => {
    const said = cause instanceof Error ? cause.message.trim() : String(cause);
    const what = `A new cluster could not be made in ${place.home}: ${said}`;
    throw new EmbeddedFailure('did_not_start', what, USE_ANOTHER, { cause });
  });
};

/**
 * A crash on the way leaves a draft that the next start throws away; the rename is what makes it the cluster.
 */
const makeCluster = async (binaries: Binaries, place: Place, password: string, fsync: boolean) => {
  const draft = besides(join(place.home, 'cluster'), 'draft');
  await mkdir(draft, { mode: 0o700 });
  await writeNew(join(draft, 'password'), password, 0o600);
  if (place.account !== undefined) await give(draft, place.account);
  await initdb(binaries, draft, place, fsync);
  await rename(join(draft, 'cluster'), place.cluster);
  await syncFolder(place.home);
};

const refuseOtherMajor = (place: Place, made: string, major: string): void => {
  if (made === major) return;
  throw new EmbeddedFailure(
    'other_major',
    `The cluster in ${place.cluster} was made by Postgres ${made}; this program carries Postgres ${major}.`,
    'Take a backup with the program version that made it, and restore that into an empty data directory.',
  );
};

const refuseNoCluster = async ({ cluster }: Place): Promise<void> => {
  if ((await statIfThere(cluster)) === undefined) return;
  const what = `${cluster} is in the way: it is not a cluster of Postgres.`;
  throw new EmbeddedFailure('not_a_cluster', what, 'Move it away, or choose another data directory.');
};

const passwordFile = ({ home }: Place): string => join(home, 'password');

/** @throws EmbeddedFailure `password_lost` when the cluster is there and its password is not. */
export const readPassword = async (place: Place): Promise<string> => {
  const password = await readIfThere(passwordFile(place));
  if (password !== undefined) return password;
  const what = `${passwordFile(place)} is missing; nothing else opens the cluster beside it.`;
  throw new EmbeddedFailure('password_lost', what, 'Restore that file from a backup.');
};

/** The password is on disk before the cluster that has it, so no crash can part them. */
const settlePassword = async (place: Place): Promise<string> => {
  const before = await readIfThere(passwordFile(place));
  if (before !== undefined) return before;
  const password = randomBytes(24).toString('hex');
  await replaceFile(passwordFile(place), password, 0o600);
  return password;
};

/**
 * Leaves a cluster at `place.cluster` that these programs can run; makes one when there is none.
 *
 * @throws EmbeddedFailure `other_major`, `not_a_cluster`, or `did_not_start` with what initdb said.
 */
export const ensureCluster = async (binaries: Binaries, place: Place, fsync: boolean): Promise<void> => {
  await removeDrafts(place.home);
  const made = (await readIfThere(join(place.cluster, 'PG_VERSION')))?.trim();
  if (made === undefined) {
    await refuseNoCluster(place);
    await makeCluster(binaries, place, await settlePassword(place), fsync);
    await removeDrafts(place.home);
  } else {
    refuseOtherMajor(place, made, binaries.major);
    await mend(place);
  }
};
