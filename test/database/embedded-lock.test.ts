// One holder at a time, whoever died while holding.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../src/database/embedded-lock.ts';
import { isServerOf, markOf, ownMark } from '../../src/database/embedded-process.ts';
import { ownFolder } from './clusters.ts';

const quiet = () => {};

describe('the lock of a data directory', () => {
  it('is held by one at a time, and everyone who waits gets it', async () => {
    const folder = await ownFolder();
    let inside = 0;
    let most = 0;
    const visit = () =>
      withLock(folder, quiet, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(2);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 12 }, visit));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual(['lock.12']);
  });

  it('is free again after a holder failed, and the failure comes through', async () => {
    const folder = await ownFolder();
    const failing = withLock(folder, quiet, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await withLock(folder, quiet, async () => 'mine')).toBe('mine');
  });

  it('is taken over from a dead process, also when its number lives on as another', async () => {
    const folder = await ownFolder();
    await writeFile(join(folder, 'lock.3'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'long ago' }));
    expect(await withLock(folder, quiet, async () => 'mine')).toBe('mine');
    await writeFile(join(folder, 'lock.5'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
    expect(await withLock(folder, quiet, async () => 'mine')).toBe('mine');
  });

  it('is not taken from a living process, and one who waits says so once', async () => {
    const folder = await ownFolder();
    const said: string[] = [];
    await writeFile(join(folder, 'lock.1'), JSON.stringify(await ownMark()));
    const waiting = withLock(
      folder,
      (line) => said.push(line),
      async () => 'mine',
    );
    await sleep(150);
    expect(await readdir(folder)).toEqual(['lock.1']);
    await writeFile(join(folder, 'lock.1'), 'over');
    expect(await waiting).toBe('mine');
    expect(said).toEqual([`Waiting for process ${process.pid}, which is at the database.`]);
  });
});

describe('a process', () => {
  it('has the same mark as long as it lives, and none when it is dead', async () => {
    expect(await markOf(process.pid)).toEqual(await ownMark());
    expect(await markOf(process.ppid)).not.toEqual(await ownMark());
    expect(await markOf(2 ** 22 - 1)).toBeUndefined();
  });

  it('is no server only because it stands in the cluster', async () => {
    expect(await isServerOf(process.pid, process.cwd())).toBe(false);
  });
});
