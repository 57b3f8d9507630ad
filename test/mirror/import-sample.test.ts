// The sample of the public registry, carried over in one file: by itself, and out of a registry that mirrors it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';
import { emptyRegistry, type StaticRegistry } from '../world/static-registry.ts';
import { exported, importInto, rootQuery } from './exporting.ts';
import { startMirror } from './mirroring.ts';

const sample = join(ROOT, '../shared/real-registry');
const absent = !existsSync(sample);

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());

describe.skipIf(absent)(
  `the sample of the public registry, in one file${absent ? ' (skipped: it is not beside this checkout)' : ''}`,
  { timeout: 120_000 },
  () => {
    let upstream: StaticRegistry;
    let registry: TestRegistry;
    let other: TestRegistry;
    beforeAll(async () => {
      upstream = await emptyRegistry();
      for (const path of filesBelow(sample))
        upstream.files.set(`/${relative(sample, path)}`, readFileSync(path));
      [registry, other] = await Promise.all([startMirror(), startMirror()]);
    });
    afterAll(async () => {
      await Promise.all([registry.stop(), other.stop()]);
      await upstream.close();
    });

    it('is imported whole: 46 of 46, every signed byte as it was published', async () => {
      const row = await importInto(registry, await exported(upstream.url), `from=${upstream.url}`);
      expect(row).toMatchObject({ outcome: 'complete', reason: null, versions: 46, flaws: 0 });
      const signed = [...upstream.files.keys()].filter((path) => /^\/v1\/packs\/.*\.(tgz|sig)$/.test(path));
      expect(signed.length).toBeGreaterThan(46);
      for (const path of signed) {
        const served = await registry.call('GET', path, { token: null });
        expect(served.bytes.equals(upstream.files.get(path) ?? Buffer.alloc(0)), path).toBe(true);
      }
    });

    it('is imported whole from where it is mirrored, against the log of that one', async () => {
      const root = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
      const row = await importInto(other, await exported(registry.url), rootQuery(root));
      expect(row).toMatchObject({ outcome: 'complete', versions: 46, flaws: 0 });
    });
  },
);
