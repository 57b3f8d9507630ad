// Migrations run once, forward only, and never against a database they do not belong to.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { migrate } from '../../src/database/migrate.ts';
import { MigrationRefused } from '../../src/database/migration-files.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let own: OwnDatabase;
let folder: string;

beforeEach(async () => {
  own = await ownDatabase();
  await own.sql`drop schema public cascade`;
  await own.sql`create schema public`;
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await write('0001_first.sql', 'create table one (n int);\ninsert into one values (1);');
  await write('0002_second.sql', 'insert into one values (2);');
});
afterEach(async () => {
  await own.drop();
  await rm(folder, { recursive: true });
});

const write = (name: string, text: string) => writeFile(join(folder, name), text);
const rows = async () => (await own.sql`select n from one order by n`).map((row) => row.n);
const ledger = async () =>
  (await own.sql`select name from applied_migrations order by name`).map((row) => row.name);

const refusal = async (): Promise<MigrationRefused> => {
  const error: unknown = await migrate(own.sql, folder).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(MigrationRefused);
  return error as MigrationRefused;
};

describe('migrating', () => {
  it('applies every file in order, and the next time nothing', async () => {
    expect(await migrate(own.sql, folder)).toEqual({ applied: ['0001_first.sql', '0002_second.sql'] });
    expect(await migrate(own.sql, folder)).toEqual({ applied: [] });
    expect(await rows()).toEqual([1, 2]);
  });

  it('goes on from where an older program stopped', async () => {
    await migrate(own.sql, folder);
    await write('0003_third.sql', 'insert into one values (3);');
    expect(await migrate(own.sql, folder)).toEqual({ applied: ['0003_third.sql'] });
  });

  it('takes an empty folder and leaves other files alone', async () => {
    await rm(join(folder, '0001_first.sql'));
    await rm(join(folder, '0002_second.sql'));
    await write('README.md', 'This room promises …');
    expect(await migrate(own.sql, folder)).toEqual({ applied: [] });
  });

  it('applies each file once when many processes start together', async () => {
    for (let n = 3; n < 9; n += 1) await write(`000${n}_more.sql`, `insert into one values (${n});`);
    const pools = Array.from({ length: 6 }, () => connect({ url: own.url, max: 2 }));
    const results = await Promise.all(pools.map((pool) => migrate(pool, folder)));
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual(await ledger());
    expect(await rows()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await Promise.all(pools.map(closeConnection));
  });

  it('waits longer for its turn than other statements wait for a lock', async () => {
    await write('0001_first.sql', 'create table one (n int); select pg_sleep(0.4);');
    const hasty = connect({ url: `${own.url}?lock_timeout=50&statement_timeout=50`, max: 1 });
    const [first, second] = await Promise.all([migrate(own.sql, folder), migrate(hasty, folder)]);
    expect([...first.applied, ...second.applied].sort()).toEqual(['0001_first.sql', '0002_second.sql']);
    await closeConnection(hasty);
  });

  it('reads a checkout with CRLF line ends as the same migration', async () => {
    await migrate(own.sql, folder);
    await write('0001_first.sql', 'create table one (n int);\r\ninsert into one values (1);');
    expect(await migrate(own.sql, folder)).toEqual({ applied: [] });
  });
});

describe('a file that fails', () => {
  it('leaves nothing of itself, keeps those before it, and is named', async () => {
    await write('0002_second.sql', 'insert into one values (2); select wrong;');
    const error = await refusal();
    expect(error).toMatchObject({ problem: 'failed', file: '0002_second.sql' });
    expect(error.message).toContain('column "wrong" does not exist');
    expect(await rows()).toEqual([1]);
    expect(await ledger()).toEqual(['0001_first.sql']);
  });

  it('goes through once it is corrected', async () => {
    await write('0002_second.sql', 'select wrong;');
    await refusal();
    await write('0002_second.sql', 'insert into one values (2);');
    expect(await migrate(own.sql, folder)).toEqual({ applied: ['0002_second.sql'] });
  });
});

describe('a database and a folder that do not belong together', () => {
  beforeEach(async () => {
    await migrate(own.sql, folder);
  });

  it('are refused when an applied file was edited', async () => {
    await write('0001_first.sql', 'create table one (n bigint);');
    await write('0003_third.sql', 'insert into one values (3);');
    expect(await refusal()).toMatchObject({ problem: 'edited', file: '0001_first.sql' });
    expect(await rows()).toEqual([1, 2]);
  });

  it('are refused when an applied file is missing', async () => {
    await rm(join(folder, '0001_first.sql'));
    const error = await refusal();
    expect(error).toMatchObject({ problem: 'missing', file: '0001_first.sql' });
    expect(error.message).toContain(error.cure);
  });

  it('are refused when a newer program migrated the database', async () => {
    await rm(join(folder, '0002_second.sql'));
    expect(await refusal()).toMatchObject({ problem: 'newer_database', file: '0002_second.sql' });
  });

  it('are refused when a new file comes before an applied one', async () => {
    await write('0003_third.sql', 'insert into one values (3);');
    await migrate(own.sql, folder);
    await write('0002_twin.sql', 'insert into one values (9);');
    expect(await refusal()).toMatchObject({ problem: 'misnamed', file: '0002_twin.sql' });
    await rm(join(folder, '0002_twin.sql'));
    await write('0000_late.sql', 'insert into one values (9);');
    expect(await refusal()).toMatchObject({ problem: 'out_of_order', file: '0000_late.sql' });
    expect(await rows()).toEqual([1, 2, 3]);
  });

  it('are refused when a file has no number', async () => {
    await write('extra.sql', 'insert into one values (9);');
    expect(await refusal()).toMatchObject({ problem: 'misnamed', file: 'extra.sql' });
  });
});
