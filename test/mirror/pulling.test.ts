// What is pulled from registries of every layout, and that it is served on as it came (design of OpenWOP v1 and v2 trees).
import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inspect } from '../world/archives.ts';
import { makePack } from '../world/packs.ts';
import { addressOf, createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { DISCOVERY, discoveryOf, indexOf, partOf, type StaticRegistry } from '../world/static-registry.ts';
import { flawsOf, listAll, listing, mirror, startMirror, upstreamOf } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

const closing = (upstream: StaticRegistry): StaticRegistry => {
  onTestFinished(() => upstream.close());
  return upstream;
};

/** Each test has a namespace of its own. */
const world = async (org: string) => {
  const publisher = createPublisher(`${org}-1`);
  const packs = [
    await makePack(publisher, { name: `vendor.${org}.old`, version: '1.0.0', tree: 'v1' }),
    await makePack(publisher, { name: `vendor.${org}.new`, version: '2.0.0', tree: 'v2' }),
  ];
  const upstream = closing(await upstreamOf([listing(publisher, `vendor.${org}.*`)], packs));
  return { publisher, packs, upstream };
};

const get = (path: string) => registry.call('GET', path, { token: null });

describe('a sync', () => {
  it('takes both trees, each version in its own', async () => {
    const { packs, upstream } = await world('both');
    expect(await mirror(registry, upstream.url)).toMatchObject({
      outcome: 'complete',
      versions: 2,
      flaws: 0,
    });
    for (const pack of packs) {
      const tarball = (await get(partOf(pack, 'tgz'))).bytes;
      expect(tarball.equals(pack.tarball)).toBe(true);
      const key = (await get('/keys/both-1.pub')).bytes.toString();
      const { manifestBytes } = await inspect(tarball);
      const signature = (await get(partOf(pack, 'sig'))).bytes;
      expect(verify(null, manifestBytes as Uint8Array, createPublicKey(key), signature)).toBe(true);
    }
    expect((await get('/v2/index.json')).json.packs.map(({ name }: { name: string }) => name)).toContain(
      'vendor.both.new',
    );
  });

  it('finds the discovery document under its other spelling', async () => {
    const { upstream } = await world('spelling');
    upstream.files.set('/.well-known/openwop-registry', upstream.files.get(DISCOVERY) as Uint8Array);
    upstream.files.delete(DISCOVERY);
    expect(await mirror(registry, upstream.url)).toMatchObject({ outcome: 'complete', versions: 2 });
  });

  it('reads a registry from before the discovery document, and says that nobody lists its keys', async () => {
    const { upstream } = await world('legacy');
    upstream.files.delete(DISCOVERY);
    expect(await mirror(registry, upstream.url)).toMatchObject({ outcome: 'complete', versions: 1 });
    const map = (await get('/v1/packs/vendor.legacy.old')).json;
    expect(map.versions['1.0.0'].warnings).toContainEqual(
      expect.objectContaining({ code: 'signature_invalid' }),
    );
  });

  it('reads lists of versions in the form of a map, at addresses that the discovery document names', async () => {
    const { publisher, packs, upstream } = await world('dynamic');
    const [old] = packs;
    if (old === undefined) throw new Error('no pack');
    const { versions } = upstream.json(indexOf(old)) as { versions: readonly { version: string }[] };
    upstream.setJson('/lists/vendor.dynamic.old', {
      name: old.name,
      versions: Object.fromEntries(versions.map((row) => [row.version, row])),
      'dist-tags': { latest: '1.0.0' },
    });
    upstream.files.delete(indexOf(old));
    const document = discoveryOf([listing(publisher, 'vendor.dynamic.*')]) as {
      endpoints: Record<string, object>;
    };
    const v1 = { ...document.endpoints['v1'], packMetadata: '/lists/{name}' };
    upstream.setJson(DISCOVERY, { ...document, endpoints: { ...document.endpoints, v1 } });
    expect(await mirror(registry, upstream.url)).toMatchObject({
      outcome: 'complete',
      versions: 2,
      flaws: 0,
    });
  });

  it('takes only the namespaces that the operator wants', async () => {
    const { upstream } = await world('some');
    const row = await mirror(registry, upstream.url, { namespaces: ['vendor.some.new'] });
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, namespaces: ['vendor.some.new'] });
    expect((await get(addressOf('vendor.some.old'))).status).toBe(404);
  });

  it('takes the wanted tree where both have a name and version, and names the other', async () => {
    const publisher = createPublisher('twin-1');
    const name = 'vendor.twin.tools';
    const packs = [
      await makePack(publisher, { name, tree: 'v1' }),
      await makePack(publisher, { name, tree: 'v2' }),
    ];
    const upstream = closing(await upstreamOf([listing(publisher, 'vendor.twin.*')], packs));
    const row = await mirror(registry, upstream.url, { trees: ['v2', 'v1'] });
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, flaws: 1 });
    expect((await get(addressOf(name, '1.0.0', 'v2'))).status).toBe(200);
    const { json } = await registry.call('GET', `/mirror/upstreams/${row.id}/flaws`);
    expect(json.flaws[0]).toMatchObject({ code: 'in_other_tree', tree: 'v1', kind: 'refused' });
  });

  it('keeps the time that upstream says, where that can be', async () => {
    const publisher = createPublisher('time-1');
    const name = 'vendor.time.tools';
    const packs = await Promise.all(
      ['1.0.0', '2.0.0'].map((version) => makePack(publisher, { name, version })),
    );
    const upstream = closing(await upstreamOf([listing(publisher, 'vendor.time.*')], packs));
    const [first, second] = packs.map((pack) => partOf(pack, 'json')) as [string, string];
    upstream.setJson(first, { ...upstream.json(first), publishedAt: '2025-03-04T05:06:07.000Z' });
    upstream.setJson(second, { ...upstream.json(second), publishedAt: '2999-01-01T00:00:00Z' });
    await mirror(registry, upstream.url);
    expect((await get(first)).json.publishedAt).toBe('2025-03-04T05:06:07.000Z');
    expect(Date.parse((await get(second)).json.publishedAt)).toBeLessThanOrEqual(Date.now());
  });

  it('lists keys of upstream apart from those that are delegated here, and they sign nothing here', async () => {
    const { publisher, upstream } = await world('apart');
    await mirror(registry, upstream.url);
    const discovery = (await get(DISCOVERY)).json;
    const ids = (list: readonly { keyId: string }[]) => list.map(({ keyId }) => keyId);
    expect(ids(discovery.mirroredKeys)).toContain('apart-1');
    expect(ids(discovery.signingKeys)).not.toContain('apart-1');
    const body = await publisher.pack({ name: 'vendor.apart.own', version: '1.0.0' });
    const answer = await registry.call('PUT', addressOf('vendor.apart.own'), { body });
    expect(answer.json).toMatchObject({ error: 'signature_invalid', details: { brokenLink: 'key_unknown' } });
  });

  it('is no news where the same upstream is added again, and is refused in another way', async () => {
    const { upstream } = await world('again');
    await mirror(registry, upstream.url);
    const add = (more: object) =>
      registry.call('POST', '/mirror/upstreams', { body: { url: `${upstream.url}/`, ...more } });
    expect((await add({})).status).toBe(200);
    expect((await add({ namespaces: ['vendor.other.*'] })).json.error).toBe('already_exists');
  });

  it('goes on where upstream publishes more', async () => {
    const { publisher, packs, upstream } = await world('more');
    const { id } = await mirror(registry, upstream.url);
    const next = await makePack(publisher, { name: 'vendor.more.old', version: '1.1.0' });
    upstream.add(next);
    listAll(upstream, [...packs, next]);
    const { syncAgain } = await import('./mirroring.ts');
    expect(await syncAgain(registry, id)).toMatchObject({ outcome: 'complete', progress: { added: 1 } });
    expect((await get('/v1/packs/vendor.more.old/index.json')).json.latest).toBe('1.1.0');
    expect(await flawsOf(registry, id)).toEqual({});
  });

  it('keeps what was mirrored when the upstream is removed', async () => {
    const { upstream, packs } = await world('kept');
    const { id } = await mirror(registry, upstream.url);
    expect((await registry.call('DELETE', `/mirror/upstreams/${id}`)).status).toBe(204);
    expect((await registry.call('GET', `/mirror/upstreams/${id}`)).status).toBe(404);
    for (const pack of packs) expect((await get(partOf(pack, 'tgz'))).status).toBe(200);
  });
});

describe('only the operator', () => {
  it('says what is mirrored', async () => {
    const body = { url: 'http://127.0.0.1:1' };
    expect((await registry.call('POST', '/mirror/upstreams', { body, token: null })).status).toBe(401);
    expect((await registry.call('GET', '/mirror/upstreams', { token: null })).status).toBe(401);
  });
});
