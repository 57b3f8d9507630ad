// Uploads on their way in.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, readBlob } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { createMemoryStore } from '../../storage/memory-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { createStaging, type Staging } from '../../storage/staging.ts';
import { collectBytes } from '../../storage/verify-bytes.ts';
import { someBytes } from './sources.ts';

const scratch = mkdtempSync(join(tmpdir(), 'staging-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const small = someBytes('small', 1000);
const large = someBytes('large', 100_000);
const limit = { maxBytes: 200_000 };

/** An upload in pieces that notes how far it was read and whether its reader let go. */
const upload = (bytes: Uint8Array, failure?: Error) => {
  const note = { given: 0, released: false };
  const source = (async function* () {
    try {
      for (let at = 0; at < bytes.length; at += 900) {
        note.given = Math.min(at + 900, bytes.length);
        yield bytes.subarray(at, at + 900);
        if (failure && at > bytes.length / 2) throw failure;
      }
    } finally {
      note.released = true;
    }
  })();
  return { note, source };
};

let directory: string;
let count = 0;
let staging: Staging;
const clock = { ms: 0 };
beforeEach(() => {
  count += 1;
  clock.ms = Date.now();
  directory = join(scratch, `staging-${count}`);
  staging = createStaging({ directory, memoryBytes: 10_000, now: () => clock.ms });
});
const files = () => (existsSync(directory) ? readdirSync(directory) : []);

describe('receiving', () => {
  it.each([
    ['an empty one', new Uint8Array()],
    ['a small one', small],
    ['one as large as memory allows', large.subarray(0, 10_000)],
    ['one byte more', large.subarray(0, 10_001)],
    ['a large one', large],
    ['one as large as the limit allows', someBytes('limit', 200_000)],
  ])('counts and hashes the upload in passing: %s', async (_, bytes) => {
    const staged = await staging.receive(upload(bytes).source, limit);
    expect([staged.size, staged.digest]).toEqual([bytes.length, digestOf(bytes)]);
    for (const _again of [1, 2]) expect(digestOf(await collectBytes(staged.read()))).toBe(digestOf(bytes));
    const inMemory = bytes.length <= 10_000;
    expect(staged.bytes && digestOf(staged.bytes)).toBe(inMemory ? digestOf(bytes) : undefined);
    expect(staged.file !== undefined).toBe(!inMemory);
    expect(files()).toHaveLength(inMemory ? 0 : 1);
    await staged.discard();
  });

  it.each([
    ['small', 999],
    ['spilled to disk', 60_000],
  ])('stops reading at the first byte too many and leaves nothing: %s', async (_, maxBytes) => {
    const { note, source } = upload(large);
    await expect(staging.receive(source, { maxBytes })).rejects.toMatchObject({
      code: 'too_large',
      details: { limit: maxBytes },
    });
    expect(note.given).toBeLessThanOrEqual(maxBytes + 900);
    expect(note.released).toBe(true);
    expect(files()).toEqual([]);
  });

  it('leaves nothing of an upload that fails, and shows its failure', async () => {
    for (const bytes of [small, large]) {
      const failure = new Error('hung up');
      await expect(staging.receive(upload(bytes, failure).source, limit)).rejects.toBe(failure);
      expect(files()).toEqual([]);
    }
  });

  it('leaves nothing of an upload that is aborted', async () => {
    const request = new Readable({ read() {} });
    request.push(large);
    const received = staging.receive(request, limit);
    setTimeout(() => request.destroy(), 20);
    await expect(received).rejects.toThrow();
    expect(files()).toEqual([]);
  });

  it('keeps uploads apart', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, at) => staging.receive(upload(someBytes(`${at}`, 50_000)).source, limit)),
    );
    expect(all.map((each) => each.digest)).toEqual(all.map((_, at) => digestOf(someBytes(`${at}`, 50_000))));
    await Promise.all(all.map((each) => each.discard()));
    expect(files()).toEqual([]);
  });
});

describe('a staged upload', () => {
  const stores: [string, () => Promise<BlobStore>][] = [
    ['memory', async () => createMemoryStore()],
    ['disk', () => openDiskStore(join(directory, 'store'))],
  ];

  it.each(stores)('is promoted once, also when two received the same bytes: %s', async (_, open) => {
    const store = await open();
    for (const bytes of [small, large]) {
      const key = blobKey(digestOf(bytes));
      const [one, other] = await Promise.all([
        staging.receive(upload(bytes).source, limit),
        staging.receive(upload(bytes).source, limit),
      ]);
      expect(await one.promote(store, key)).toBe('created');
      expect(await other.promote(store, key)).toBe('exists');
      await Promise.all([one.discard(), other.discard()]);
      expect(digestOf(await readBlob(store, digestOf(bytes), limit))).toBe(digestOf(bytes));
    }
    expect(files().filter((name) => name !== 'store')).toEqual([]);
  });

  it('moves into a disk store of the same filesystem without being copied', async () => {
    const store = await openDiskStore(join(directory, 'store'));
    const staged = await staging.receive(upload(large).source, limit);
    const before = statSync(staged.file ?? '').ino;
    await staged.promote(store, blobKey(staged.digest));
    await staged.discard();
    const after = statSync(join(directory, 'store', blobKey(staged.digest)));
    expect([after.ino, after.nlink]).toEqual([before, 1]);
  });

  it('may be discarded twice, and after that neither read nor promoted', async () => {
    const store = createMemoryStore();
    for (const bytes of [small, large]) {
      const staged = await staging.receive(upload(bytes).source, limit);
      await staged.discard();
      await staged.discard();
      expect(() => staged.read()).toThrow('discarded');
      const refused = staged.promote(store, blobKey(staged.digest));
      await expect(refused).rejects.toMatchObject({ code: 'source_discarded' });
      expect(await store.head(blobKey(staged.digest))).toBeUndefined();
    }
    expect(files()).toEqual([]);
  });
});

describe('sweeping', () => {
  it('removes what crashed processes left, once it is old enough', async () => {
    await staging.receive(upload(large).source, limit);
    expect(await staging.sweep(60_000)).toBe(0);
    clock.ms += 61_000;
    expect(await staging.sweep(60_000)).toBe(1);
    expect(files()).toEqual([]);
  });

  it('has nothing to do before the first upload', async () => {
    expect(await staging.sweep(0)).toBe(0);
  });
});
