// Backs a registry up while it runs: one moment of its database, and every object that this moment needs.
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeHex, equalBytes, utf8 } from '../../../keys/bytes.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { type Root, verifyFirstRoot } from '../../../keys/root.ts';
import { type BlobStore, only } from '../../../storage/blob-store.ts';
import type { Digest } from '../../../storage/digest.ts';
import { openDiskStore } from '../../../storage/disk-store.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { rootAt } from '../../access/delegation-store.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { type Head, readHead } from '../../transparency/log-store.ts';
import type { Progress } from '../fsck.ts';
import { UpkeepRefused } from '../refused.ts';
import { inSnapshot, namedDigests } from '../upkeep-store.ts';
import {
  type BackupManifest,
  MANIFEST_FILE,
  manifestText,
  OBJECTS_FOLDER,
  type Part,
  readManifest,
  type TablePart,
} from './backup-format.ts';
import { copyBlobs, copyLog, Overtaken, rootOfRows } from './backup-objects.ts';
import { appliedMigrations, LEDGER, references, rowsOf, sequenceValues, tableNames } from './backup-store.ts';
import { erasedIn } from './erased.ts';
import { makeOwnFolder, replaceFile, writeLines, writePart } from './parts.ts';
import { inReferenceOrder } from './reference-order.ts';

export interface BackupDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  /** Where the registry's private keys lie. */
  readonly keyFolder: string;
  readonly now: () => Date;
  readonly progress: Progress;
}

export interface BackupOptions {
  readonly folder: string;
  readonly withKeys: boolean;
}

/** One backup in the making. */
interface Making extends BackupDeps, BackupOptions {
  readonly tx: Tx;
  readonly snapshot: string;
  readonly target: BlobStore;
}

const newestRoot = async (tx: Tx): Promise<{ root: Root; envelope: string }> => {
  const envelope = await rootAt(tx, 'latest');
  if (envelope === undefined) throw new UpkeepRefused('log_unsound', { missing: 'root' });
  return { root: verifyFirstRoot(parseEnvelope(envelope)), envelope };
};

const requireSound = async (tx: Tx, { size, root }: Head): Promise<void> => {
  if (!equalBytes(await rootOfRows(tx, size), root)) throw new UpkeepRefused('log_unsound', { size });
};

/** What was backed up there before has to be a beginning of what is backed up now. */
const requireSameLog = async (
  tx: Tx,
  before: BackupManifest | undefined,
  head: Head,
  { log }: Root,
): Promise<void> => {
  if (before === undefined) return;
  const evidence = { found: before.registry, expected: log.origin, foundSize: before.size, size: head.size };
  if (before.registry !== log.origin) throw new UpkeepRefused('backup_of_another', evidence);
  if (before.size > head.size) throw new UpkeepRefused('backup_ahead', evidence);
  if (encodeHex(await rootOfRows(tx, before.size)) === before.root) return;
  // Damaged rows make another beginning as well.
  await requireSound(tx, head);
  throw new UpkeepRefused('backup_of_another', evidence);
};

const saveTable = async ({ tx, folder, snapshot, progress }: Making, table: string): Promise<TablePart> => {
  let rows = 0;
  async function* pages() {
    for await (const page of rowsOf(tx, table)) {
      rows += page.length;
      progress(`table ${table}`, rows, 0);
      yield page;
    }
  }
  const part = await writeLines(folder, `${snapshot}/tables/${table}.gz`, pages());
  return { table, rows, ...part };
};

const saveTables = async (the: Making): Promise<readonly TablePart[]> => {
  const names = (await tableNames(the.tx)).filter((name) => name !== LEDGER);
  const parts: TablePart[] = [];
  for (const name of inReferenceOrder(names, await references(the.tx)))
    parts.push(await saveTable(the, name));
  return parts;
};

/** @throws UpkeepRefused log_unsound where the rows do not make the head */
const saveObjects = async (the: Making, head: Head): Promise<Part> => {
  let done = 0;
  const isHeld = async (digest: string) => (await namedDigests(the.sql, [digest])).has(digest);
  async function* pages() {
    const root = yield* copyLog(the, head.size);
    if (!equalBytes(root, head.root)) throw new UpkeepRefused('log_unsound', { size: head.size });
    for await (const page of copyBlobs({ ...the, isHeld })) {
      done += page.length;
      the.progress('blobs', done, 0);
      yield page;
    }
  }
  return writeLines(the.folder, `${the.snapshot}/objects.gz`, pages());
};

