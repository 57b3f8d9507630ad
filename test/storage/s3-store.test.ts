// Blobs in a real S3 server; start one with test/world/s3-server.sh.
import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesSource, readBlob } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { openBlobStore } from '../../storage/open-store.ts';
import { openS3Store } from '../../storage/s3-store.ts';
import { describeBlobStore } from '../contracts/blob-store.ts';
import { someBytes } from './sources.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey } = process.env;
const server = endpoint && accessKeyId && secretAccessKey ? { endpoint } : undefined;
const credentials = { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '' };
const skipBecause = server ? undefined : 'set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY';

const bucket = `attestry-${randomUUID()}`;
const rawClient = (): S3Client =>
  new S3Client({ endpoint: endpoint ?? '', region: 'us-east-1', credentials, forcePathStyle: true });

beforeAll(async () => {
  if (server) await rawClient().send(new CreateBucketCommand({ Bucket: bucket }));
}, 60_000);

const storeAt = (prefix: string, overrides: object = {}) =>
  openS3Store({ bucket, prefix, endpoint, region: undefined, credentials, pageSize: 10, ...overrides });

describeBlobStore('the S3 store', async () => storeAt(`${randomUUID()}/`), { listed: 35, skipBecause });

describe.skipIf(!server)(`the S3 store${skipBecause ? ` (skipped: ${skipBecause})` : ''}`, () => {
  const bytes = someBytes('s3', 40_000);
  const digest = digestOf(bytes);
  const key = blobKey(digest);

  it('is what an s3: address opens, and keeps to its prefix', async () => {
    const prefix = randomUUID();
    const store = await openBlobStore(
      `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=eu-1`,
      credentials,
    );
    await store.ping();
    expect(await store.put(key, bytesSource(bytes))).toBe('created');
    const found = await rawClient().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    expect(found.Contents?.map((each) => each.Key)).toEqual([`${prefix}/${key}`]);
  });

  it('leaves the objects of others in a shared bucket alone', async () => {
    const prefix = `${randomUUID()}/`;
    const store = storeAt(prefix);
    await store.put(key, bytesSource(bytes));
    for (const name of ['notes.txt', `${key}.bak`]) {
      await rawClient().send(new PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: 'mine' }));
    }
    const listed = [];
    for await (const each of store.list('')) listed.push(each.key);
    expect(listed).toEqual([key]);
  });

  it('refuses an object that was overwritten in the bucket', async () => {
    const prefix = `${randomUUID()}/`;
    const store = storeAt(prefix);
    await store.put(key, bytesSource(bytes));
    const wrong = someBytes('other', bytes.length);
    await rawClient().send(new PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: wrong }));
    await expect(readBlob(store, digest, { maxBytes: bytes.length })).rejects.toMatchObject({
      code: 'blob_corrupt',
      details: { expected: digest, found: digestOf(wrong) },
    });
  });

  it('stores plain bytes: no transfer encoding of the SDK ends up in the object', async () => {
    const prefix = `${randomUUID()}/`;
    const large = someBytes('plain', 2_000_000);
    await storeAt(prefix).put(blobKey(digestOf(large)), bytesSource(large));
    const at = { Bucket: bucket, Key: prefix + blobKey(digestOf(large)) };
    const head = await rawClient().send(new HeadObjectCommand(at));
    expect([head.ContentLength, head.ContentEncoding]).toEqual([large.length, undefined]);
  });

  it('names the cure when the bucket is missing', async () => {
    const store = storeAt('', { bucket: 'no-such-bucket-here' });
    const missing = {
      code: 'store_unavailable',
      message: expect.stringMatching(/no bucket "no-such-bucket-here".*create it/),
    };
    await expect(store.ping()).rejects.toMatchObject(missing);
    await expect(store.put(key, bytesSource(bytes))).rejects.toMatchObject(missing);
    await expect(store.get(key)).rejects.toMatchObject(missing);
  });

  it('names the credentials when they are wrong, without showing them', async () => {
    const store = storeAt('', { credentials: { ...credentials, secretAccessKey: 'not-the-secret' } });
    const failure = await store.put(key, bytesSource(bytes)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('credentials'),
    });
    expect(JSON.stringify(failure)).not.toContain('not-the-secret');
  });
});
