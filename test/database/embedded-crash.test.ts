// Whatever dies and whenever, the next start needs no help and everything acknowledged is there.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { isUnavailable } from '../../src/database/transaction.ts';
import { dataIn, ownFolder, serverPid, startIn, startProgram, until, using } from './clusters.ts';

const clusterIn = (folder: string): string => join(dataIn(folder), 'cluster');

describe('a program that is killed', () => {
  it('leaves a server that the next one takes over, and that one ends', async () => {
    const folder = await ownFolder();
    const program = startProgram(folder);
    const told = await program.next();
    const pid = await serverPid(clusterIn(folder));
    await program.kill();
    const next = await startIn(folder);
    expect(next).toMatchObject({ url: told?.url, adopted: true, joined: false });
    expect(await serverPid(clusterIn(folder))).toBe(pid);
    await next.stop();
    expect(existsSync(join(clusterIn(folder), 'postmaster.pid'))).toBe(false);
  });

  it('leaves a server that is started anew when it was not as durable as the next one asks', async () => {
    const folder = await ownFolder();
    const program = startProgram(folder);
    await program.next();
    await program.kill();
    const next = await startIn(folder, { fsync: true });
    expect(next.adopted).toBe(false);
    expect(await using(next.url, (sql) => sql`show fsync`)).toEqual([{ fsync: 'on' }]);
    await next.stop();
  });

  it('in the middle of making its first cluster bricks nothing', async () => {
    const folder = await ownFolder();
    const program = startProgram(folder);
    const drafts = () => (existsSync(dataIn(folder)) ? readdir(dataIn(folder)) : Promise.resolve([]));
    await until(async () => (await drafts()).some((name) => name.startsWith('cluster.draft-')));
    await sleep(60);
    await program.kill();
    expect(existsSync(clusterIn(folder))).toBe(false);
    const next = await startIn(folder);
    expect(await using(next.url, (sql) => sql`select 1 as n`)).toEqual([{ n: 1 }]);
    expect((await drafts()).filter((name) => name.includes('draft'))).toEqual([]);
    await next.stop();
  });
});

describe('two programs on one data directory', () => {
  it('share one server when they start at once, and it is the starter who ends it', async () => {
    const folder = await ownFolder();
    const pair = [startProgram(folder), startProgram(folder)];
    const [one, two] = await Promise.all(pair.map((program) => program.next()));
    expect([one?.joined, two?.joined].sort()).toEqual([false, true]);
    expect(one?.url).toBe(two?.url);
    const [owner, joiner] = one?.joined === false ? pair : [...pair].reverse();
    await joiner?.end();
    expect(await using(String(one?.url), (sql) => sql`select 1 as n`)).toEqual([{ n: 1 }]);
    await owner?.end();
    expect(existsSync(join(clusterIn(folder), 'postmaster.pid'))).toBe(false);
  });
});

describe('Ctrl-C in a terminal', () => {
  it('ends the server only after the program has drained', async () => {
    const folder = await ownFolder();
    const program = startProgram(folder);
    await program.next();
    process.kill(-(program.process.pid ?? 0), 'SIGINT');
    expect(await program.next()).toEqual({ drained: true });
    expect(existsSync(join(clusterIn(folder), 'postmaster.pid'))).toBe(false);
  });
});

describe('a pid file that is left over', () => {
  it('is seen through when its process is dead, and when the number is a stranger’s by now', async () => {
    const folder = await ownFolder();
    const file = join(clusterIn(folder), 'postmaster.pid');
    const first = await startIn(folder);
    const text = await readFile(file, 'utf8');
    await first.stop();
    const { uid, gid } = await stat(clusterIn(folder));
    const stranger = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    for (const pid of [2 ** 22 - 1, stranger.pid]) {
      await writeFile(file, text.replace(/^\d+/, `${pid}`));
      const next = await startIn(folder);
      expect(next).toMatchObject({ adopted: false, joined: false });
      expect(await using(next.url, (sql) => sql`select 1 as n`)).toEqual([{ n: 1 }]);
      await next.stop();
    }
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
  });
});

describe('a server that is killed under load', () => {
  it('has lost nothing that it acknowledged', async () => {
    const folder = await ownFolder();
    const before = await startIn(folder, { fsync: true });
    const sql = connect({ url: before.url, max: 4 });
    await sql`create table acknowledged (n bigint primary key)`;
    const acknowledged: number[] = [];
    const write = async (writer: number): Promise<unknown> => {
      for (let n = writer; ; n += 4) {
        const error: unknown = await sql`insert into acknowledged values (${n})`.then(
          () => undefined,
          (each: unknown) => each,
        );
        if (error !== undefined) return error;
        acknowledged.push(n);
      }
    };
    const writers = [0, 1, 2, 3].map(write);
    await until(() => acknowledged.length > 200);
    process.kill(await serverPid(clusterIn(folder)), 'SIGKILL');
    const errors = await Promise.all(writers);
    expect(errors.every(isUnavailable)).toBe(true);
    await closeConnection(sql);

    const after = await startIn(folder, { fsync: true });
    expect(after).toMatchObject({ adopted: false, joined: false });
    const rows = await using(after.url, (next) => next`select n from acknowledged`);
    const found = new Set(rows.map((row) => row.n));
    expect(acknowledged.filter((n) => !found.has(n))).toEqual([]);
    await before.stop();
    expect(await using(after.url, (next) => next`select 1 as n`)).toEqual([{ n: 1 }]);
    await after.stop();
  });
});
