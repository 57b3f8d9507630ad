// The operator's way in: a file of the data directory, which a restart makes valid and whose loss a restart mends.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticate, findToken } from '../../src/access/authenticate.ts';
import { ensureOperatorToken } from '../../src/access/operator-token.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

const now = () => new Date();
let database: OwnDatabase;
let folder: string;
beforeAll(async () => {
  database = await ownDatabase();
  folder = await mkdtemp(join(tmpdir(), 'attestry-operator-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const start = () =>
  ensureOperatorToken(
    { sql: database.sql, now, append: appendEvent({ now }), announce: () => undefined },
    join(folder, 'admin-token'),
  );
const tokenInFile = async () => (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
const whoHas = (token: string) =>
  authenticate({ findToken: findToken(database.sql), now })(`Bearer ${token}`);

describe('the admin token', () => {
  it('is made at the first start, readable by its owner alone, and valid', async () => {
    await Promise.all([start(), start(), start()]);
    expect((await stat(join(folder, 'admin-token'))).mode & 0o777).toBe(0o600);
    expect(await whoHas(await tokenInFile())).toMatchObject({ account: 'operator', namespaces: null });
  });

  it('stays the same at every later start', async () => {
    const before = await tokenInFile();
    await start();
    expect(await tokenInFile()).toBe(before);
    expect(await database.sql`select 1 from tokens`).toHaveLength(1);
  });

  it('is made valid by the next start where a crash came between its file and the database', async () => {
    await database.sql`delete from tokens`;
    await expect(whoHas(await tokenInFile())).rejects.toThrow();
    await start();
    expect((await whoHas(await tokenInFile())).account).toBe('operator');
  });

  it('is replaced where its file was removed', async () => {
    const before = await tokenInFile();
    await rm(join(folder, 'admin-token'));
    await start();
    expect(await tokenInFile()).not.toBe(before);
    expect((await whoHas(await tokenInFile())).account).toBe('operator');
  });

  it('that was revoked stays revoked', async () => {
    await database.sql`update tokens set revoked_at = now()`;
    await start();
    await expect(whoHas(await tokenInFile())).rejects.toThrow('revoked');
  });
});
