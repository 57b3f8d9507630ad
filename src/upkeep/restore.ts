// Restores a backup into an empty database and an empty blob store, or says why it does not.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { encodeHex, equalBytes } from '../../keys/bytes.ts';
import { keyFingerprint } from '../../keys/key.ts';
import { createPrivateFile } from '../../keys/signers/private-file.ts';
import { type BlobStore, isReplaceable, readObject } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { durableDirectories } from '../../storage/durable-directories.ts';
import { LOG_CHECKPOINT_KEY } from '../../storage/object-keys.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Manifest } from './backup-format.ts';
import { insertRows, liftLimits, setSequence } from './backup-store.ts';
import { entryOf, type Finding } from './findings.ts';
import { checkRestored, type Progress } from './fsck.ts';
import { inParallel } from './in-parallel.ts';
import {
  type Backup,
  checkpointBytes,
  type ListedObject,
  listedObjects,
  openBackup,
  rowsOfPart,
} from './read-backup.ts';
import { UpkeepRefused } from './refused.ts';
import { openReport } from './report.ts';
import { shapeAs } from './restore-schema.ts';
import { requireEmptyDatabase, requireEmptyStore, requireNothingNewer } from './restore-target.ts';

export interface RestoreDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly keyFolder: string;
  /** Where the migrations of this program lie. */
  readonly migrations: string;
  readonly now: () => Date;
  readonly progress: Progress;
}

export interface RestoreOptions {
  readonly folder: string;
  /** Text of a checkpoint that somebody saw, if there is one. */
  readonly newerCheckpoint: string | undefined;
  /** Restores also what was damaged already when it was backed up. */
  readonly despiteDamage: boolean;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Of the keys that sign roots: by these one knows whose registry it is. */
  readonly rootKeys: readonly string[];
  /** Names of the key files that were put back. */
  readonly keys: readonly string[];
  /** What was damaged already when it was backed up. */
  readonly findings: readonly Finding[];
}

const OBJECTS_AT_ONCE = 4;
const MAX_LOG_OBJECT = 32 * 1024 * 1024;

const streamOf = async function* (from: BlobStore, { key }: ListedObject) {
  const found = await from.get(key);
  if (found === undefined) throw new UpkeepRefused('backup_damaged', { part: key, found: 'nothing' });
  yield* found.body;
};

/** Hashed on its way in; one that a broken-off restore has put has to be the same. */
const copyObject = async (
  { blobs }: RestoreDeps,
  { objects }: Backup,
  object: ListedObject,
): Promise<void> => {
  const { key, size, sha256 } = object;
  const put = await blobs.put(key, { size, digest: sha256, read: () => streamOf(objects, object) });
  if (put === 'created' || !isReplaceable(key)) return;
  const found = await readObject(blobs, key, { maxBytes: MAX_LOG_OBJECT });
  if (found === undefined || digestOf(found) !== sha256)
    throw new UpkeepRefused('log_would_fork', { found: key });
};

const copyObjects = async (the: RestoreDeps, backup: Backup): Promise<void> => {
  let done = 0;
  await inParallel(listedObjects(backup), OBJECTS_AT_ONCE, async (object) => {
    await copyObject(the, backup, object);
    done += 1;
    the.progress('objects', done, 0);
  });
};

const fillTables = async (the: RestoreDeps, tx: Tx, { folder, manifest }: Backup): Promise<void> => {
  for (const part of manifest.tables) {
    let rows = 0;
    for await (const lines of rowsOfPart(folder, part)) {
      rows += await insertRows(tx, part.table, lines);
      the.progress(`table ${part.table}`, rows, part.rows);
    }
    if (rows !== part.rows)
      throw new UpkeepRefused('backup_damaged', { part: part.path, expected: part.rows, found: rows });
  }
  for (const sequence of manifest.sequences) await setSequence(tx, sequence);
};

/** Damage that only a backup could have mended, and this one does not. */
const lastingDamage = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ code }) => entryOf(code).plan.kind === 'restore');

const requireProven = async (
  the: RestoreDeps,
  tx: Tx,
  { manifest }: Backup,
  { despiteDamage }: RestoreOptions,
): Promise<readonly Finding[]> => {
  const report = openReport();
  const { head, sound } = await checkRestored({ ...the, tx, report, note: manifest.checkpoint });
  const same = head !== undefined && head.size === manifest.size && encodeHex(head.root) === manifest.root;
  const damage = lastingDamage(report.findings());
  const evidence = { findings: damage.slice(0, 20) };
  if (!same || head.checkpoint !== manifest.checkpoint || !sound)
    throw new UpkeepRefused('backup_unproven', evidence);
  if (damage.length > 0 && !despiteDamage) throw new UpkeepRefused('backup_of_damage', evidence);
  return damage;
};

const putKeys = async (
  { keyFolder }: RestoreDeps,
  { folder, manifest }: Backup,
): Promise<readonly string[]> => {
  if (manifest.keys.length === 0) return [];
  await durableDirectories(keyFolder).ensure(keyFolder);
  for (const { path } of manifest.keys) {
    const target = join(keyFolder, basename(path));
    const text = await readFile(join(folder, path), 'utf8');
    await createPrivateFile(target, text).catch(async (error: unknown) => {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!taken || (await readFile(target, 'utf8')) !== text) throw error;
    });
  }
  return manifest.keys.map(({ path }) => basename(path));
};

/** @throws UpkeepRefused with the code and the evidence; nothing is restored then */
export const restoreBackup =
  (the: RestoreDeps) =>
  async (options: RestoreOptions): Promise<Restored> => {
    const backup = await openBackup(options.folder, the.progress);
    if (options.newerCheckpoint !== undefined) await requireNothingNewer(backup, options.newerCheckpoint);
    await requireEmptyStore(the.blobs, backup);
    await requireEmptyDatabase(the.sql, backup);
    await shapeAs(the.sql, the.migrations, backup.manifest.migrations);
    const keys = await putKeys(the, backup);
    await copyObjects(the, backup);
    // The point of no return: before it the database is empty and a restore may begin again, after it all is there.
    const findings = await inTransaction(the.sql, async (tx) => {
      await liftLimits(tx);
      await fillTables(the, tx, backup);
      return requireProven(the, tx, backup, options);
    });
    await publishCheckpoint(the, backup.manifest);
    const rootKeys = backup.root.keys.map(({ publicKey }) => keyFingerprint(publicKey));
    return { manifest: backup.manifest, rootKeys, keys, findings };
  };

/** One that is there already is a beginning of this one; the sealer would bring it up to date as well. */
const publishCheckpoint = async ({ blobs }: RestoreDeps, manifest: Manifest): Promise<void> => {
  const bytes = checkpointBytes(manifest);
  const found = await readObject(blobs, LOG_CHECKPOINT_KEY, { maxBytes: MAX_LOG_OBJECT });
  if (found === undefined || !equalBytes(found, bytes)) await blobs.replace(LOG_CHECKPOINT_KEY, bytes);
};
