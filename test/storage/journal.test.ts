// What the disk store's journal keeps through power cuts, torn writes and other processes.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, bytesSource, readBlob } from '../../storage/blob-store.ts';
import { type Digest, digestOf } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { encodeRecords, readRecords } from '../../storage/journal-records.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { someBytes } from './sources.ts';

const scratch = mkdtempSync(join(tmpdir(), 'journal-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
let root: string;
beforeEach(() => {
  count += 1;
  root = join(scratch, `root-${count}`);
});

const journals = (): string[] => {
  const folder = join(root, 'journal');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};
const fileOf = (digest: Digest): string => join(root, blobKey(digest));
const puts = async (store: BlobStore, seed: string, sizes: readonly number[]): Promise<Digest[]> => {
  const sources = sizes.map((size, at) => bytesSource(someBytes(`${seed} ${at}`, size)));
  await Promise.all(sources.map((source) => store.put(blobKey(source.digest), source)));
  return sources.map(({ digest }) => digest);
};
const expectAll = async (store: BlobStore, digests: readonly Digest[]): Promise<void> => {
  for (const digest of digests)
    expect(digestOf(await readBlob(store, digest, { maxBytes: 100_000 }))).toBe(digest);
};

/** What a power cut may do to a file that was never synced: its name is lost, its bytes, or the end of them. */
const losses: readonly ((path: string) => void)[] = [
  (path) => unlinkSync(path),
  (path) => truncateSync(path, 0),
  (path) => truncateSync(path, readFileSync(path).length >> 1),
  (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
];
const cutPower = (digests: readonly Digest[]): void => {
  for (const [at, digest] of digests.entries()) losses[at % losses.length]?.(fileOf(digest));
};

describe('whoever only looks', () => {
  it('mends nothing by it, takes no journal over, and keeps its own puts', async () => {
    const digests = await puts(await openDiskStore(root), 'seen', [1, 700, 8_000]);
    cutPower(digests.slice(0, 2));
    const [before] = journals();
    const looking = await openDiskStore(root, Date.now, { replay: false });
    expect(journals()).toEqual([before]);
    expect(digests.map((digest) => existsSync(fileOf(digest)))).toEqual([false, true, true]);
    const own = await puts(looking, 'own', [10]);
    cutPower(own);
    await expectAll(await openDiskStore(root), [...digests, ...own]);
  });
});

describe('after a power cut', () => {
  it('every acknowledged blob is there, though its own file was lost or torn', async () => {
    const digests = await puts(
      await openDiskStore(root),
      'cut',
      [1, 700, 8_000, 65_536, 10, 9_000, 3, 4_096],
    );
    cutPower(digests);
    const store = await openDiskStore(root);
    await expectAll(store, digests);
    expect(journals()).toEqual([]);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  it('those of several processes are there, whichever opens the folder first', async () => {
    const stores = [await openDiskStore(root), await openDiskStore(root)];
    const told = await Promise.all(
      stores.map((store, at) => puts(store, `process ${at}`, [100, 200, 300, 400])),
    );
    cutPower(told.flat());
    const opened = await Promise.all([0, 1, 2].map(() => openDiskStore(root)));
    for (const store of opened) await expectAll(store, told.flat());
    expect(journals()).toEqual([]);
  });

  it('a journal that was being taken over when the power went is taken over again', async () => {
    const digests = await puts(await openDiskStore(root), 'twice', [100, 200]);
    const [journal = ''] = journals();
    copyFileSync(journal, journal.replace(/\.journal$/, '.taken'));
    unlinkSync(journal);
    cutPower(digests);
    await expectAll(await openDiskStore(root), digests);
    expect(journals()).toEqual([]);
  });

  it('a batch that was torn while it was written leaves nothing, and what came before it stays', async () => {
    const digests = await puts(await openDiskStore(root), 'torn', [5_000]);
    const lost = someBytes('lost', 5_000);
    const torn = digestOf(lost);
    const [journal = ''] = journals();
    const bytes = readFileSync(journal);
    const late = encodeRecords(bytes.subarray(8, 24), [{ digest: torn, bytes: lost }]);
    late.copy(bytes, 64 + 5_000, 0, late.length - 1);
    writeFileSync(journal, bytes);
    cutPower(digests);
    const store = await openDiskStore(root);
    await expectAll(store, digests);
    expect(await store.head(blobKey(torn))).toBeUndefined();
  });

  it('no deleted blob comes back, whosever journal held it', async () => {
    const [one, other] = [await openDiskStore(root), await openDiskStore(root)];
    const digests = [...(await puts(one, 'one', [100, 200])), ...(await puts(other, 'other', [100, 200]))];
    const [gone, kept] = [digests.filter((_, at) => at % 2 === 0), digests.filter((_, at) => at % 2 === 1)];
    for (const digest of gone) await one.delete(blobKey(digest));
    const later = [...(await puts(one, 'later', [300])), ...(await puts(other, 'late', [300]))];
    cutPower(later);
    const store = await openDiskStore(root);
    await expectAll(store, [...kept, ...later]);
    for (const digest of gone) expect(await store.head(blobKey(digest))).toBeUndefined();
  });
});

describe('a journal', () => {
  it('goes on when another process takes it over, however often', async () => {
    const store = await openDiskStore(root);
    const told: Digest[] = [];
    let opening = true;
    const put = async () => {
      for (let turn = 0; opening; turn += 1)
        told.push(...(await puts(store, `turn ${turn}`, [500, 900, 20])));
    };
    const open = async () => {
      for (let turn = 0; turn < 12; turn += 1) await openDiskStore(root);
      opening = false;
    };
    await Promise.all([put(), open()]);
    await puts(store, 'at last', [10]);
    for (const digest of told) expect(existsSync(fileOf(digest))).toBe(true);
    await expectAll(await openDiskStore(root), told);
  });

  it('is written over and over, and never holds more than two segments', async () => {
    const store = await openDiskStore(root);
    const told: Digest[] = [];
    for (let turn = 0; turn < 12; turn += 1)
      told.push(...(await puts(store, `turn ${turn}`, Array(100).fill(50_000))));
    expect(journals().length).toBeLessThanOrEqual(2);
    expect(journals().reduce((sum, path) => sum + readFileSync(path).length, 0)).toBeLessThan(
      40 * 1024 * 1024,
    );
    cutPower(told.slice(-20));
    await expectAll(await openDiskStore(root), told);
  });

  it('that is removed behind its back takes no acknowledgement with it', async () => {
    const store = await openDiskStore(root);
    await puts(store, 'before', [100]);
    for (const path of journals()) unlinkSync(path);
    const digests = await puts(store, 'after', [100, 200]);
    cutPower(digests);
    await expectAll(await openDiskStore(root), digests);
  });

  it('tells that it could not be written, and goes on once it can', async () => {
    const store = await openDiskStore(root);
    await puts(store, 'before', [100]);
    rmSync(join(root, 'journal'), { recursive: true });
    await expect(puts(store, 'nowhere', [100])).rejects.toMatchObject({ code: 'store_unavailable' });
    mkdirSync(join(root, 'journal'));
    await expectAll(store, await puts(store, 'nowhere', [100]));
  });
});

describe('the records of a journal', () => {
  const [epoch, earlier] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
  const records = [0, 10, 5_000].map((size) => {
    const bytes = someBytes('record', size);
    return { digest: digestOf(bytes), bytes };
  });
  const found = (bytes: Buffer) => [...readRecords(bytes)].map(({ digest }) => digest);
  const all = records.map(({ digest }) => digest);

  it('come back as they were written, before zeros, before those of an earlier use, or at the end', () => {
    const written = encodeRecords(epoch, records);
    expect(found(written)).toEqual(all);
    expect(found(Buffer.concat([written, Buffer.alloc(10_000)]))).toEqual(all);
    expect(found(Buffer.concat([written, encodeRecords(earlier, records)]))).toEqual(all);
    expect(found(Buffer.alloc(10_000))).toEqual([]);
    expect(found(Buffer.alloc(0))).toEqual([]);
  });

  it('end before the first that is damaged, wherever a bit flipped', () => {
    const written = encodeRecords(epoch, records);
    const ends = [64, 64 + 74, written.length];
    for (let at = 24; at < written.length; at += 7) {
      const damaged = Buffer.from(written);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      const whole = ends.filter((end) => end <= at).length;
      expect(found(damaged)).toEqual(all.slice(0, whole));
    }
  });

  it('end before the first that is cut short', () => {
    const written = encodeRecords(epoch, records);
    for (let length = 0; length < written.length; length += 13)
      expect(found(written.subarray(0, length)).length).toBe([64, 138].filter((end) => end <= length).length);
  });
});
