// Whether a backup may be restored where it is asked to be: nothing there may be lost, and no larger log forgotten.
import { encodeHex } from '../../keys/bytes.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { LOG_CHECKPOINT_KEY, LOG_PREFIX } from '../../storage/object-keys.ts';
import type { Sql } from '../database/connect.ts';
import { type Checkpoint, openCheckpoint } from '../protocol/checkpoint.ts';
import { LogError } from '../protocol/log-errors.ts';
import { parseTilePath } from '../protocol/tiles.ts';
import {
  type AppliedMigration,
  appliedMigrations,
  isTableEmpty,
  LEDGER,
  tableNames,
} from './backup-store.ts';
import { readPublished, standingOf } from './check-published.ts';
import { type Backup, rootOfBackup } from './read-backup.ts';
import { UpkeepRefused } from './refused.ts';

const sameMigrations = (one: readonly AppliedMigration[], other: readonly AppliedMigration[]): boolean =>
  JSON.stringify(one.map(({ name, sha256 }) => [name, sha256])) ===
  JSON.stringify(other.map(({ name, sha256 }) => [name, sha256]));

/** Without tables, or with the empty ones that a restore which broke off has made. @throws UpkeepRefused database_not_empty */
export const requireEmptyDatabase = async (sql: Sql, { manifest }: Backup): Promise<void> => {
  const tables = await tableNames(sql);
  if (tables.length === 0) return;
  if (!sameMigrations(await appliedMigrations(sql), manifest.migrations))
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

/** Objects of the store that the backup does not have. */
const requireKnownObjects = async (blobs: BlobStore, { objects, manifest }: Backup): Promise<void> => {
  for await (const { key } of blobs.list('')) {
    if (key === LOG_CHECKPOINT_KEY || (await objects.head(key)) !== undefined) continue;
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
