// Crash tests: the disk store after kill -9.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readBlob, readObject } from '../../storage/blob-store.ts';
import { type Digest, parseDigest } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { BLOB_PREFIX, blobKey, LOG_CHECKPOINT_KEY, parseBlobKey } from '../../storage/object-keys.ts';
import { createStaging } from '../../storage/staging.ts';
import { bundled } from '../world/bundled.ts';

const scratch = mkdtempSync(join(tmpdir(), 'disk-crash-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const CHILD = fileURLToPath(new URL('put-forever.ts', import.meta.url));
const DAY_MS = 24 * 60 * 60 * 1000;

interface Told {
  readonly digests: readonly Digest[];
  /** How often it was told that the changing object was replaced. */
  readonly turns: number;
}

/** Runs the child until it reported `acknowledged` puts and a little longer, kills it, returns what it reported. */
const killAfter = async (acknowledged: number, extraMs: number, args: string[]): Promise<Told> => {
  const child = spawn(process.execPath, [await bundled(CHILD), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let dying = false;
  for await (const chunk of child.stdout) {
    text += chunk;
    if (dying || text.split('\n').length <= acknowledged) continue;
    dying = true;
    setTimeout(() => child.kill('SIGKILL'), extraMs);
  }
  expect(dying).toBe(true);
  const lines = text.split('\n').slice(0, -1);
  return {
    digests: lines.flatMap((line) => parseDigest(line) ?? []),
    turns: lines.filter((line) => line.startsWith('turn ')).length,
  };
};

describe('after kill -9 in the middle of puts', () => {
  it('every visible blob verifies, every acknowledged one is there, and only swept garbage was left', async () => {
    const root = join(scratch, 'store');
    const staged = join(scratch, 'staged');
    const told = new Set<Digest>();
    for (const round of [0, 1, 2, 3, 4]) {
      const args = [root, staged, `round ${round}`];
      const { digests, turns } = await killAfter(40 + round * 14, round * 3, args);
      for (const digest of digests) told.add(digest);

      const store = await openDiskStore(root);
      let visible = 0;
      for await (const { key, size } of store.list(BLOB_PREFIX)) {
        const digest = parseBlobKey(key);
        expect(digest && (await readBlob(store, digest, { maxBytes: size }))).toHaveLength(size);
        visible += 1;
      }
      expect(visible).toBeGreaterThanOrEqual(told.size);
      for (const digest of told) expect(await store.head(blobKey(digest)), digest).toBeDefined();

      const bytes = await readObject(store, LOG_CHECKPOINT_KEY, { maxBytes: 1_000_000 });
      const changing = Buffer.from(bytes ?? []).toString();
      const turn = Number.parseInt(changing, 10);
      expect(changing).toBe(`${turn}\n`.repeat((turn % 7) * 1_000 + 1));
      expect([turns, turns + 1]).toContain(turn);
    }

    const tomorrow = () => Date.now() + DAY_MS;
    await openDiskStore(root, tomorrow);
    await createStaging({ directory: staged, now: tomorrow }).sweep(60_000);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    expect(existsSync(staged) ? readdirSync(staged) : []).toEqual([]);
  }, 60_000);
});
