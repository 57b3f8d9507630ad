// Gives an empty database the very shape that a backup was taken of, and then, with its rows in it, the newest.
import type { Sql, Tx } from '../../database/connect.ts';
import { applyMigrations, applyPendingIn } from '../../database/migrate.ts';
import { type Migration, readMigrations } from '../../database/migration-files.ts';
import { UpkeepRefused } from '../refused.ts';
import type { AppliedMigration } from './backup-store.ts';

const fileOf = (files: readonly Migration[], { name, sha256 }: AppliedMigration): Migration => {
  const found = files.find((file) => file.name === name);
  if (found?.sha256 === sha256) return found;
  throw new UpkeepRefused('backup_version', {
    migration: name,
    found: found === undefined ? 'not known here' : 'another text',
  });
};

/** The migrations of a backup. @throws UpkeepRefused backup_version where this program does not know them */
export const requireKnownShape = async (
  migrations: string,
  applied: readonly AppliedMigration[],
): Promise<readonly Migration[]> => {
  const files = await readMigrations(migrations);
  return applied.map((each) => fileOf(files, each));
};

export const shapeAs = (sql: Sql, shape: readonly Migration[]): Promise<unknown> =>
  applyMigrations(sql, shape);

/** What is checked and believed has the shape that this program knows. */
export const bringToNewest = async (tx: Tx, migrations: string): Promise<void> =>
  applyPendingIn(tx, await readMigrations(migrations));
