// A lockfile and the file beside it: read where they are, and put in their places.
import { type Companion, companionText, parseCompanion } from '../client/lock/companion.ts';
import { type Lockfile, lockfileText, MAX_LOCKFILE_BYTES, parseLockfile } from '../client/lock/lockfile.ts';
import { companionPath } from '../client/lock/names.ts';
import { sweepParts } from '../client/part-files.ts';
import { StandingError, UsageError } from './failure.ts';
import { untilStopped } from './interrupted.ts';
import { boundedFileAt, placeFile } from './placed-file.ts';

export interface LockOnDisk {
  readonly path: string;
  readonly lock: Lockfile;
  /** Undefined where another tool wrote the lockfile. */
  readonly companion: Companion | undefined;
}

const bytesAt = async (path: string): Promise<Buffer | undefined> => {
  const bytes = await boundedFileAt(path, MAX_LOCKFILE_BYTES);
  if (bytes !== undefined && bytes.length > MAX_LOCKFILE_BYTES)
    throw new UsageError(`${path} is no lockfile: it is larger than any.`);
  return bytes;
};

/** Undefined where there is none. @throws Refusal `pack_lockfile_invalid` */
export const readLock = async (path: string): Promise<LockOnDisk | undefined> => {
  const bytes = await bytesAt(path);
  if (bytes === undefined) return undefined;
  const beside = await bytesAt(companionPath(path));
  return { path, lock: parseLockfile(bytes), companion: beside && parseCompanion(beside) };
};

/** @throws StandingError where there is none */
export const requireLock = async (path: string): Promise<LockOnDisk> => {
  const found = await readLock(path);
  if (found === undefined)
    throw new StandingError('file_not_found', `There is no ${path}; write one with "attestry lock".`);
  return found;
};

/** The lockfile last: what is beside it says less than it does. False where nothing of the lockfile changed. */
export const writeLock = (path: string, lock: Lockfile, companion: Companion): Promise<boolean> =>
  untilStopped(async () => {
    for (const each of [companionPath(path), path]) await sweepParts(each);
    await placeFile(companionPath(path), Buffer.from(companionText(companion)));
    return placeFile(path, Buffer.from(lockfileText(lock)));
  });
