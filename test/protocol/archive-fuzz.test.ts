// Random damage to a sound archive: the inspection always answers, and never with an exception.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import { chunked, inspect, manifestEntry, noise, resum, tarOf } from '../world/archives.ts';

const tar = tarOf(
  manifestEntry,
  { name: 'schemas/', type: '5' },
  { name: 'schemas/a.json', bytes: '{"type":"object"}' },
  { name: 'index.mjs', bytes: noise(1_500) },
);
const tarball = gzipSync(tar);

interface Change {
  readonly at: number;
  readonly byte: number;
}

const changes = (length: number) =>
  fc.array(fc.record({ at: fc.nat(length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 8 });

const apply = (bytes: Uint8Array, list: readonly Change[]): Buffer => {
  const copy = Buffer.from(bytes);
  for (const { at, byte } of list) copy[at] = byte;
  return copy;
};

/** Headers stand at these offsets of the sound archive. */
const HEADERS = [0, 1_024, 1_536, 2_560];

const always = { numRuns: 400, seed: 20_251_120 };

describe('the inspection of a damaged archive', () => {
  it('never throws, whatever bytes of the tarball change', async () => {
    await fc.assert(
      fc.asyncProperty(changes(tarball.length), async (list) => {
        const damaged = apply(tarball, list);
        const report = await inspect(damaged);
        const header = damaged.subarray(0, 10).equals(tarball.subarray(0, 10));
        if (!damaged.equals(tarball) && header) expect(report.violations).not.toEqual([]);
      }),
      always,
    );
  });

  it('never throws, whatever bytes of the archive change under a true checksum', async () => {
    await fc.assert(
      fc.asyncProperty(changes(tar.length), async (list) => {
        const report = await inspect(gzipSync(apply(tar, list), { level: 1 }));
        expect(report.files.length).toBeLessThanOrEqual(3);
      }),
      always,
    );
  });

  it('never throws, whatever a header says under true checksums', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...HEADERS), changes(512), async (start, list) => {
        const damaged = Buffer.from(tar);
        apply(tar.subarray(start, start + 512), list).copy(damaged, start);
        resum(damaged.subarray(start, start + 512));
        const report = await inspect(gzipSync(damaged, { level: 1 }));
        for (const violation of report.violations) expect(violation.message).not.toBe('');
      }),
      always,
    );
  });

  it('never throws on random bytes, and never finds them sound', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4_096 }), fc.boolean(), async (bytes, wrapped) => {
        expect((await inspect(wrapped ? gzipSync(bytes) : bytes)).violations).not.toEqual([]);
      }),
      always,
    );
  });

  it('gives the same report however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(changes(tar.length), fc.integer({ min: 1, max: 700 }), async (list, size) => {
        const damaged = gzipSync(apply(tar, list), { level: 1 });
        expect(await inspectTarball(chunked(damaged, size).source)).toEqual(await inspect(damaged));
      }),
      { ...always, numRuns: 150 },
    );
  });
});
