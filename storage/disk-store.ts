// Blobs as plain files below one directory, safe against kill -9 and for several processes at once.
import { existsSync, type Stats } from 'node:fs';
import { link, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type BlobSource,
  type BlobStore,
  type ByteRange,
  bytesSource,
  type FoundBlob,
  isReplaceable,
  type ListedBlob,
  only,
  rangeWithin,
  requireReplaceable,
  verifiedSource,
} from './blob-store.ts';
import type { Digest } from './digest.ts';
import { type DurableDirectories, durableDirectories } from './durable-directories.ts';
import {
  diskFailure,
  errnoOf,
  readChunks,
  removeFile,
  sweepTemps,
  tempPath,
  undefinedIfAbsent,
  writeChunks,
} from './files.ts';
import { JOURNALED_BYTES } from './journal.ts';
import { blobKey, type ObjectKey, parseBlobKey, parseObjectKey } from './object-keys.ts';
import { openSmallBlobs, type SmallBlobs } from './small-blobs.ts';
import { collectBytes } from './verify-bytes.ts';

interface Disk {
  readonly root: string;
  /** On the same filesystem as the blobs, so that a finished file can be linked into place. */
  readonly temps: string;
  readonly directories: DurableDirectories;
  readonly small: SmallBlobs;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface DiskOptions {
  /**
   * False for whoever has to see what lies there: journals of others are not taken over, so that a file which is torn or
   * gone stays so. Default: true, without which a blob acknowledged right before a power cut may not be there.
   */
  readonly replay?: boolean;
}

const TEMP_LIFE_MS = 60 * 60 * 1000;

/** What `link` answers where files cannot be shared: another filesystem, foreign owner, too many links, no links. */
const CANNOT_LINK = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Opens (and makes, if need be) a store below `root`, which must lie on a filesystem with hard links. Temporary files
 * that earlier processes left more than an hour ago are swept. Throws `store_unavailable` if the directory cannot be
 * used.
 */
export const openDiskStore = async (
  root: string,
  now: () => number = Date.now,
  { replay = true }: DiskOptions = {},
): Promise<BlobStore> => {
  const base = resolve(root);
  const directories = durableDirectories(base);
  const temps = join(base, 'tmp');
  await directories.ensure(temps);
  await sweepTemps(temps, now() - TEMP_LIFE_MS);
  const place = {
    pathOf: (digest: Digest) => join(base, ...blobKey(digest).split('/')),
    temps,
    journals: join(base, 'journal'),
    directories,
  };
  const small = await openSmallBlobs(place, replay);
  const disk: Disk = { root: base, temps, directories, small, now };
  return {
    put: (key, source) => put(disk, key, source),
    replace: (key, bytes) => replace(disk, key, bytes),
    get: (key, range) => (isReplaceable(key) ? getAtOnce : get)(disk, key, range),
    head: async (key) => {
      const found = await inspect(disk, key);
      return found && { size: found.size, modifiedAt: found.mtime };
    },
    list: (prefix) => walk(disk, '', prefix),
    delete: async (key) => {
      const path = pathOf(disk, key);
      const digest = parseBlobKey(key);
      if (digest !== undefined) await disk.small.forget(digest);
      if (await removeFile(path)) await disk.directories.sync(dirname(path));
    },
    ping: () => probe(disk),
  };
};

const pathOf = (disk: Disk, key: ObjectKey): string => join(disk.root, ...key.split('/'));

const inspect = (disk: Disk, key: ObjectKey): Promise<Stats | undefined> => {
  const path = pathOf(disk, key);
  return stat(path).catch(undefinedIfAbsent('inspect', path));
};

const get = async (disk: Disk, key: ObjectKey, range?: ByteRange): Promise<FoundBlob | undefined> => {
  const found = await inspect(disk, key);
  if (found === undefined) return undefined;
  const { start, end } = rangeWithin(key, found.size, range);
  return { size: found.size, body: readChunks(pathOf(disk, key), start, end) };
};

/** What changes is read from one open file: between two looks at its name it may be another. */
const getAtOnce = async (disk: Disk, key: ObjectKey, range?: ByteRange): Promise<FoundBlob | undefined> => {
  const path = pathOf(disk, key);
  const bytes = await readFile(path).catch(undefinedIfAbsent('read', path));
  if (bytes === undefined) return undefined;
  const { start, end } = rangeWithin(key, bytes.length, range);
  return { size: bytes.length, body: only(bytes.subarray(start, end + 1)) };
};

const replace = async (disk: Disk, key: ObjectKey, bytes: Uint8Array): Promise<void> => {
  requireReplaceable(key);
  const target = pathOf(disk, key);
  await disk.directories.ensure(dirname(target));
  const temp = tempPath(disk.temps);
  try {
    await write(key, bytesSource(bytes), temp);
    await rename(temp, target).catch(diskFailure('replace', target));
  } catch (error) {
    await removeFile(temp);
    throw error;
  }
  await disk.directories.sync(dirname(target));
};

const put = async (disk: Disk, key: ObjectKey, source: BlobSource): Promise<'created' | 'exists'> => {
  const target = pathOf(disk, key);
  await disk.directories.ensure(dirname(target));
  const small = isSmall(key, source);
  if (small && (await putSmall(disk, key, source)) === 'created') return 'created';
  const outcome = small ? 'exists' : await create(disk, key, source, target);
  // Also for `exists`: whoever created it may not have synced the name yet, and the answer promises durability.
  await disk.directories.sync(dirname(target));
  return outcome;
};

const isSmall = (key: ObjectKey, { size, digest, file }: BlobSource): boolean =>
  size <= JOURNALED_BYTES && file === undefined && key === blobKey(digest);

const putSmall = async (disk: Disk, key: ObjectKey, source: BlobSource): Promise<'created' | 'exists'> => {
  if (existsSync(pathOf(disk, key))) return 'exists';
  const bytes = await collectBytes(verifiedSource(key, source));
  return disk.small.put({ digest: source.digest, bytes });
};

/** The link is the one moment the object appears: before it there is only a temporary file, after it all of it. */
const create = async (disk: Disk, key: ObjectKey, source: BlobSource, target: string) => {
  const temp = tempPath(disk.temps);
  try {
    if (!(await borrow(disk, key, source, temp))) await write(key, source, temp);
    return await linkNew(temp, target);
  } finally {
    await removeFile(temp);
  }
};

/** Takes over the source's own file without copying; false where that is impossible. Its bytes are hashed anyway. */
const borrow = async (disk: Disk, key: ObjectKey, source: BlobSource, temp: string): Promise<boolean> => {
  if (source.file === undefined) return false;
  const linked = await link(source.file, temp)
    .then(() => true)
    .catch((error) => !CANNOT_LINK.has(errnoOf(error) ?? '') && diskFailure('link', temp)(error));
  if (!linked) return false;
  const file = await open(temp, 'r+').catch(diskFailure('open', temp));
  try {
    const { size } = await file.stat();
    const read = () => readChunks(temp, 0, size - 1);
    for await (const _ of verifiedSource(key, { size: source.size, digest: source.digest, read })) {
      // Only the verdict at the end matters.
    }
    const put = disk.now() / 1000;
    await file.utimes(put, put).catch(diskFailure('touch', temp));
    await file.sync().catch(diskFailure('sync', temp));
  } finally {
    await file.close();
  }
  return true;
};

const write = async (key: ObjectKey, source: BlobSource, temp: string): Promise<void> => {
  const file = await open(temp, 'wx').catch(diskFailure('create', temp));
  try {
    await writeChunks(file, temp, verifiedSource(key, source));
    await file.sync().catch(diskFailure('sync', temp));
  } finally {
    await file.close();
  }
};

/** link(2) refuses an existing name atomically, between processes too; rename(2) would replace it. */
const linkNew = (temp: string, target: string): Promise<'created' | 'exists'> =>
  link(temp, target)
    .then(() => 'created' as const)
    .catch((error) =>
      errnoOf(error) === 'EEXIST' ? ('exists' as const) : diskFailure('link', target)(error),
    );

/** Below `at` (a key prefix that is empty or ends in `/`), in ascending order of key. */
async function* walk(disk: Disk, at: string, prefix: string): AsyncGenerator<ListedBlob, void, undefined> {
  const path = join(disk.root, at);
  const entries = (await readdir(path, { withFileTypes: true }).catch(undefinedIfAbsent('list', path))) ?? [];
  // A directory sorts as its name and a slash, as its keys do.
  const names = entries.map((entry) => at + entry.name + (entry.isDirectory() ? '/' : '')).sort();
  for (const name of names) {
    if (name.endsWith('/')) {
      if (name.startsWith(prefix) || prefix.startsWith(name)) yield* walk(disk, name, prefix);
      continue;
    }
    const key = name.startsWith(prefix) ? parseObjectKey(name) : undefined;
    const found = key && (await inspect(disk, key));
    if (key && found) yield { key, size: found.size, modifiedAt: found.mtime };
  }
}

/** Does what a put does, on a throw-away name: full disks, read-only mounts and missing hard links show here. */
const probe = async (disk: Disk): Promise<void> => {
  const [from, to] = [tempPath(disk.temps), tempPath(disk.temps)];
  try {
    const file = await open(from, 'wx').catch(diskFailure('create', from));
    await file
      .writeFile('ping')
      .catch(diskFailure('write', from))
      .finally(() => file.close());
    await link(from, to).catch(diskFailure('hard-link', to));
  } finally {
    await removeFile(from);
    await removeFile(to);
  }
};
