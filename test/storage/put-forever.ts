// A process that puts blobs, and replaces the one object that changes, until it is killed; it says on standard output
// what it was told is durable.
import { bytesSource } from '../../storage/blob-store.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey, LOG_CHECKPOINT_KEY } from '../../storage/object-keys.ts';
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

/** Each turn is the same number many times over: bytes of two turns mixed would show. */
const replaceForever = async (): Promise<void> => {
  for (let turn = 1; ; turn += 1) {
    await store.replace(LOG_CHECKPOINT_KEY, Buffer.from(`${turn}\n`.repeat((turn % 7) * 1_000 + 1)));
    process.stdout.write(`turn ${turn}\n`);
  }
};

await Promise.all([replaceForever(), ...[0, 1, 2, 3, 4, 5].map(putForever)]);
