// Whether a backup may be restored where it is asked to be: nothing there may be lost, and no larger log forgotten.
import { encodeHex } from '../../../keys/bytes.ts';
import { type BlobStore, isReplaceable } from '../../../storage/blob-store.ts';
import { type Digest, startDigest } from '../../../storage/digest.ts';
import { LOG_CHECKPOINT_KEY, LOG_PREFIX, type ObjectKey } from '../../../storage/object-keys.ts';
import type { Sql } from '../../database/connect.ts';
import { type Checkpoint, openCheckpoint } from '../../protocol/checkpoint.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { parseTilePath } from '../../protocol/tiles.ts';
import { readPublished, standingOf } from '../check/published.ts';
import { UpkeepRefused } from '../refused.ts';
import {
  type AppliedMigration,
  appliedMigrations,
  isTableEmpty,
  LEDGER,
  tableNames,
} from './backup-store.ts';
import { type Backup, rootOfBackup } from './read-backup.ts';

/** A shape on the way to that of the backup. */
const isBeginning = (found: readonly AppliedMigration[], wanted: readonly AppliedMigration[]): boolean =>
  found.length > 0 &&
  found.every(({ name, sha256 }, at) => name === wanted[at]?.name && sha256 === wanted[at]?.sha256);

/** Without tables, or with the empty ones that a restore which broke off has made. @throws UpkeepRefused database_not_empty */
export const requireEmptyDatabase = async (sql: Sql, { manifest }: Backup): Promise<void> => {
  const tables = await tableNames(sql);
  if (tables.length === 0) return;
  if (!isBeginning(await appliedMigrations(sql), manifest.migrations))
    throw new UpkeepRefused('database_not_empty', { found: tables.slice(0, 20) });
  for (const table of tables.filter((name) => name !== LEDGER))
    if (!(await isTableEmpty(sql, table))) throw new UpkeepRefused('database_not_empty', { found: table });
};

/** @throws UpkeepRefused log_would_shrink, log_would_fork */
const requireNotLarger = async (backup: Backup, { size, root }: Checkpoint, where: string): Promise<void> => {
  const { manifest } = backup;
  const evidence = { where, backup: manifest.size, found: size };
  if (size > manifest.size) throw new UpkeepRefused('log_would_shrink', evidence);
  if ((await rootOfBackup(backup, size)) !== encodeHex(root))
    throw new UpkeepRefused('log_would_fork', { ...evidence, foundRoot: encodeHex(root) });
};

/** An object that the backup has as well. */
const requireSame = async (blobs: BlobStore, { objects }: Backup, key: ObjectKey): Promise<void> => {
  if ((await digestIn(blobs, key)) === (await digestIn(objects, key))) return;
  throw new UpkeepRefused(isReplaceable(key) ? 'log_would_fork' : 'store_not_empty', { found: key });
};

const digestIn = async (blobs: BlobStore, key: ObjectKey): Promise<Digest> => {
  const digest = startDigest();
  for await (const chunk of (await blobs.get(key))?.body ?? []) digest.update(chunk);
  return digest.finish();
};

const requireKnownObjects = async (blobs: BlobStore, backup: Backup): Promise<void> => {
  const { objects, manifest } = backup;
  for await (const { key } of blobs.list('')) {
    if (key === LOG_CHECKPOINT_KEY) continue;
    if ((await objects.head(key)) !== undefined) {
      await requireSame(blobs, backup, key);
      continue;
    }
    const parsed = parseTilePath(key.slice(LOG_PREFIX.length));
    const evidence = { found: key, backup: manifest.size };
    if (
      parsed !== undefined &&
      standingOf({ path: key.slice(LOG_PREFIX.length), parsed }, manifest.size) !== 'covered'
    )
      throw new UpkeepRefused('log_would_shrink', evidence);
    throw new UpkeepRefused('store_not_empty', evidence);
  }
};

/** What a restore that broke off has put may be there. @throws UpkeepRefused store_not_empty, log_would_shrink, log_would_fork */
export const requireEmptyStore = async (blobs: BlobStore, backup: Backup): Promise<void> => {
  const { note, checkpoint } = await readPublished(blobs);
  if (note !== undefined && checkpoint === undefined)
    throw new UpkeepRefused('store_not_empty', { found: LOG_CHECKPOINT_KEY });
  if (checkpoint !== undefined) await requireNotLarger(backup, checkpoint, LOG_CHECKPOINT_KEY);
  await requireKnownObjects(blobs, backup);
};

/**
 * @param note a checkpoint that somebody saw: a mirror, a witness, a client.
 * @throws UpkeepRefused checkpoint_unreadable, log_would_shrink, log_would_fork
 */
export const requireNothingNewer = async (backup: Backup, note: string): Promise<void> => {
  const seen = openedBy(backup, note);
  await requireNotLarger(backup, seen, 'the newer checkpoint');
};

const openedBy = ({ root }: Backup, note: string): Checkpoint => {
  try {
    return openCheckpoint(note, root.log.vkey);
  } catch (error) {
    if (error instanceof LogError)
      throw new UpkeepRefused('checkpoint_unreadable', { code: error.code }, error);
    throw error;
  }
};
