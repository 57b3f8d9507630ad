// Gives a test file a migrated database that nothing else touches.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';

export interface OwnDatabase {
  readonly url: string;
  readonly sql: Sql;
  /** Closes `sql` and removes the database, whoever is still connected to it. */
  drop(): Promise<void>;
}

/** Runs one statement on the run's server. */
const onServer = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
  const sql = connect({ url: inject('databaseUrl'), max: 1, applicationName: 'tests' });
  return work(sql).finally(() => closeConnection(sql));
};

/** File by file, as nothing has to outlive a crash here: the usual way through the log takes twice as long. */
export const copyDatabase = (sql: Sql, name: string, template: string): Promise<unknown> =>
  sql`create database ${sql(name)} template ${sql(template)} strategy file_copy`;

/** Copies the migrated template; call it once per test file, in `beforeAll`, and `drop` in `afterAll`. */
export const ownDatabase = async (): Promise<OwnDatabase> => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = inject('templateDatabase');
  await onServer((sql) => copyDatabase(sql, name, template));
  const address = new URL(inject('databaseUrl'));
  address.pathname = `/${name}`;
  const sql = connect({ url: address.href, applicationName: name });
  const drop = async () => {
    await closeConnection(sql);
    await onServer((server) => server`drop database ${server(name)} with (force)`);
  };
  return { url: address.href, sql, drop };
};
