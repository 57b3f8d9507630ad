// The schema mirror against a yank that comes while a tarball is read: nothing of the version is kept after it.
import { expect, it } from 'vitest';
import type { Sql } from '../../src/database/connect.ts';
import { createDocumentCache } from '../../src/http/document-cache.ts';
import { readSchema } from '../../src/packs/derived/schema-mirror.ts';
import { packTopic } from '../../src/packs/read/read.ts';
import { type BlobStore, bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { createMemoryStore } from '../../storage/memory-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { createPublisher } from '../world/publisher.ts';

const NAME = 'vendor.acme.schemas';

it('answers who asked before, and has forgotten every schema of the version then', async () => {
  const schemas = { 'schemas/in.json': '{"a":1}', 'schemas/out.json': '{"b":2}' };
  const tarball = await createPublisher().pack({ name: NAME, version: '1.0.0', files: schemas });
  const digest = digestOf(tarball);
  const blobs = createMemoryStore();
  await blobs.put(blobKey(digest), bytesSource(tarball));
  const files = Object.entries(schemas).map(([path, text]) => {
    const bytes = Buffer.from(text);
    return { path, size: bytes.length, digest: digestOf(bytes) };
  });
  const cache = createDocumentCache(1024 * 1024);
  const yanking: BlobStore = {
    ...blobs,
    get: (...given: Parameters<BlobStore['get']>) => {
      cache.forget(packTopic(NAME));
      return blobs.get(...given);
    },
  };
  const sql = (async () => [{ digest: Buffer.from(digest, 'hex'), files }]) as unknown as Sql;
  const read = readSchema({ sql, blobs: yanking, cache, maxTarballBytes: 1024 * 1024 });
  const document = await read(NAME, '1.0.0', 'in.json');
  expect(Buffer.from(document.bytes).toString()).toBe('{"a":1}');
  await new Promise((resolve) => setImmediate(resolve));
  for (const file of ['in.json', 'out.json']) expect(cache.ready(`/${NAME}/1.0.0/${file}`)).toBeUndefined();
});
