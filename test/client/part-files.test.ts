// What is written beside its place: put there whole, never over another file, and left behind by nobody.
import { spawnSync } from 'node:child_process';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  partOf,
  placeNewFile,
  removeAllParts,
  removePart,
  requireFree,
  sweepParts,
} from '../../src/client/part-files.ts';
import { tempFolder } from './host.ts';

const LONG_AGO = new Date(Date.now() - 3_600_000);

/** Of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('a new file', () => {
  it('is there once it is whole, with nothing beside it', async () => {
    const folder = await tempFolder();
    const out = join(folder, 'out');
    const seen = await placeNewFile(out, async (file) => {
      await file.writeFile('whole');
      return readdir(folder);
    });
    expect(seen).toEqual([`out.${process.pid}.part`]);
    expect([await readdir(folder), await readFile(out, 'utf8')]).toEqual([['out'], 'whole']);
  });

  it('is not there where its writing failed', async () => {
    const folder = await tempFolder();
    const failing = placeNewFile(join(folder, 'out'), async (file) => {
      await file.writeFile('half');
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes the place of no other, also of one that came meanwhile', async () => {
    const out = join(await tempFolder(), 'out');
    const late = placeNewFile(out, async () => writeFile(out, 'first'));
    await expect(late).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(requireFree(out)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(out, 'utf8')).toBe('first');
  });
});

describe('what processes leave that are killed', () => {
  const left = async (folder: string, name: string, touched = LONG_AGO): Promise<void> => {
    await writeFile(join(folder, name), 'half');
    await utimes(join(folder, name), touched, touched);
  };

  it('is taken away by the next one with the same target, and nothing else is', async () => {
    const folder = await tempFolder();
    const dead = deadPid();
    const stays = [
      `other.${dead}.part`,
      `out.${process.ppid}.part`,
      'out.part',
      `out.${dead}.partial`,
    ].sort();
    for (const name of [...stays, `out.${dead}.part`, `out.${dead}.documents.part`]) await left(folder, name);
    await sweepParts(join(folder, 'out'));
    expect((await readdir(folder)).sort()).toEqual(stays);
  });

  it('is taken away where it has the number of this process, which has not begun it', async () => {
    const folder = await tempFolder();
    const begun = partOf(join(folder, 'out'), 'documents');
    await left(folder, basename(begun), new Date());
    await left(folder, `out.${process.pid}.part`, new Date());
    await sweepParts(join(folder, 'out'));
    expect(await readdir(folder)).toEqual([basename(begun)]);
    await removePart(begun);
  });

  it('stays where it was touched just now, since a process may be one of another machine', async () => {
    const folder = await tempFolder();
    await left(folder, `out.${deadPid()}.part`, new Date());
    await sweepParts(join(folder, 'out'));
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('is nothing where they are only stopped', async () => {
    const folder = await tempFolder();
    const part = partOf(join(folder, 'out'), 'documents');
    await writeFile(part, 'half');
    removeAllParts();
    expect(await readdir(folder)).toEqual([]);
  });
});
