// Restores a backup into an empty database and an empty blob store, or says why it does not.
import { encodeHex, equalBytes } from '../../../keys/bytes.ts';
import { keyFingerprint } from '../../../keys/key.ts';
import { type BlobStore, isReplaceable, readObject } from '../../../storage/blob-store.ts';
import { digestOf } from '../../../storage/digest.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { LOG_CHECKPOINT_KEY } from '../../../storage/object-keys.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { finishErasures } from '../../knowledge/documents/erase.ts';
import { entryOf, type Finding } from '../findings.ts';
import { checkRestored, type Progress } from '../fsck.ts';
import { hasBases } from '../knowledge-store.ts';
import { destroyErased } from '../mend/events.ts';
import { UpkeepRefused } from '../refused.ts';
import { openReport } from '../report.ts';
import type { BackupManifest } from './backup-format.ts';
import { insertRows, liftLimits, setSequence } from './backup-store.ts';
import {
  type Backup,
  checkpointBytes,
  type ListedObject,
  listedObjects,
  openBackup,
  rowsOfPart,
} from './read-backup.ts';
import { putKeys, requireFreeKeyNames } from './restore-keys.ts';
import { bringToNewest, requireKnownShape, shapeAs } from './restore-schema.ts';
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
  readonly manifest: BackupManifest;
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

/** Hashed on its way in; one that is there already was found to be the same, unless it came meanwhile. */
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
  await inLanes(listedObjects(backup), OBJECTS_AT_ONCE, async (object) => {
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
  { manifest, objects }: Backup,
  { despiteDamage }: RestoreOptions,
): Promise<readonly Finding[]> => {
  const report = openReport();
  const { head, sound } = await checkRestored({
    ...the,
    blobs: objects,
    tx,
    report,
    note: manifest.checkpoint,
  });
  const same = head !== undefined && head.size === manifest.size && encodeHex(head.root) === manifest.root;
  const damage = lastingDamage(report.findings());
  const evidence = { findings: damage.slice(0, 20) };
  if (!same || head.checkpoint !== manifest.checkpoint || !sound)
    throw new UpkeepRefused('backup_unproven', evidence);
  if (damage.length > 0 && !despiteDamage) throw new UpkeepRefused('backup_of_damage', evidence);
  return damage;
};

/**
 * No other transaction of ours waits for blobs. This one may: the database is empty, so that nobody waits for its locks;
 * what is believed has to be the very rows that are committed; and what is not believed has to be refused before a byte
 * is put elsewhere. Rows are held against the objects in the backup, from which the copies are made. A connection that
 * is lost on the way costs the copying of rows alone: objects that are there are only compared the next time.
 */
const fillAndCopy = async (
  the: RestoreDeps,
  tx: Tx,
  backup: Backup,
  options: RestoreOptions,
): Promise<Pick<Restored, 'findings' | 'keys'>> => {
  await liftLimits(tx);
  await fillTables(the, tx, backup);
  await bringToNewest(tx, the.migrations);
  const findings = await requireProven(the, tx, backup, options);
  await copyObjects(the, backup);
  return { findings, keys: await putKeys(the.keyFolder, backup) };
};

const requirePlace = async (the: RestoreDeps, backup: Backup): Promise<void> => {
  await requireEmptyStore(the.blobs, backup);
  await requireFreeKeyNames(the.keyFolder, backup);
  await requireEmptyDatabase(the.sql, backup);
};

/**
 * Where it is refused, nothing of the backup is there, save that a database without tables may have empty ones. What
 * breaks off while it copies, because a disk is full or somebody else puts other things there at the same time, leaves
 * objects and keys of this backup and no row, and may be begun again.
 * @throws UpkeepRefused with the code and the evidence
 */
export const restoreBackup =
  (the: RestoreDeps) =>
  async (options: RestoreOptions): Promise<Restored> => {
    const backup = await openBackup(options.folder, the.progress);
    const { manifest } = backup;
    if (options.newerCheckpoint !== undefined) await requireNothingNewer(backup, options.newerCheckpoint);
    const shape = await requireKnownShape(the.migrations, manifest.migrations);
    await requirePlace(the, backup);
    await shapeAs(the.sql, shape);
    // The point of no return is its commit: before it the database is empty, after it all is there.
    const done = await inTransaction(the.sql, (tx) => fillAndCopy(the, tx, backup, options));
    await publishCheckpoint(the, manifest);
    await keepErased(the, done.findings);
    const rootKeys = backup.root.keys.map(({ publicKey }) => keyFingerprint(publicKey));
    return { manifest, rootKeys, ...done };
  };

/**
 * What is on record as erased must not come back with a store that was not quite empty. An erasure that no event tells of
 * may be forged: what it would destroy is left to whoever restores damage.
 */
const keepErased = async (the: RestoreDeps, findings: readonly Finding[]): Promise<void> => {
  const isForged = findings.some(({ code }) => code === 'erasure_without_event');
  if (isForged || !(await hasBases(the.sql))) return;
  await finishErasures(the)();
  await destroyErased({ ...the, tell: () => undefined });
};

/** One that is there already is a beginning of this one; the sealer would bring it up to date as well. */
const publishCheckpoint = async ({ blobs }: RestoreDeps, manifest: BackupManifest): Promise<void> => {
  const bytes = checkpointBytes(manifest);
  const found = await readObject(blobs, LOG_CHECKPOINT_KEY, { maxBytes: MAX_LOG_OBJECT });
  if (found === undefined || !equalBytes(found, bytes)) await blobs.replace(LOG_CHECKPOINT_KEY, bytes);
};
