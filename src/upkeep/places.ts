// Opens the database and the blob store of a registry for its operator, whether the registry runs or stands still.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { DiskOptions } from '../../storage/disk-store.ts';
import { openBlobStore } from '../../storage/open-store.ts';
import type { Config } from '../config.ts';
import { closeConnection, connect, pingDatabase, type Sql } from '../database/connect.ts';
import { startEmbedded } from '../database/embedded.ts';
import { pendingMigrations, readMigrations } from '../database/migration-files.ts';
import { appliedMigrations } from './backup/backup-store.ts';
import { UpkeepRefused } from './refused.ts';

export interface Places {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly keyFolder: string;
  readonly stagingFolder: string;
  /** Lets go of all of it; an embedded database that was started for this ends. */
  readonly close: () => Promise<void>;
}

export const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const CONNECTIONS = 4;

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const openDatabase = async ({
  databaseUrl,
  dataDir,
}: Config): Promise<{ url: string; stop: () => Promise<void> }> =>
  databaseUrl === undefined
    ? startEmbedded({ dataDir: join(dataDir, 'postgres') })
    : { url: databaseUrl, stop: async () => undefined };

const open = async (config: Config, onDisk: DiskOptions): Promise<Places> => {
  const { url, stop } = await openDatabase(config);
  const sql = connect({ url, max: CONNECTIONS, applicationName: 'attestry upkeep' });
  const close = async (): Promise<void> => {
    await closeConnection(sql);
    await stop();
  };
  try {
    await pingDatabase(sql);
    const blobs = await openBlobStore(config.blobUrl, undefined, onDisk);
    await blobs.ping();
    const inData = (name: string): string => join(config.dataDir, name);
    return { sql, blobs, keyFolder: inData('keys'), stagingFolder: inData('staging'), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Brings nothing to another shape: that is for a start of the registry. @throws UpkeepRefused other_schema */
const requireShape = async (sql: Sql): Promise<void> => {
  const pending = pendingMigrations(await readMigrations(MIGRATIONS), await appliedMigrations(sql));
  if (pending.length > 0)
    throw new UpkeepRefused('other_schema', { pending: pending.map(({ name }) => name) });
};

/** @throws UpkeepRefused no_registry, other_schema; MigrationRefused, EmbeddedFailure, StorageError */
export const openRegistry = async (config: Config, onDisk: DiskOptions = {}): Promise<Places> => {
  if (config.databaseUrl === undefined && !(await isThere(join(config.dataDir, 'postgres'))))
    throw new UpkeepRefused('no_registry', { folder: config.dataDir });
  const places = await open(config, onDisk);
  try {
    await requireShape(places.sql);
    return places;
  } catch (error) {
    await places.close();
    throw error;
  }
};

/** Where there is nothing yet. Others may pass through to the embedded database, and see nothing. */
export const openEmptyPlaces = async (config: Config): Promise<Places> => {
  await mkdir(config.dataDir, { recursive: true, mode: 0o711 });
  for (const name of ['blobs', 'staging', 'keys'])
    await mkdir(join(config.dataDir, name), { recursive: true, mode: 0o700 });
  return open(config, {});
};
