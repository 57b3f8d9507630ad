// Addresses of blob stores.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bytesSource, readBlob } from '../../storage/blob-store.ts';
import type { StorageError } from '../../storage/errors.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { openBlobStore, parseBlobUrl } from '../../storage/open-store.ts';

const refusal = (text: string): StorageError => {
  try {
    parseBlobUrl(text);
  } catch (error) {
    return error as StorageError;
  }
  throw new Error(`accepted: ${text}`);
};

describe('an address', () => {
  it('names memory', () => {
    expect(parseBlobUrl('memory:')).toEqual({ kind: 'memory' });
  });

  it('names a directory', () => {
    expect(parseBlobUrl('file:///var/lib/blobs')).toEqual({ kind: 'disk', root: '/var/lib/blobs' });
    expect(parseBlobUrl('file:///with%20space/')).toEqual({ kind: 'disk', root: '/with space/' });
  });

  it('names a bucket, with or without prefix, endpoint and region', () => {
    const plain = { kind: 's3', bucket: 'packs', prefix: '', endpoint: undefined, region: undefined };
    expect(parseBlobUrl('s3://packs')).toEqual(plain);
    expect(parseBlobUrl('s3://packs/')).toEqual(plain);
    expect(parseBlobUrl('s3://packs/a/b')).toEqual({ ...plain, prefix: 'a/b/' });
    expect(parseBlobUrl('s3://packs/a/b/')).toEqual({ ...plain, prefix: 'a/b/' });
    expect(parseBlobUrl('s3://packs/x?endpoint=http://127.0.0.1:9000&region=eu-central-1')).toEqual({
      ...plain,
      prefix: 'x/',
      endpoint: 'http://127.0.0.1:9000',
      region: 'eu-central-1',
    });
    expect(parseBlobUrl('s3://packs?endpoint=https%3A%2F%2Fs3.example.com')).toMatchObject({
      endpoint: 'https://s3.example.com',
    });
  });

  it.each([
    ['not a URL', '/var/lib/blobs', 'not a URL'],
    ['an unknown scheme', 'gs://packs', '"gs:"'],
    ['memory with a name', 'memory:mine', 'nothing after the colon'],
    ['memory with a parameter', 'memory:?size=3', '"size"'],
    ['a directory on another host', 'file://server/share', 'three slashes'],
    ['a directory with a parameter', 'file:///var/blobs?mode=fast', '"mode"'],
    ['an encoded slash', 'file:///var%2Fblobs', 'separator'],
    ['the root of the filesystem', 'file:///', 'root of the filesystem'],
    ['no bucket', 's3:///prefix', 'bucket'],
    ['a bucket in upper case', 's3://Packs', 'bucket'],
    ['a bucket with a port', 's3://packs:9000/', 'bucket'],
    ['an unknown parameter', 's3://packs?regoin=eu', '"regoin"'],
    ['a parameter twice', 's3://packs?region=a&region=b', 'stands twice'],
    ['an empty region', 's3://packs?region=', 'region'],
    ['an endpoint without scheme', 's3://packs?endpoint=localhost:9000', 'endpoint'],
    ['an endpoint with a path', 's3://packs?endpoint=http://h/path', 'endpoint'],
    ['an endpoint of another scheme', 's3://packs?endpoint=ftp://h', 'endpoint'],
    ['an empty endpoint', 's3://packs?endpoint=', 'endpoint'],
    ['an empty step in the prefix', 's3://packs/a//b', 'prefix'],
    ['a prefix with odd characters', 's3://packs/a%20b', 'prefix'],
    ['a hidden step in the prefix', 's3://packs/.hidden', 'prefix'],
    ['a fragment', 's3://packs#x', 'fragment'],
  ])('is refused when it has %s', (_, text, says) => {
    const error = refusal(text);
    expect(error.code).toBe('bad_location');
    expect(error.message).toContain(says);
  });

  it.each([
    's3://AKEY:TOPSECRET@packs',
    'file://u:TOPSECRET@host/x',
    's3://packs?endpoint=http://a:TOPSECRET@host',
    's3://packs?secret=TOPSECRET',
    'TOPSECRET',
  ])('is refused without repeating secrets: %s', (text) => {
    const error = refusal(text);
    expect(error.code).toBe('bad_location');
    expect(error.message + JSON.stringify(error.details)).not.toContain('TOPSECRET');
  });
});

describe('opening', () => {
  const source = bytesSource(Buffer.from('hello'));

  it('a directory makes it and keeps what is put', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'open-store-'));
    try {
      const url = pathToFileURL(join(scratch, 'new')).href;
      await (await openBlobStore(url)).put(blobKey(source.digest), source);
      expect(existsSync(join(scratch, 'new', blobKey(source.digest)))).toBe(true);
      expect(await readBlob(await openBlobStore(url), source.digest, { maxBytes: 5 })).toHaveLength(5);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('memory gives an empty store each time', async () => {
    await (await openBlobStore('memory:')).put(blobKey(source.digest), source);
    expect(await (await openBlobStore('memory:')).head(blobKey(source.digest))).toBeUndefined();
  });

  it('a wrong address fails before anything is touched', async () => {
    await expect(openBlobStore('file:///tmp/never-made?x=1')).rejects.toMatchObject({ code: 'bad_location' });
    expect(existsSync('/tmp/never-made')).toBe(false);
  });
});