/** The registry's own keys, and the root that its operator laid beside them, if he did. */
const saveKeys = async ({ keyFolder, folder, snapshot, withKeys }: Making): Promise<readonly Part[]> => {
  if (!withKeys) return [];
  const names = (await readdir(keyFolder)).filter(
    (name) => /^[\w.~-]+\.pem$/.test(name) || name === 'root.json',
  );
  const parts: Part[] = [];
  for (const name of names.sort())
    parts.push(
      await writePart(folder, `${snapshot}/keys/${name}`, only(await readFile(join(keyFolder, name)))),
    );
  return parts;
};

/** Of two backups in one folder the later one alone is left: what only the earlier one held would be gone. */
const requireNoKeysLost = (before: BackupManifest | undefined, { folder, withKeys }: BackupOptions): void => {
  if (withKeys || before === undefined || before.keys.length === 0) return;
  throw new UpkeepRefused('backup_drops_keys', { folder, keys: before.keys.length });
};

const makeManifest = async (the: Making): Promise<BackupManifest> => {
  const { tx, snapshot } = the;
  const head = await readHead(tx);
  if (head === undefined) throw new UpkeepRefused('log_unsound', { missing: 'head' });
  const { root, envelope } = await newestRoot(tx);
  const before = await readManifest(the.folder);
  await requireSameLog(tx, before, head, root);
  requireNoKeysLost(before, the);
  return {
    madeAt: the.now().toISOString(),
    snapshot,
    registry: root.log.origin,
    size: head.size,
    root: encodeHex(head.root),
    checkpoint: head.checkpoint,
    migrations: await appliedMigrations(tx),
    tables: await saveTables(the),
    objects: await saveObjects(the, head),
    rootDocument: await writePart(the.folder, `${snapshot}/root.json`, only(utf8(envelope))),
    keys: await saveKeys(the),
    // Read last: what the rows hold lies below it.
    sequences: await sequenceValues(tx),
  };
};

const SNAPSHOT = /^snapshot-[0-9a-f-]{36}$/;

const dropOthers = async (folder: string, snapshot: string): Promise<void> => {
  const old = (await readdir(folder)).filter((name) => SNAPSHOT.test(name) && name !== snapshot);
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
};

interface Made {
  readonly manifest: BackupManifest;
  readonly erased: readonly Digest[];
}

const TRIES = 5;

/** Again, where what one moment names was erased before it was copied: what is copied already need not be once more. */
const makeOne = async (the: BackupDeps, options: BackupOptions, target: BlobStore): Promise<Made> => {
  for (let tries = 1; ; tries += 1) {
    const snapshot = `snapshot-${randomUUID()}`;
    try {
      return await inSnapshot(the.sql, async (tx) => {
        const manifest = await makeManifest({ ...the, ...options, tx, snapshot, target });
        return { manifest, erased: await erasedIn(tx) };
      });
    } catch (error) {
      if (!(error instanceof Overtaken) || tries === TRIES) throw error;
    }
  }
};

/**
 * Makes the backup in `folder`, or brings the one there up to date. Until the manifest stands in its place the earlier
 * backup is the one that counts, and whatever breaks off before leaves that as it was; afterwards nothing that was erased
 * is left of it.
 * @throws UpkeepRefused log_unsound, backup_of_another, backup_ahead, backup_drops_keys; StorageError blob_missing, blob_corrupt
 */
export const makeBackup =
  (the: BackupDeps) =>
  async (options: BackupOptions): Promise<BackupManifest> => {
    const { folder } = options;
    await makeOwnFolder(folder);
    const target = await openDiskStore(join(folder, OBJECTS_FOLDER));
    const { manifest, erased } = await makeOne(the, options, target);
    await replaceFile(folder, MANIFEST_FILE, manifestText(manifest));
    await dropOthers(folder, manifest.snapshot);
    for (const digest of erased) await target.delete(blobKey(digest));
    return manifest;
  };
