// Gives an empty database the very shape that a backup was taken of; the next start brings it to the newest.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sql } from '../database/connect.ts';
import { migrate } from '../database/migrate.ts';
import { type Migration, readMigrations } from '../database/migration-files.ts';
import type { AppliedMigration } from './backup-store.ts';
import { UpkeepRefused } from './refused.ts';

const fileOf = (files: readonly Migration[], { name, sha256 }: AppliedMigration): Migration => {
  const found = files.find((file) => file.name === name);
  if (found?.sha256 === sha256) return found;
  throw new UpkeepRefused('backup_version', {
    migration: name,
    found: found === undefined ? 'not known here' : 'another text',
  });
};

/** @throws UpkeepRefused backup_version where this program does not know the shape */
export const shapeAs = async (
  sql: Sql,
  migrations: string,
  applied: readonly AppliedMigration[],
): Promise<void> => {
  const files = await readMigrations(migrations);
  const wanted = applied.map((each) => fileOf(files, each));
  const folder = await mkdtemp(join(tmpdir(), 'attestry-shape-'));
  try {
    for (const { name, text } of wanted) await writeFile(join(folder, name), text);
    await migrate(sql, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
