// Blobs as files.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesSource, readBlob, streamBlob } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { collectBytes } from '../../storage/verify-bytes.ts';
import { describeBlobStore } from '../contracts/blob-store.ts';
import { brokenSource, someBytes } from './sources.ts';

const scratch = mkdtempSync(join(tmpdir(), 'disk-store-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
const freshRoot = (): string => {
  count += 1;
  return join(scratch, `root-${count}`, 'deeper', 'still');
};

describeBlobStore('the disk store', () => openDiskStore(freshRoot()), { listed: 1100 });

describe('the disk store', () => {
  const bytes = someBytes('disk', 300_000);
  const digest = digestOf(bytes);
  const key = blobKey(digest);
  const limit = { maxBytes: bytes.length };
  let root: string;
  beforeEach(() => {
    root = freshRoot();
  });
  const temps = () => readdirSync(join(root, 'tmp'));

  it('keeps each blob as a plain file under its key and leaves no temporary file', async () => {
    const store = await openDiskStore(root);
    await store.put(key, bytesSource(bytes));
    await store.put(key, bytesSource(bytes));
    await store.ping();
    expect(digestOf(readFileSync(join(root, key)))).toBe(digest);
    expect(temps()).toEqual([]);
  });

  it('leaves no temporary file of a source that fails or lies', async () => {
    const store = await openDiskStore(root);
    await expect(store.put(key, brokenSource(bytes, new Error('dead')))).rejects.toThrow('dead');
    await expect(store.put(key, { ...bytesSource(bytes), size: 1 })).rejects.toThrow('nothing was stored');
    expect(temps()).toEqual([]);
  });

  it('shows its blobs to another process that opens the same root', async () => {
    const [one, other] = [await openDiskStore(root), await openDiskStore(root)];
    const told = await Promise.all(
      Array.from({ length: 10 }, (_, at) => (at % 2 ? one : other).put(key, brokenSource(bytes))),
    );
    expect(told.filter((each) => each === 'created')).toHaveLength(1);
    await one.delete(key);
    expect(await other.head(key)).toBeUndefined();
    expect(await other.put(key, bytesSource(bytes))).toBe('created');
  });

  it.each([
    ['one flipped bit', (file: Buffer) => file.writeUInt8(file.readUInt8(1234) ^ 1, 1234) && file],
    ['a torn end', (file: Buffer) => file.subarray(0, -1)],
    ['bytes added', (file: Buffer) => Buffer.concat([file, Buffer.of(0)])],
    ['nothing left', () => Buffer.alloc(0)],
  ])('refuses a blob file that was changed behind its back: %s', async (_, change) => {
    const store = await openDiskStore(root);
    await store.put(key, bytesSource(bytes));
    const wrong = change(readFileSync(join(root, key))) || Buffer.alloc(0);
    writeFileSync(join(root, key), wrong);
    const corrupt = { code: 'blob_corrupt', details: { expected: digest, found: digestOf(wrong) } };
    await expect(readBlob(store, digest, { maxBytes: 1_000_000 })).rejects.toMatchObject(corrupt);
    await expect(collectBytes(streamBlob(store, digest))).rejects.toMatchObject(corrupt);
  });

  it('sweeps the leftovers of crashed processes at open, but only old ones and only its own', async () => {
    const clock = { ms: Date.now() };
    await openDiskStore(root);
    const own = join(root, 'tmp', '0b1c7a52-3c64-4d0c-9d0e-5a1f0f6c2d11.part');
    mkdirSync(join(root, 'tmp', 'a directory'));
    for (const path of [own, join(root, 'tmp', 'of-someone-else')]) writeFileSync(path, 'garbage');
    clock.ms += 59 * 60 * 1000;
    await openDiskStore(root, () => clock.ms);
    expect(temps()).toHaveLength(3);
    clock.ms += 2 * 60 * 1000;
    const store = await openDiskStore(root, () => clock.ms);
    expect(temps().sort()).toEqual(['a directory', 'of-someone-else']);
    expect(await store.put(key, bytesSource(bytes))).toBe('created');
    expect(await readBlob(store, digest, limit)).toHaveLength(bytes.length);
  });

  it('lists only what it wrote, whatever else lies in its directory', async () => {
    const store = await openDiskStore(root);
    await store.put(key, bytesSource(bytes));
    writeFileSync(join(root, 'notes.txt'), 'mine');
    writeFileSync(join(root, 'blobs', 'sha256', 'README'), 'mine');
    writeFileSync(`${join(root, key)}.bak`, 'mine');
    const listed = [];
    for await (const each of store.list('')) listed.push(each.key);
    expect(listed).toEqual([key]);
  });

  it("takes over a source's file by hard link, once its bytes were hashed", async () => {
    const store = await openDiskStore(root);
    const file = join(root, 'upload');
    writeFileSync(file, bytes);
    utimesSync(file, 1000, 1000);
    expect(await store.put(key, { ...bytesSource(bytes), file })).toBe('created');
    expect(statSync(join(root, key)).ino).toBe(statSync(file).ino);
    expect((await store.head(key))?.modifiedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(temps()).toEqual([]);
  });

  it("believes no file either: other bytes than announced leave nothing, and the file's owner keeps it", async () => {
    const store = await openDiskStore(root);
    const file = join(root, 'upload');
    for (const lie of [someBytes('lie', bytes.length), bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
      writeFileSync(file, lie);
      const put = store.put(key, { ...bytesSource(bytes), file });
      await expect(put).rejects.toMatchObject({ code: 'source_mismatch' });
      expect(await store.head(key)).toBeUndefined();
      expect(digestOf(readFileSync(file))).toBe(digestOf(lie));
    }
    expect(temps()).toEqual([]);
  });

  const elsewhere = '/dev/shm';
  const otherDisk = (() => {
    try {
      return statSync(elsewhere).dev !== statSync(scratch).dev;
    } catch {
      return false;
    }
  })();
  it.skipIf(!otherDisk)("copies a source's file that lies on another filesystem", async () => {
    const store = await openDiskStore(root);
    const away = mkdtempSync(join(elsewhere, 'disk-store-'));
    try {
      const file = join(away, 'upload');
      writeFileSync(file, bytes);
      expect(await store.put(key, { ...bytesSource(bytes), file })).toBe('created');
      expect(await readBlob(store, digest, limit)).toHaveLength(bytes.length);
    } finally {
      rmSync(away, { recursive: true });
    }
  });

  it('says what it could not do when its directory cannot be used', async () => {
    const parent = freshRoot();
    mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, 'file'), '');
    await expect(openDiskStore(join(parent, 'file', 'store'))).rejects.toMatchObject({
      code: 'store_unavailable',
      details: { operation: 'create', errno: 'ENOTDIR' },
    });
  });

  it.skipIf(!existsSync('/proc'))(
    'says so, and does not try for ever, where no directory can be made',
    async () => {
      await expect(openDiskStore('/proc/nope/deeper/store')).rejects.toMatchObject({
        name: 'StorageError',
        code: 'store_unavailable',
        message: 'Could not create /proc/nope.',
        details: { operation: 'create', path: '/proc/nope', errno: 'ENOENT' },
      });
    },
  );

  it('says that its directory is a file', async () => {
    const file = join(freshRoot(), 'file');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '');
    await expect(openDiskStore(file)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `${file} is no directory.`,
    });
  });

  it('is opened by several at once before its directory is there', async () => {
    await Promise.all([openDiskStore(root), openDiskStore(root), openDiskStore(root)]);
    expect(readdirSync(root)).toEqual(['tmp']);
  });

  it('fails its ping when files can no longer be written', async () => {
    const store = await openDiskStore(root);
    rmSync(join(root, 'tmp'), { recursive: true });
    await expect(store.ping()).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
