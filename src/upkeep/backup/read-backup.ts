// Reads a backup and believes no byte of it before it was hashed.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeHex, utf8 } from '../../../keys/bytes.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type Root, verifyFirstRoot } from '../../../keys/root.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { type Digest, parseDigest, startDigest } from '../../../storage/digest.ts';
import { openDiskStore } from '../../../storage/disk-store.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { type ObjectKey, parseObjectKey } from '../../../storage/object-keys.ts';
import { appendLeaves, EMPTY_EDGE, edgeRoot } from '../../protocol/growing-tree.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { hashLeaf } from '../../protocol/merkle.ts';
import { decodeEntries, entriesPath, TILE_WIDTH } from '../../protocol/tiles.ts';
import { readLogObject } from '../check/tiles.ts';
import type { Progress } from '../fsck.ts';
import { UpkeepRefused } from '../refused.ts';
import { type BackupManifest, OBJECTS_FOLDER, type Part, readManifest } from './backup-format.ts';
import { readLines, requirePart } from './parts.ts';

/** A backup that holds together. */
export interface Backup {
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly objects: BlobStore;
  readonly root: Root;
}

export interface ListedObject {
  readonly key: ObjectKey;
  readonly size: number;
  readonly sha256: Digest;
}

const OBJECTS_AT_ONCE = 4;
const LINES = { lines: 500, chars: 4 * 1024 * 1024 } as const;

const damaged = (part: string, evidence: Readonly<Record<string, unknown>> = {}): UpkeepRefused =>
  new UpkeepRefused('backup_damaged', { part, ...evidence });

const readLine = (line: string): ListedObject => {
  const [keyText = '', size = '', digest = ''] = line.split(' ');
  const [key, sha256] = [parseObjectKey(keyText), parseDigest(digest)];
  if (key === undefined || sha256 === undefined || !/^\d{1,15}$/.test(size))
    throw damaged(keyText.slice(0, 200));
  return { key, size: Number(size), sha256 };
};

/** Everything in the blob store of the backup that belongs to it. */
export async function* listedObjects({
  folder,
  manifest,
}: Pick<Backup, 'folder' | 'manifest'>): AsyncGenerator<ListedObject, void, undefined> {
  for await (const lines of readLines(folder, manifest.objects, LINES))
    for (const line of lines) yield readLine(line);
}

/** The rows of a table, as many at a time as fit one statement. */
export const rowsOfPart = (folder: string, part: Part): AsyncIterable<readonly string[]> =>
  readLines(folder, part, LINES);

const requireObject = async (objects: BlobStore, { key, size, sha256 }: ListedObject): Promise<void> => {
  const found = await objects.get(key);
  if (found === undefined) throw damaged(key, { expected: sha256, found: 'nothing' });
  const digest = startDigest();
  for await (const chunk of found.body) digest.update(chunk);
  const seen = digest.finish();
  if (seen !== sha256 || found.size !== size) throw damaged(key, { expected: sha256, found: seen });
};

/** The root of the log when it had that many leaves, out of the bundles of the backup. */
export const rootOfBackup = async (
  { objects, manifest }: Pick<Backup, 'objects' | 'manifest'>,
  size: number,
): Promise<string> => {
  let edge = EMPTY_EDGE;
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const width = Math.min(manifest.size - start, TILE_WIDTH);
    const path = entriesPath(start / TILE_WIDTH, width);
    const bundle = await readLogObject(objects, path);
    if (bundle === undefined) throw damaged(path, { found: 'nothing' });
    const hashes = decodeEntries(bundle, width)
      .slice(0, size - start)
      .map(hashLeaf);
    edge = appendLeaves(edge, hashes).edge;
  }
  return encodeHex(edgeRoot(edge));
};

const readRoot = async (folder: string, { rootDocument }: BackupManifest): Promise<Root> => {
  try {
    return verifyFirstRoot(parseEnvelope(await readFile(join(folder, rootDocument.path), 'utf8')));
  } catch (error) {
    if (error instanceof KeyError) throw new UpkeepRefused('backup_unproven', { part: 'root' }, error);
    throw error;
  }
};

const requireTree = async (backup: Backup): Promise<void> => {
  try {
    const found = await rootOfBackup(backup, backup.manifest.size);
    if (found === backup.manifest.root) return;
    throw new UpkeepRefused('backup_unproven', { expected: backup.manifest.root, found });
  } catch (error) {
    if (error instanceof LogError) throw new UpkeepRefused('backup_unproven', { code: error.code }, error);
    throw error;
  }
};

/** @throws UpkeepRefused backup_unfinished, backup_form, backup_version */
export const requireManifest = async (folder: string): Promise<BackupManifest> => {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw new UpkeepRefused('backup_unfinished', { folder });
  return manifest;
};

/**
 * Hashes every part and every object, and the log up to its root.
 * @throws UpkeepRefused backup_unfinished, backup_form, backup_version, backup_damaged, backup_unproven
 */
export const openBackup = async (folder: string, progress: Progress): Promise<Backup> => {
  const manifest = await requireManifest(folder);
  const { tables, objects: list, rootDocument, keys } = manifest;
  for (const part of [...tables, list, rootDocument, ...keys]) await requirePart(folder, part);
  const objects = await openDiskStore(join(folder, OBJECTS_FOLDER));
  let done = 0;
  await inLanes(listedObjects({ folder, manifest }), OBJECTS_AT_ONCE, async (object) => {
    await requireObject(objects, object);
    done += 1;
    progress('objects of the backup', done, 0);
  });
  const backup = { folder, manifest, objects, root: await readRoot(folder, manifest) };
  await requireTree(backup);
  return backup;
};

/** Bytes of the checkpoint as it is published. */
export const checkpointBytes = ({ checkpoint }: BackupManifest): Uint8Array => utf8(checkpoint);
