// A thousand versions are mirrored in the memory that a few need.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadePack } from '../world/packs.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import type { StaticRegistry } from '../world/static-registry.ts';
import { listing, mirror, startMirror, upstreamOf } from './mirroring.ts';

const PACKS = 100;
const VERSIONS = 10;
const publisher = createPublisher('many-1');

/** Tarballs that are being sent, and the most that ever were. */
let [open, mostOpen] = [0, 0];
let registry: TestRegistry;
let upstream: StaticRegistry;
beforeAll(async () => {
  const packs: MadePack[] = [];
  for (let pack = 0; pack < PACKS; pack += 1)
    for (let minor = 0; minor < VERSIONS; minor += 1)
      packs.push(await makePack(publisher, { name: `vendor.many.p${pack}`, version: `1.${minor}.0` }));
  upstream = await upstreamOf([listing(publisher, 'vendor.many.*')], packs);
  upstream.lieAbout(/\.tgz$/, (response, honest) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    response.once('close', () => {
      open -= 1;
    });
    response.end(honest);
  });
  registry = await startMirror();
}, 60_000);
afterAll(async () => {
  await registry.stop();
  await upstream.close();
});

describe('a thousand versions', () => {
  it('are mirrored whole, and memory stays flat', { timeout: 120_000 }, async () => {
    const before = process.memoryUsage().rss;
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: PACKS * VERSIONS, flaws: 0 });
    const grown = process.memoryUsage().rss - before;
    expect(grown).toBeLessThan(256 * 1024 * 1024);
  });

  it('were asked for once each, and by four at once at most', () => {
    expect(mostOpen).toBeLessThanOrEqual(4);
    expect(upstream.requests.filter((path) => path.endsWith('.tgz'))).toHaveLength(PACKS * VERSIONS);
  });
});
