// One call gives a durable database of our own, and says clearly why when it cannot.
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFolder, usableBinaries } from '../../src/database/embedded-binaries.ts';
import { EmbeddedFailure } from '../../src/database/embedded-failure.ts';
import { findPlace } from '../../src/database/embedded-place.ts';
import { markOf } from '../../src/database/embedded-process.ts';
import { freePort, startServer } from '../../src/database/embedded-server.ts';
import { stopServer } from '../../src/database/embedded-stop.ts';
import { isUnavailable } from '../../src/database/transaction.ts';
import { dataIn, ownFolder, serverPid, startIn, using } from './clusters.ts';

const failureOf = async (work: Promise<unknown>): Promise<EmbeddedFailure> => {
  const error: unknown = await work.catch((each: unknown) => each);
  expect(error).toBeInstanceOf(EmbeddedFailure);
  return error as EmbeddedFailure;
};

describe('a first start', () => {
  it('makes a durable cluster whose order of text is the same on every host', async () => {
    const folder = await ownFolder();
    const embedded = await startIn(folder, { fsync: true });
    const facts = await using(embedded.url, async (sql) => {
      const [row] =
        await sql`select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
        current_setting('listen_addresses') as address, current_setting('unix_socket_directories') as sockets,
        current_setting('password_encryption') as passwords, current_setting('lc_messages') as messages,
        pg_encoding_to_char(encoding) as encoding, datlocale as locale, current_database() as name
        from pg_database where datname = current_database()`;
      const words = await sql`select w from (values ('b'), ('a'), ('B'), ('é'), ('_')) as v(w) order by w`;
      return { ...row, words: words.map(({ w }) => w).join('') };
    });
    expect(facts).toEqual({
      ...{ fsync: 'on', pages: 'on', address: '127.0.0.1', sockets: '', passwords: 'scram-sha-256' },
      ...{ messages: 'C', encoding: 'UTF8', locale: 'C.UTF-8', name: 'attestry', words: 'B_abé' },
    });
    await embedded.stop();
  });

  it('lets nobody in without the password, which only we can read', async () => {
    const folder = await ownFolder();
    const embedded = await startIn(folder);
    const wrong = embedded.url.replace(/:[0-9a-f]+@/, ':wrong@');
    const error = await using(wrong, (sql) => sql`select 1`).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: '28P01' });
    const file = join(dataIn(folder), 'password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(embedded.url).toContain(await readFile(file, 'utf8'));
    await embedded.stop();
  });
});

describe('a later start', () => {
  it('finds everything that was there, and stopping twice is stopping once', async () => {
    const folder = await ownFolder();
    const first = await startIn(folder);
    await using(first.url, (sql) => sql`create table kept as select 1 as n`);
    await Promise.all([first.stop(), first.stop()]);
    await expect(using(first.url, (sql) => sql`select 1`)).rejects.toSatisfy(isUnavailable);
    const second = await startIn(folder);
    expect(second).toMatchObject({ adopted: false, joined: false });
    expect(await using(second.url, (sql) => sql`select n from kept`)).toEqual([{ n: 1 }]);
    await second.stop();
  });

  it('is refused when another major version made the cluster', async () => {
    const folder = await ownFolder();
    await (await startIn(folder)).stop();
    const cluster = join(dataIn(folder), 'cluster');
    await writeFile(join(cluster, 'PG_VERSION'), '16\n');
    const error = await failureOf(startIn(folder));
    expect(error.problem).toBe('other_major');
    expect(error.message).toContain('Postgres 16');
    await writeFile(join(cluster, 'PG_VERSION'), '18\n');
    await rm(join(dataIn(folder), 'password'));
    expect((await failureOf(startIn(folder))).problem).toBe('password_lost');
    await writeFile(join(dataIn(folder), 'password'), 'of another cluster');
    expect((await failureOf(startIn(folder))).problem).toBe('password_lost');
    await expect(serverPid(cluster)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves alone what stands in the cluster’s place and is none', async () => {
    const folder = await ownFolder();
    const cluster = join(dataIn(folder), 'cluster');
    await mkdir(cluster, { recursive: true });
    await writeFile(join(cluster, 'thesis.txt'), 'mine');
    expect((await failureOf(startIn(folder))).problem).toBe('not_a_cluster');
    expect(await readFile(join(cluster, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  it('takes another port when somebody was faster, and shows the log when that is not it', async () => {
    const folder = await ownFolder();
    await (await startIn(folder)).stop();
    const place = await findPlace(dataIn(folder), join(folder, 'elsewhere'));
    const binaries = await usableBinaries(packageFolder(), join(folder, 'elsewhere'), place.account);
    const taken = await freePort();
    const rival = createServer();
    await new Promise<void>((resolve) => rival.listen(taken, '127.0.0.1', resolve));
    const ports = [taken, taken, await freePort()];
    const pickPort = async () => ports.shift() ?? 0;
    const server = await startServer({ binaries, place, fsync: false, pickPort });
    expect(server.port).not.toBe(taken);
    await stopServer(server, () => {});
    rival.close();

    await writeFile(join(place.cluster, 'postgresql.conf'), 'no such thing');
    const error = await failureOf(startIn(folder));
    expect(error.problem).toBe('did_not_start');
    expect(error.message).toMatch(/syntax error in file .*postgresql\.conf/);
    expect(error.message).toContain('DATABASE_URL');
  });
});

describe('stopping', () => {
  it('goes on to harder means when the server does not listen', async () => {
    const folder = await ownFolder();
    const embedded = await startIn(folder);
    const pid = await serverPid(join(dataIn(folder), 'cluster'));
    process.kill(pid, 'SIGSTOP');
    const mark = await markOf(pid);
    const said: string[] = [];
    const patience = { fast: 50, immediate: 50, kill: 5000 };
    if (mark !== undefined) await stopServer(mark, (line) => said.push(line), patience);
    expect(said.map((line) => /SIG\w+/.exec(line)?.[0])).toEqual(['SIGINT', 'SIGQUIT']);
    await embedded.stop();
    const next = await startIn(folder);
    expect(next.adopted).toBe(false);
    await next.stop();
  });
});
