// Blobs in memory.
import { expect, it } from 'vitest';
import { bytesSource, readBlob } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { createMemoryStore } from '../../storage/memory-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { describeBlobStore } from '../contracts/blob-store.ts';

describeBlobStore('the memory store', async () => createMemoryStore(), { listed: 1100 });

it('keeps its own copy: neither writer nor reader can change stored bytes', async () => {
  const store = createMemoryStore();
  const mine = Buffer.from('as it was');
  const digest = digestOf(mine);
  await store.put(blobKey(digest), bytesSource(mine));
  mine.fill(0);
  (await readBlob(store, digest, { maxBytes: 100 })).fill(0);
  expect(Buffer.from(await readBlob(store, digest, { maxBytes: 100 })).toString()).toBe('as it was');
});
