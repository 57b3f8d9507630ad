// Garbage goes by name and after its grace; nothing that a publish under way relies on ever goes with it.
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publishPack } from '../../src/packs/publish/publish.ts';
import { collectGarbage, type Swept } from '../../src/upkeep/gc.ts';
import { bytesSource, only } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { meanwhile } from '../world/meanwhile.ts';
import { blobOf, checked, damageIn, notesIn } from './corruption.ts';
import { newWorld, type Original, originalOf, publisher, type UpkeepWorld } from './upkeep-world.ts';

const HOUR_MS = 60 * 60 * 1_000;
let original: Original;
let world: UpkeepWorld;
beforeAll(async () => {
  original = await originalOf(await newWorld(300));
});
afterAll(() => original.clear());
beforeEach(async () => {
  world = await original.copy();
});
afterEach(() => world.clear());

const pathOf = (key: string) => join(world.dataDir, 'blobs', key);
const age = (path: string) => utimes(path, new Date(0), new Date(0));

/** Garbage as a publish that never committed leaves it, long ago. */
const oldGarbage = async (bytes: Uint8Array) => {
  const key = blobKey(digestOf(bytes));
  await world.blobs.put(key, bytesSource(bytes));
  await age(pathOf(key));
  return key;
};

const collect = async (remove: boolean, graceMs = 24 * HOUR_MS, blobs = world.blobs, sql = world.sql) => {
  const swept: Swept[] = [];
  const stagingFolder = join(world.dataDir, 'staging');
  const the = {
    sql,
    blobs,
    stagingFolder,
    now: () => new Date(),
    graceMs,
    progress: () => undefined,
  };
  await collectGarbage(the)({ remove }, (each) => swept.push(each));
  return swept.map(({ name, fate }) => `${name}: ${fate}`);
};

const locksWaitedFor = async (): Promise<number> => {
  const [row] = await world.sql<{ n: number }[]>`
    select count(*) as n from pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and not granted and datname = current_database()`;
  return row?.n ?? -1;
};

const upload = (tarball: Uint8Array, version: string) => ({
  tree: 'v1' as const,
  name: 'vendor.acme.tools',
  version,
  authorization: undefined,
  contentType: undefined,
  expectedDigest: undefined,
  statement: undefined,
  body: only(tarball),
});

