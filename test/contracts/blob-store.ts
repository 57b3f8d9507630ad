// The promises of the blob-store port, run against every adapter.
import { beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, bytesSource, readBlob, readObject, streamBlob } from '../../storage/blob-store.ts';
import { type Digest, digestOf } from '../../storage/digest.ts';
import {
  BLOB_PREFIX,
  blobKey,
  LOG_CHECKPOINT_KEY,
  logTileKey,
  type ObjectKey,
} from '../../storage/object-keys.ts';
import { collectBytes } from '../../storage/verify-bytes.ts';
import { brokenSource, someBytes } from '../storage/sources.ts';

export interface ContractOptions {
  /** How many blobs the listing test puts. */
  readonly listed: number;
  /** Why the suite cannot run here; it runs when undefined. */
  readonly skipBecause?: string | undefined;
}

const MEGABYTE = 1024 * 1024;

/** Compares by name: an element-wise comparison of megabytes takes seconds. */
const expectSame = (found: Uint8Array, wanted: Uint8Array): void => {
  expect([found.length, digestOf(found)]).toEqual([wanted.length, digestOf(wanted)]);
};

const SIZES = [
  ['small', 1000],
  ['large', 3 * MEGABYTE],
] as const;

/** `open` gives a fresh and empty store each time. */
export const describeBlobStore = (
  name: string,
  open: () => Promise<BlobStore>,
  { listed, skipBecause }: ContractOptions,
): void => {
  const title = skipBecause === undefined ? name : `${name} (skipped: ${skipBecause})`;
  describe.skipIf(skipBecause !== undefined)(`${title} keeps the promises of a blob store:`, () => {
    let store: BlobStore;
    beforeEach(async () => {
      store = await open();
    });

    const put = async (bytes: Uint8Array): Promise<{ key: ObjectKey; digest: Digest }> => {
      const digest = digestOf(bytes);
      expect(await store.put(blobKey(digest), bytesSource(bytes))).toBe('created');
      return { key: blobKey(digest), digest };
    };
    const expectNothingAt = async (key: ObjectKey): Promise<void> => {
      expect(await store.head(key)).toBeUndefined();
      expect(await store.get(key)).toBeUndefined();
      expect(await keysOf(store, '')).toEqual([]);
    };

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it('gives back the bytes that were put, with their size and time', async () => {
      const bytes = someBytes('round', 100_000);
      const { key, digest } = await put(bytes);
      expectSame(await readBlob(store, digest, { maxBytes: bytes.length }), bytes);
      const stat = await store.head(key);
      expect(stat?.size).toBe(bytes.length);
      expect(Math.abs((stat?.modifiedAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('knows the empty blob', async () => {
      const { key, digest } = await put(new Uint8Array());
      expect((await store.head(key))?.size).toBe(0);
      expect(await readBlob(store, digest, { maxBytes: 0 })).toHaveLength(0);
    });

    it('carries 12 MB in a stream, in and out', async () => {
      const bytes = someBytes('stream', 12 * MEGABYTE);
      const source = brokenSource(bytes);
      expect(await store.put(blobKey(source.digest), source)).toBe('created');
      expect(digestOf(await collectBytes(streamBlob(store, source.digest)))).toBe(source.digest);
    });

    it('creates once and never replaces', async () => {
      const first = someBytes('first', 5000);
      const { key } = await put(first);
      expect(await store.put(key, bytesSource(someBytes('second', 70)))).toBe('exists');
      expect(await store.put(key, bytesSource(someBytes('third', 2 * MEGABYTE)))).toBe('exists');
      expectSame(await readBlob(store, digestOf(first), { maxBytes: 5000 }), first);
    });

    it.each(SIZES)('tells exactly one of ten racing puts that it created: %s', async (_, size) => {
      const bytes = someBytes('race', size);
      const key = blobKey(digestOf(bytes));
      const told = await Promise.all(Array.from({ length: 10 }, () => store.put(key, brokenSource(bytes))));
      expect(told.filter((each) => each === 'created')).toHaveLength(1);
      expectSame(await readBlob(store, digestOf(bytes), { maxBytes: size }), bytes);
      expect(await keysOf(store, '')).toEqual([key]);
    });

    it.each(SIZES)('leaves nothing of a source that lies about its digest: %s', async (_, size) => {
      const source = { ...brokenSource(someBytes('true', size)), digest: digestOf(someBytes('false', size)) };
      const refusal = {
        code: 'source_mismatch',
        details: { found: { digest: digestOf(someBytes('true', size)) } },
      };
      await expect(store.put(blobKey(source.digest), source)).rejects.toMatchObject(refusal);
      await expectNothingAt(blobKey(source.digest));
    });

    it.each(SIZES)('leaves nothing of a source that lies about its size: %s', async (_, size) => {
      const source = brokenSource(someBytes('size', size));
      for (const lie of [size - 1, size + 1, 0]) {
        const put = store.put(blobKey(source.digest), { ...source, size: lie });
        await expect(put).rejects.toMatchObject({
          code: 'source_mismatch',
          details: { expected: { size: lie } },
        });
        await expectNothingAt(blobKey(source.digest));
      }
    });

    it.each(SIZES)(
      'leaves nothing of a source that fails midway, and shows its failure: %s',
      async (_, size) => {
        const failure = new Error('the line went dead');
        const source = brokenSource(someBytes('dead', size), failure);
        await expect(store.put(blobKey(source.digest), source)).rejects.toBe(failure);
        await expectNothingAt(blobKey(source.digest));
        expect(await store.put(blobKey(source.digest), brokenSource(someBytes('dead', size)))).toBe(
          'created',
        );
      },
    );

    it('knows no blob that was never put', async () => {
      const digest = digestOf(someBytes('nobody', 10));
      await expectNothingAt(blobKey(digest));
      await expect(readBlob(store, digest, { maxBytes: 10 })).rejects.toMatchObject({ code: 'blob_missing' });
      await expect(collectBytes(streamBlob(store, digest))).rejects.toMatchObject({ code: 'blob_missing' });
    });

    it('reads ranges, both ends included and the end cut to the blob', async () => {
      const bytes = someBytes('range', 1000);
      const { key } = await put(bytes);
      const read = async (start: number, end: number) => {
        const found = await store.get(key, { start, end });
        return { size: found?.size, bytes: found && (await collectBytes(found.body)) };
      };
      expect(await read(0, 0)).toEqual({ size: 1000, bytes: bytes.subarray(0, 1) });
      expect(await read(10, 19)).toEqual({ size: 1000, bytes: bytes.subarray(10, 20) });
      expect(await read(999, 999)).toEqual({ size: 1000, bytes: bytes.subarray(999) });
      expect(await read(900, 5000)).toEqual({ size: 1000, bytes: bytes.subarray(900) });
    });

    it('refuses ranges that lie outside the blob or make no sense', async () => {
      const { key } = await put(someBytes('outside', 100));
      for (const [start, end] of [
        [100, 100],
        [100, 200],
        [-1, 5],
        [5, 4],
        [0.5, 3],
      ] as const) {
        await expect(store.get(key, { start, end })).rejects.toMatchObject({
          code: 'bad_range',
          details: { key },
        });
      }
      const empty = await put(new Uint8Array());
      await expect(store.get(empty.key, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'bad_range' });
    });

    it('survives readers that stop early or never begin', async () => {
      const { key, digest } = await put(someBytes('early', 3 * MEGABYTE));
      for (let round = 0; round < 60; round += 1) {
        const found = await store.get(key);
        const chunks = found?.body[Symbol.asyncIterator]();
        if (round % 2 === 0) await chunks?.next();
        await chunks?.return?.();
      }
      expect(await readBlob(store, digest, { maxBytes: 3 * MEGABYTE })).toHaveLength(3 * MEGABYTE);
    });

    it(`lists ${listed} blobs once each, in order, by prefix`, async () => {
      const sources = Array.from({ length: listed }, (_, at) => bytesSource(Buffer.from(`listed ${at}`)));
      for (let at = 0; at < listed; at += 20) {
        await Promise.all(sources.slice(at, at + 20).map((each) => store.put(blobKey(each.digest), each)));
      }
      const keys: string[] = sources.map((each) => blobKey(each.digest)).sort();
      expect(await keysOf(store, BLOB_PREFIX)).toEqual(keys);
      expect(await keysOf(store, '')).toEqual(keys);
      const some = `${BLOB_PREFIX}a`;
      expect(await keysOf(store, some)).toEqual(keys.filter((key) => key.startsWith(some)));
      expect(await keysOf(store, 'nothing/')).toEqual([]);
      for await (const each of store.list(BLOB_PREFIX)) {
        expect(each.size).toBeGreaterThan(0);
        expect(each.modifiedAt).toBeInstanceOf(Date);
        break;
      }
    });

    it('deletes, and deletes again without complaint', async () => {
      const { key, digest } = await put(someBytes('gone', 50));
      await store.delete(key);
      await store.delete(key);
      await expectNothingAt(key);
      await put(someBytes('gone', 50));
      expect(await readBlob(store, digest, { maxBytes: 50 })).toHaveLength(50);
    });

    it.each(SIZES)('never passes off wrong bytes as a blob: %s', async (_, size) => {
      const right = someBytes('right', size);
      const wrong = Uint8Array.from(right);
      wrong[size >> 1] = (wrong[size >> 1] ?? 0) ^ 1;
      const expected = digestOf(right);
      await store.put(blobKey(expected), bytesSource(wrong));
      const corrupt = { code: 'blob_corrupt', details: { expected, found: digestOf(wrong) } };
      await expect(readBlob(store, expected, { maxBytes: size })).rejects.toMatchObject(corrupt);
      let given = 0;
      const stream = (async () => {
        for await (const chunk of streamBlob(store, expected)) given += chunk.length;
      })();
      await expect(stream).rejects.toMatchObject(corrupt);
      expect(given).toBeLessThan(size);
    });

    it('replaces what may change, and shows the new bytes with their size', async () => {
      const key = LOG_CHECKPOINT_KEY;
      expect(await readObject(store, key, { maxBytes: 10 })).toBeUndefined();
      for (const size of [0, 3000, 20, 50_000]) {
        const bytes = someBytes('changing', size);
        await store.replace(key, bytes);
        expectSame((await readObject(store, key, { maxBytes: size })) ?? Buffer.of(1), bytes);
        expect((await store.head(key))?.size).toBe(size);
      }
      const found = await store.get(key, { start: 1, end: 2 });
      expect(found && (await collectBytes(found.body))).toEqual(someBytes('changing', 3).subarray(1));
      expect(await keysOf(store, '')).toEqual([key]);
    });

    it('shows a reader the old bytes or the new ones, whole, while they are replaced', async () => {
      const texts = Array.from({ length: 8 }, (_, at) => someBytes(`turn ${at}`, 1 + at * 9_000));
      const known = new Set(texts.map(digestOf));
      await store.replace(LOG_CHECKPOINT_KEY, texts[0] ?? new Uint8Array());
      let writing = true;
      const write = async () => {
        for (const bytes of [...texts, ...texts].reverse()) await store.replace(LOG_CHECKPOINT_KEY, bytes);
        writing = false;
      };
      const read = async () => {
        while (writing) {
          const found = await store.get(LOG_CHECKPOINT_KEY);
          const bytes = found && (await collectBytes(found.body));
          expect(bytes?.length).toBe(found?.size);
          expect(bytes && known.has(digestOf(bytes))).toBe(true);
        }
      };
      await Promise.all([write(), read(), read()]);
      expectSame(
        (await readObject(store, LOG_CHECKPOINT_KEY, { maxBytes: 100_000 })) ?? Buffer.of(1),
        texts[0] ?? Buffer.of(1),
      );
    });

    it('never replaces a blob', async () => {
      const { key, digest } = await put(someBytes('kept', 500));
      const refusal = { code: 'not_replaceable', details: { key } };
      await expect(store.replace(key, someBytes('other', 500))).rejects.toMatchObject(refusal);
      expect(await readBlob(store, digest, { maxBytes: 500 })).toHaveLength(500);
      const nobody = blobKey(digestOf(someBytes('nobody', 1)));
      await expect(store.replace(nobody, someBytes('nobody', 1))).rejects.toMatchObject({
        code: 'not_replaceable',
      });
      expect(await keysOf(store, '')).toEqual([key]);
    });

    it('keeps the full tile of a log beside its partial ones, each created once', async () => {
      const paths = ['tile/0/067', 'tile/0/067.p/1', 'tile/0/067.p/255', 'tile/entries/x001/000'];
      for (const [at, path] of paths.entries()) {
        const put = () => store.put(logTileKey(path), bytesSource(someBytes(path, 100 + at)));
        expect([await put(), await put()]).toEqual(['created', 'exists']);
      }
      for (const [at, path] of paths.entries()) {
        const bytes = await readObject(store, logTileKey(path), { maxBytes: 100 + at });
        expectSame(bytes ?? Buffer.of(1), someBytes(path, 100 + at));
      }
      expect(await keysOf(store, 'log/')).toEqual(paths.map(logTileKey));
      expect(await keysOf(store, 'log/tile/0/067.p/')).toEqual(paths.slice(1, 3).map(logTileKey));
    });

    it('gives no object longer than its reader allows', async () => {
      await store.replace(LOG_CHECKPOINT_KEY, someBytes('long', 2000));
      await expect(readObject(store, LOG_CHECKPOINT_KEY, { maxBytes: 1999 })).rejects.toMatchObject({
        code: 'too_large',
        details: { key: LOG_CHECKPOINT_KEY, size: 2000, limit: 1999 },
      });
    });

    it('reads no blob longer than the reader allows', async () => {
      const { digest } = await put(someBytes('long', 2000));
      await expect(readBlob(store, digest, { maxBytes: 1999 })).rejects.toMatchObject({
        code: 'too_large',
        details: { size: 2000, limit: 1999 },
      });
    });
  });
};

const keysOf = async (store: BlobStore, prefix: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const each of store.list(prefix)) keys.push(each.key);
  return keys;
};
