// Puts a verified pack in its place so that at every moment, crashes included, one whole version can be loaded.
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inLanes } from '../../storage/in-lanes.ts';
import { INSTALL_RECORD_PATH } from '../protocol/archive-rules.ts';
import { makeDirectory, syncDirectory, undefinedIfAbsent, writeNewFiles } from './files-on-disk.ts';
import { asidePath, type InstallMarker, readMarker } from './installed.ts';
import type { Recorded } from './leaf.ts';
import { refusal } from './refusal.ts';
import type { Verified } from './verify.ts';

const FILE_MODE = 0o644;
/** Directories that wait for the disk at once. */
const AT_ONCE = 4;
const NEW = '.attestry-new-';
const OLD = '.attestry-old-';

const recordOf = ({ index, at, treeSize }: Recorded): NonNullable<InstallMarker['recorded']> => ({
  index,
  at: at.toISOString(),
  treeSize,
});

const markerOf = (pack: Verified, installedAt: Date): InstallMarker => ({
  name: pack.name,
  version: pack.version,
  integrity: pack.integrity,
  keyId: pack.keyId ?? null,
  registry: pack.registry,
  assurance: pack.assurance,
  ...(pack.recorded === undefined ? {} : { recorded: recordOf(pack.recorded) }),
  installedAt: installedAt.toISOString(),
  files: Object.fromEntries(pack.fileDigests),
  sizes: Object.fromEntries([...pack.files].map(([path, bytes]) => [path, bytes.length])),
});

/** The archive's rules keep names inside already; whoever writes files does not rely on it. */
const requirePlainName = (path: string): void => {
  const segments = path.split('/');
  const plain = segments.every(
    (each) => each !== '' && each !== '.' && each !== '..' && !/[\\:\0]/.test(each),
  );
  if (plain && segments[0]?.toLowerCase() !== INSTALL_RECORD_PATH) return;
  throw refusal('archive', 'archive_invalid', { path }, `The name ${path} cannot be installed.`);
};

/** Every directory that the files need, parents first. */
const foldersOf = (paths: readonly string[]): readonly string[] => {
  const folders = new Set<string>();
  for (const path of paths)
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
  return [...folders].sort();
};

const writeAll = async (root: string, pack: Verified, installedAt: Date): Promise<void> => {
  const paths = [...pack.files.keys()];
  for (const path of paths) requirePlainName(path);
  const folders = foldersOf(paths);
  for (const folder of folders) await mkdir(join(root, folder));
  const marker = Buffer.from(`${JSON.stringify(markerOf(pack, installedAt), null, 2)}\n`);
  const files = [...pack.files, [INSTALL_RECORD_PATH, marker] as const];
  await writeNewFiles(
    files.map(([path, bytes]) => [join(root, path), bytes] as const),
    FILE_MODE,
  );
  await inLanes(['', ...folders], AT_ONCE, (folder) => syncDirectory(join(root, folder)));
};

/** A pack that was written to the directory `beside` its place. */
export interface UnpackedPack {
  readonly name: string;
  readonly beside: string;
}

/** Takes a directory away if that can be done; what stays is for the next sweep. */
export const discard = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch(() => undefined);

/** Writes a pack beside its place, durably. Nobody sees it until it is placed. */
export const unpackBeside = async (dir: string, pack: Verified, installedAt: Date): Promise<UnpackedPack> => {
  const beside = join(dir, `${NEW}${randomUUID()}`);
  await mkdir(beside);
  try {
    await writeAll(beside, pack, installedAt);
  } catch (error) {
    await discard(beside);
    throw error;
  }
  return { name: pack.name, beside };
};

/** Only a directory that an install made is ever replaced. @throws Refusal `install_target_foreign` */
export const requireReplaceable = async (dir: string, name: string): Promise<boolean> => {
  const path = join(dir, name);
  const standing = await lstat(path).catch(undefinedIfAbsent);
  if (standing === undefined) return false;
  const ours = standing.isDirectory() && (await readMarker(path).catch(() => ({ name })))?.name === name;
  if (ours) return true;
  const what = standing.isSymbolicLink() ? 'a symbolic link' : 'something else';
  const message = `${path} is ${what} that no install made; move it away and install again.`;
  throw refusal('installed', 'install_target_foreign', { path, found: what }, message);
};

interface Move {
  readonly from: string;
  readonly to: string;
}

const move = async (from: string, to: string, done: Move[]): Promise<void> => {
  await rename(from, to);
  done.push({ from, to });
};

const placeOne = async (dir: string, { name, beside }: UnpackedPack, done: Move[]): Promise<void> => {
  const path = join(dir, name);
  if (await requireReplaceable(dir, name)) await move(path, asidePath(dir, name), done);
  await move(beside, path, done);
};

/** Takes the moves back, the last one first. @throws Refusal `install_incomplete` naming what would not go back */
const takeBack = async (dir: string, done: readonly Move[], cause: unknown): Promise<void> => {
  const stuck: string[] = [];
  for (const { from, to } of done.toReversed()) await rename(to, from).catch(() => stuck.push(from));
  await syncDirectory(dir).catch(() => undefined);
  if (stuck.length === 0) return;
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw refusal('installed', 'install_incomplete', { paths: stuck, reason }, undefined, cause);
};

/**
 * Puts all packs in their places, or none: the old versions stay aside until the last new one is placed, and go back
 * if one cannot be. For a crash the point of no return of each pack is its second rename: before it the old version
 * counts, after it the new one.
 */
export const placeAll = async (dir: string, packs: readonly UnpackedPack[]): Promise<void> => {
  const done: Move[] = [];
  try {
    for (const pack of packs) await placeOne(dir, pack, done);
    await syncDirectory(dir);
  } catch (error) {
    await takeBack(dir, done, error);
    throw error;
  }
  // The new versions stand, whatever happens now; an old one that will not go is left to the next sweep.
  const old = done.flatMap(({ to }) => (basename(to).startsWith(OLD) ? [to] : []));
  await inLanes(old, AT_ONCE, discard);
};

const finishReplacing = async (dir: string, aside: string): Promise<void> => {
  const path = join(dir, aside.slice(OLD.length));
  const placed = await lstat(path).catch(undefinedIfAbsent);
  if (placed === undefined) await rename(join(dir, aside), path);
  else await rm(join(dir, aside), { recursive: true, force: true });
};

/** Takes away what an install that died left behind, and puts back an old version whose successor never came. */
export const sweepLeftovers = async (dir: string): Promise<void> => {
  for (const entry of await readdir(dir)) {
    if (entry.startsWith(NEW)) await rm(join(dir, entry), { recursive: true, force: true });
    if (entry.startsWith(OLD)) await finishReplacing(dir, entry);
  }
  await syncDirectory(dir);
};

/** Makes the directory of the packs; gives the topmost one that was not there before. */
export const makePackDirectory = async (dir: string): Promise<string | undefined> => {
  const first = await makeDirectory(dir);
  if (first !== undefined) await syncDirectory(dirname(first));
  return first;
};
