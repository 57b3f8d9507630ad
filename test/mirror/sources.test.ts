// What is expected from one source never comes from another: neither under a name, nor under one that looks like it.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type MadePack, makePack } from '../world/packs.ts';
import { addressOf, createPublisher, delegate, type Publisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { partOf } from '../world/static-registry.ts';
import { flawsOf, listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

const offer = async (publisher: Publisher, pattern: string, ...packs: readonly MadePack[]) => {
  const upstream = await upstreamOf([listing(publisher, pattern)], packs);
  onTestFinished(() => upstream.close());
  return upstream;
};

const status = async (pack: MadePack): Promise<number> =>
  (await registry.call('GET', partOf(pack, 'tgz'), { token: null })).status;

describe('a pack that is published here', () => {
  it('takes no newer version from a mirror, though nobody claimed its namespace', async () => {
    const name = 'vendor.inhouse.tools';
    const own = createPublisher('inhouse-1');
    await delegate(registry.call, own, ['vendor.inhouse.*']);
    const body = await own.pack({ name });
    expect((await registry.call('PUT', addressOf(name), { body })).status).toBeLessThan(300);
    const thief = createPublisher('thief-1');
    const newer = await makePack(thief, { name, version: '99.0.0' });
    const upstream = await offer(thief, 'vendor.inhouse.*', newer);
    const before = await registry.stored();
    const row = await mirror(registry, upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${name}@99.0.0`]: 'pack_published_here' });
    expect(await status(newer)).toBe(404);
    const after = await registry.stored();
    expect(after).toMatchObject({ versions: before.versions, events: before.events + 1 });
  });
});

describe('a pack that came from one upstream', () => {
  const setUp = async (org: string) => {
    const name = `vendor.${org}.tools`;
    const owner = createPublisher(`${org}-1`);
    const first = await offer(owner, `vendor.${org}.*`, await makePack(owner, { name }));
    await mirror(registry, first.url);
    return { name, owner, pattern: `vendor.${org}.*` };
  };

  it('takes no version from another that lists a key of its own for it', async () => {
    const { name, pattern } = await setUp('confused');
    const thief = createPublisher('thief-2');
    const newer = await makePack(thief, { name, version: '99.0.0' });
    const upstream = await offer(thief, pattern, newer);
    const row = await mirror(registry, upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${name}@99.0.0`]: 'pack_from_elsewhere' });
    expect(await status(newer)).toBe(404);
    // Nor is it asked for again and again.
    const asked = () => upstream.requests.filter((path) => path.endsWith('.tgz')).length;
    const before = asked();
    await syncAgain(registry, row.id);
    expect([before, asked()]).toEqual([1, 1]);
  });

  it('takes from another what a key signed that signed it before', async () => {
    const { name, owner, pattern } = await setUp('twohomes');
    const newer = await makePack(owner, { name, version: '1.1.0' });
    const row = await mirror(registry, (await offer(owner, pattern, newer)).url);
    expect(row).toMatchObject({ flaws: 0, versions: 1 });
    expect(await status(newer)).toBe(200);
  });

  it('takes from another what the operator named', async () => {
    const { name, pattern } = await setUp('named');
    const second = createPublisher('named-2');
    const newer = await makePack(second, { name, version: '1.1.0' });
    const upstream = await offer(second, pattern, newer);
    const row = await mirror(registry, upstream.url, { namespaces: [pattern] });
    expect(row).toMatchObject({ flaws: 0, versions: 1 });
  });

  it('has one spelling', async () => {
    const { owner, pattern } = await setUp('spelt');
    const twins = [
      await makePack(owner, { name: 'vendor.spelt.tooLs' }),
      await makePack(owner, { name: 'vendor.spelt.tooLs', version: '2.0.0' }),
    ];
    const row = await mirror(registry, (await offer(owner, pattern, ...twins)).url);
    expect(await flawsOf(registry, row.id)).toEqual({
      'vendor.spelt.tooLs@1.0.0': 'name_spelt_otherwise',
      'vendor.spelt.tooLs@2.0.0': 'name_spelt_otherwise',
    });
    expect(await Promise.all(twins.map(status))).toEqual([404, 404]);
  });
});