describe('collecting garbage', () => {
  it('finds none in a registry that has none', async () => {
    expect(await collect(true)).toEqual([]);
    const { report } = await checked(world);
    expect(report.findings()).toEqual([]);
  });

  it('takes the bytes of an unpublished version, never those of another, and the registry stays whole', async () => {
    const [gone, kept] = [await blobOf(world, '1.1.0'), await blobOf(world, '2.0.0')];
    for (const key of [gone, kept]) await age(pathOf(key));
    await world.unpublish('vendor.acme.tools', '1.1.0');
    await world.reissue();
    expect(notesIn((await checked(world)).report.counts())).toEqual(expect.arrayContaining(['blob_unnamed']));
    expect(await collect(true)).toEqual([`${gone}: removed`]);
    await world.settle();
    expect((await checked(world)).report.findings()).toEqual([]);
  });

  it('only tells by name what it would remove, unless it is told to remove it', async () => {
    const key = await oldGarbage(Buffer.from('garbage'));
    expect(await collect(false)).toEqual([`${key}: found`]);
    expect(await world.blobs.head(key)).toBeDefined();
    expect(notesIn((await checked(world)).report.counts())).toEqual(['blob_unnamed']);
    expect(await collect(true)).toEqual([`${key}: removed`]);
    expect(await world.blobs.head(key)).toBeUndefined();
    expect((await checked(world)).report.findings()).toEqual([]);
  });

  it('leaves what is younger than the grace, and every blob that a version names', async () => {
    const young = Buffer.from('young');
    await world.blobs.put(blobKey(digestOf(young)), bytesSource(young));
    expect(await collect(true)).toEqual([]);
    const key = blobKey(digestOf(young));
    expect(await collect(true, -HOUR_MS)).toEqual([`${key}: removed`]);
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });

  it('takes uploads that were left behind, and no other file beside them', async () => {
    const folder = join(world.dataDir, 'staging');
    await mkdir(folder, { recursive: true });
    const upload = '00000000-0000-4000-8000-000000000000.part';
    for (const name of [upload, 'notes.txt']) await writeFile(join(folder, name), 'x');
    expect(await collect(true, -HOUR_MS)).toEqual([`${join(folder, upload)}: removed`]);
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('takes incomplete tiles that full ones have replaced', async () => {
    const bytes = Buffer.alloc(32);
    await mkdir(pathOf('log/tile/0/000.p'), { recursive: true });
    await writeFile(pathOf('log/tile/0/000.p/1'), bytes);
    await age(pathOf('log/tile/0/000.p/1'));
    expect(notesIn((await checked(world)).report.counts())).toEqual(['partial_superseded']);
    expect(await collect(true)).toEqual(['log/tile/0/000.p/1: removed']);
    expect((await checked(world)).report.findings()).toEqual([]);
  });

  it('leaves what lies beyond the head to a sealer that is at work', async () => {
    await writeFile(pathOf('log/tile/0/001'), Buffer.alloc(8_192));
    await age(pathOf('log/tile/0/001'));
    const sealer = world.seal();
    await expect.poll(async () => (await collect(true))[0]).toContain('kept: a registry is sealing');
    await sealer.stop();
    expect(await collect(true)).toEqual(['log/tile/0/001: removed']);
  });

  it('refuses on a database that was set back: nothing there names the blobs of the newer one', async () => {
    const old = await original.copy();
    await world.publish({ version: '7.0.0' });
    await world.settle();
    const key = await blobOf(world, '7.0.0');
    await age(pathOf(key));
    const behind = { ...world, sql: old.sql };
    for (const remove of [false, true])
      await expect(collect(remove, 0, world.blobs, old.sql)).rejects.toMatchObject({
        code: 'database_behind',
        details: { database: 313, published: 314 },
      });
    const { counts } = (await checked(behind)).report;
    expect(damageIn(counts())).toContain('log_ahead');
    expect(notesIn(counts())).not.toContain('blob_unnamed');
    expect(await readdir(join(pathOf(key), '..'))).toContain(key.split('/').at(-1));
    await old.clear();
  });

  it('touches nothing of a log that was larger', async () => {
    await mkdir(pathOf('log/tile/entries'), { recursive: true });
    await writeFile(pathOf('log/tile/entries/005'), 'x');
    await age(pathOf('log/tile/entries/005'));
    expect(await collect(true)).toEqual([]);
  });
});

describe('a publish over garbage that is being collected', () => {
  const raced = async (step: 'before' | 'after') => {
    const tarball = await publisher.pack({ version: '3.0.0' });
    const key = await oldGarbage(tarball);
    const real = world.publishing();
    let tries = 0;
    const the = world.publishing({
      insertVersion: async (...given) => {
        tries += 1;
        // Its bytes were found in the store a moment ago, and nothing names them yet.
        if (tries === 1 && step === 'before') expect(await collect(true)).toEqual([`${key}: removed`]);
        const outcome = await real.insertVersion(...given);
        if (step === 'after') expect(await collect(true)).toEqual([]);
        return outcome;
      },
    });
    await publishPack(the)(upload(tarball, '3.0.0'));
    await world.settle();
    return tries;
  };

  it('puts its bytes again where they were taken before it committed', async () => {
    expect(await raced('before')).toBe(2);
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });

  it('would be left without them if its commit did not ask for sweeps', async () => {
    const tarball = await publisher.pack({ version: '3.0.0' });
    await oldGarbage(tarball);
    const real = world.publishing();
    const heedless = world.publishing({
      insertVersion: async (record, event, tokenId) => {
        await collect(true);
        return real.insertVersion(record, event, tokenId, Number.MAX_SAFE_INTEGER);
      },
    });
    await publishPack(heedless)(upload(tarball, '3.0.0'));
    await world.settle();
    expect(damageIn((await checked(world)).report.counts())).toEqual(['blob_missing']);
  });

  it('keeps them where it committed first', async () => {
    expect(await raced('after')).toBe(1);
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });

  it('commits nothing in the middle of a removal, and its blob is there afterwards', async () => {
    const tarball = await publisher.pack({ version: '3.1.0' });
    const key = await oldGarbage(tarball);
    let published: Promise<unknown> = Promise.resolve();
    const slow = {
      ...world.blobs,
      delete: async (each: typeof key) => {
        if (each !== key) return world.blobs.delete(each);
        // The publish finds the old bytes and comes as far as its commit, which has to wait for us.
        published = publishPack(world.publishing())(upload(tarball, '3.1.0'));
        published.catch(() => undefined);
        await expect.poll(locksWaitedFor, { timeout: 10_000 }).toBe(1);
        const [row] = await world.sql<
          { n: number }[]
        >`select count(*) as n from versions where version = '3.1.0'`;
        expect(row?.n).toBe(0);
        return world.blobs.delete(each);
      },
    };
    expect(await collect(true, 24 * HOUR_MS, slow)).toEqual([`${key}: removed`]);
    await published;
    await world.settle();
    expect(await world.blobs.head(key)).toBeDefined();
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });

  it('never loses an acknowledged blob, however often both run', async () => {
    const versions = Array.from({ length: 12 }, (_, at) => `4.0.${at}`);
    const tarballs = await Promise.all(versions.map((version) => publisher.pack({ version })));
    for (const tarball of tarballs) await oldGarbage(tarball);
    const publishAll = () =>
      Promise.all(
        versions.map((version, at) =>
          publishPack(world.publishing())(upload(tarballs[at] ?? Buffer.alloc(0), version)),
        ),
      );
    await meanwhile(() => collect(true, -HOUR_MS), publishAll);
    await world.settle();
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });

  it('is still complete where the collector died between its note and the removal', async () => {
    const tarball = await publisher.pack({ version: '5.0.0' });
    const key = await oldGarbage(tarball);
    const dying = {
      ...world.blobs,
      delete: async (each: typeof key) =>
        each === key ? Promise.reject(new Error('killed')) : world.blobs.delete(each),
    };
    await expect(collect(true, 24 * HOUR_MS, dying)).rejects.toThrow('killed');
    await publishPack(world.publishing())(upload(tarball, '5.0.0'));
    await world.settle();
    expect(damageIn((await checked(world)).report.counts())).toEqual([]);
  });
});
