// A process that puts blobs until it is killed and says on standard output which ones it was told are durable.
import { bytesSource } from '../../storage/blob-store.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { createStaging } from '../../storage/staging.ts';

const [root = '', staged = '', seed = ''] = process.argv.slice(2);
const store = await openDiskStore(root);
const staging = createStaging({ directory: staged, memoryBytes: 50_000 });

const sizes = [0, 10, 10_000, 300_000, 3_000_000];
const bytesOf = (lane: number, turn: number): Uint8Array =>
  Buffer.alloc(sizes[turn % sizes.length] ?? 0, `${seed} ${turn % 2 ? lane : 'shared'} ${turn};`);

/** Half the blobs go straight in, half by way of staging; half are contended by all lanes. */
const putForever = async (lane: number): Promise<void> => {
  for (let turn = 0; ; turn += 1) {
    const source = bytesSource(bytesOf(lane, turn));
    const upload = lane % 2 ? undefined : await staging.receive(source.read(), { maxBytes: 10_000_000 });
    await store.put(blobKey(source.digest), upload ?? source);
    process.stdout.write(`${source.digest}\n`);
    await upload?.discard();
  }
};

await Promise.all([0, 1, 2, 3, 4, 5].map(putForever));
