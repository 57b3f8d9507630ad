// Reads the migrations folder and judges it against what a database says was applied.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Migration {
  /** File name, `NNNN_name.sql`; names sort in the order of application. */
  readonly name: string;
  readonly text: string;
  /** Lower-case hex of the text with LF line ends, so that a checkout with CRLF is the same migration. */
  readonly sha256: string;
}

export interface AppliedMigration {
  readonly name: string;
  readonly sha256: string;
}

export type MigrationProblem =
  | 'misnamed'
  | 'edited'
  | 'missing'
  | 'out_of_order'
  | 'newer_database'
  | 'failed';

/**
 * A database and a folder that do not belong together: names the file, and the cure stands in the message.
 */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
  readonly problem: MigrationProblem;
  readonly file: string;
  readonly cure: string;

  constructor(problem: MigrationProblem, file: string, what: string, cure: string, options?: ErrorOptions) {
    super(`Migration ${file} ${what} ${cure}`, options);
    this.problem = problem;
    this.file = file;
    this.cure = cure;
  }
}

const NAME = /^\d{4}_[a-z0-9_]+\.sql$/;

const digestOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

const load = async (folder: string, name: string): Promise<Migration> => {
  const text = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
  return { name, text, sha256: digestOf(text) };
};

const refuseBadNames = (names: readonly string[]): void => {
  const bad = names.find((name) => !NAME.test(name));
  if (bad !== undefined)
    throw new MigrationRefused('misnamed', bad, 'is not called NNNN_name.sql.', 'Rename it.');
  const twin = names.find((name, index) => name.slice(0, 4) === names[index - 1]?.slice(0, 4));
  if (twin !== undefined)
    throw new MigrationRefused('misnamed', twin, 'shares its number with another.', 'Give it the next one.');
};

/** Every `.sql` file of the folder in order; other files are left alone. */
export const readMigrations = async (folder: string): Promise<readonly Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  refuseBadNames(names);
  return Promise.all(names.map((name) => load(folder, name)));
};

const refuseUnknown = (files: readonly Migration[], name: string): never => {
  const last = files.at(-1)?.name ?? '';
  if (name > last)
    throw new MigrationRefused(
      'newer_database',
      name,
      'was applied by a newer program.',
      'Run that program or a later one; this one would misread the database.',
    );
  throw new MigrationRefused('missing', name, 'was applied but is gone.', 'Put the file back as it was.');
};

const refuseEdited = (name: string): never => {
  const cure = 'Put the old text back and write the change as a new migration.';
  throw new MigrationRefused('edited', name, 'was changed after it was applied.', cure);
};

/**
 * The migrations still to be applied, in order.
 *
 * @throws MigrationRefused when an applied file was edited or removed, when the database knows a later file
 *   than the folder, or when a file comes before one that is applied already.
 */
export const pendingMigrations = (
  files: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] => {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, sha256 } of applied) {
    const file = byName.get(name) ?? refuseUnknown(files, name);
    if (file.sha256 !== sha256) refuseEdited(name);
  }
  const done = new Set(applied.map(({ name }) => name));
  const last = [...done].sort().at(-1) ?? '';
  const pending = files.filter(({ name }) => !done.has(name));
  const late = pending.find(({ name }) => name < last);
  if (late === undefined) return pending;
  const cure = 'Give it a number after the last one.';
  throw new MigrationRefused('out_of_order', late.name, `comes before ${last}, which is applied.`, cure);
};
