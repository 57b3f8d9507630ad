// An upstream that wants to harm the mirror itself: to break it, fill it, keep it busy, or speak through it.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { recordFlaw } from '../../src/mirror/flaw-store.ts';
import { DEFAULT_LIMITS } from '../../src/mirror/limits.ts';
import { openUpstream, requireNoWayIn } from '../../src/mirror/upstream-fetch.ts';
import { hasYankRoom } from '../../src/mirror/yank-room.ts';
import { endlessBody } from '../world/lying-registry.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import {
  DISCOVERY,
  discoveryOf,
  indexOf,
  partOf,
  type StaticRegistry,
  yank,
} from '../world/static-registry.ts';
import { flawsOf, listing, mirror, QUICK, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

/** What breaks here, and not upstream. */
const ours = { broken: false };

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror({
    mirroring: (deps) => ({
      ...deps,
      holderOfNamespace: async (namespace) => {
        if (ours.broken) throw new Error('a fault of ours');
        return deps.holderOfNamespace(namespace);
      },
    }),
  });
});
afterAll(() => registry.stop());

interface Scene {
  readonly upstream: StaticRegistry;
  readonly pack: MadePack;
}

const scene = async (org: string): Promise<Scene> => {
  const publisher = createPublisher(`${org}-1`);
  const pack = await makePack(publisher, { name: `vendor.${org}.tools` });
  const upstream = await upstreamOf([listing(publisher, `vendor.${org}.*`)], [pack]);
  onTestFinished(() => upstream.close());
  return { upstream, pack };
};

const touch = (upstream: StaticRegistry, path: string): void =>
  upstream.setJson(path, { ...upstream.json(path), touched: Math.random() });

describe('a sync', () => {
  it('goes on where an upstream says what a database cannot hold', async () => {
    const pack = await makePack(createPublisher('half-1'), { name: 'vendor.half.tools', seed: null });
    const upstream = await upstreamOf([listing(createPublisher('half-1'), 'vendor.half.*')], [pack]);
    onTestFinished(() => upstream.close());
    const path = partOf(pack, 'json');
    // What is kept of it ends in the middle of a character.
    const signing = { method: 'ed25519', keyId: `${'a'.repeat(199)}😀` };
    upstream.setJson(path, { ...upstream.json(path), signing });
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', flaws: 1 });
    expect(await flawsOf(registry, row.id)).toEqual({ 'vendor.half.tools@1.0.0': 'key_unusable' });
  });

  it('that breaks by a fault of ours says so, waits as after any failure, and holds no lock', async () => {
    const { upstream } = await scene('broken');
    ours.broken = true;
    const row = await mirror(registry, upstream.url).finally(() => {
      ours.broken = false;
    });
    expect(row).toMatchObject({ outcome: 'failed', failures: 1, versions: 0 });
    expect(row.reason).toContain('sync_broke');
    expect(Date.parse(row.dueAt)).toBeGreaterThan(Date.parse(row.endedAt));
    expect(await syncAgain(registry, row.id)).toMatchObject({ outcome: 'complete', versions: 1 });
  });

  it('reads no index that would keep the registry from its other work', async () => {
    const { upstream } = await scene('million');
    upstream.files.set('/v1/index.json', Buffer.from(`{"packs":[${'0,'.repeat(1_000_000)}0]}`));
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'failed', versions: 0 });
    expect(row.reason).toContain('values');
  });

  it('counts the bytes of what never came to its end', async () => {
    const { upstream, pack } = await scene('uncounted');
    upstream.lieAbout(/\.tgz$/, endlessBody);
    const reader = openUpstream({
      ...{ base: upstream.url, allowPrivate: true, quit: new AbortController().signal },
      limits: { ...DEFAULT_LIMITS, ...QUICK },
    });
    await expect(reader.get(partOf(pack, 'tgz'), 1_000_000)).rejects.toMatchObject({ code: 'too_large' });
    expect(reader.spent()).toBeGreaterThan(1_000_000);
  });

  it('is led into the local network by nobody outside of it, also where such registries are mirrored', async () => {
    const inside = new URL('http://169.254.169.254/latest');
    await expect(requireNoWayIn(inside, false)).rejects.toMatchObject({ code: 'redirect_private' });
    expect(await requireNoWayIn(inside, true)).toEqual(['169.254.169.254']);
    const both = async () => ['93.184.215.14', '::ffff:10.0.0.1'];
    await expect(requireNoWayIn(new URL('http://both.example'), false, both)).rejects.toThrow('not public');
  });
});

describe('an upstream that is removed in the middle of a sync', () => {
  it('adds nothing more, and ends nothing of one that was added anew', async () => {
    const { upstream, pack } = await scene('removed');
    let release = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      upstream.lieAbout(/\.sig$/, (response, honest) => {
        release = () => void response.end(honest);
        resolve();
      });
    });
    const add = (more: object) =>
      registry.call('POST', '/mirror/upstreams', { body: { url: upstream.url, ...more } });
    const { id } = (await add({})).json;
    await asked;
    expect((await registry.call('DELETE', `/mirror/upstreams/${id}`)).status).toBe(204);
    expect((await add({ namespaces: ['vendor.nothing.*'] })).status).toBeLessThan(300);
    release();
    await syncAgain(registry, id);
    const { json } = await registry.call('GET', `/mirror/upstreams/${id}`);
    expect(json).toMatchObject({ outcome: 'complete', versions: 0, progress: { packs: 0 } });
    const found = await registry.sql`select from events where subject = ${`pack:${pack.name}@1.0.0`}`;
    expect(found).toHaveLength(0);
  });
});

describe('the list of flaws', () => {
  it('has an end, and is read in parts', { timeout: 60_000 }, async () => {
    const { upstream, pack } = await scene('flood');
    const junk = Array.from({ length: 5_000 }, (_, index) => `Not A Name ${index}\u202e`);
    upstream.setJson('/v1/index.json', { packs: [...junk, pack.name] });
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, flaws: 100 });
    await registry.sql`
      insert into mirror_flaws (upstream, tree, name, version, kind, code, message, evidence, first_at, last_at)
      select url, 'v1', 'more.' || nth, '*', 'refused', 'invalid_pack_name', 'No.', '{}', now(), now()
      from mirror_upstreams, generate_series(1, 1900) as nth where id = ${row.id}`;
    const first = (await registry.call('GET', `/mirror/upstreams/${row.id}/flaws`)).json;
    expect([first.flaws.length, first.next]).toEqual([500, 500]);
    const last = (await registry.call('GET', `/mirror/upstreams/${row.id}/flaws?from=1500`)).json;
    expect([last.flaws.length, last.next]).toEqual([500, null]);
    const wrong = await registry.call('GET', `/mirror/upstreams/${row.id}/flaws?from=x`);
    expect(wrong.json).toMatchObject({ error: 'validation_error' });
    // Whatever is refused, an alarm has its place; and what is not listed any more is no flaw.
    const note = (kind: 'refused' | 'alarm', name: string) => {
      const flaw = {
        tree: 'v1',
        name,
        version: '*',
        kind,
        code: 'test',
        message: '\0',
        evidence: {},
      } as const;
      return recordFlaw(registry.sql, upstream.url, flaw, new Date());
    };
    await note('refused', 'one.too.many');
    await note('alarm', 'an.alarm');
    const { flaws } = (await registry.call('GET', `/mirror/upstreams/${row.id}`)).json;
    expect(flaws).toBe(2_001);
    await registry.sql`delete from mirror_flaws where name = 'an.alarm'`;
    upstream.setJson('/v1/index.json', { packs: [pack.name] });
    upstream.setJson(partOf(pack, 'json'), { ...upstream.json(partOf(pack, 'json')), integrity: 'sha256-x' });
    touch(upstream, indexOf(pack));
    await syncAgain(registry, row.id);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${pack.name}@1.0.0`]: 'bytes_changed' });
  });

  it('has each version once, with the last reason, and forgets a pack that is there again', async () => {
    const { upstream, pack } = await scene('reasons');
    upstream.files.set(partOf(pack, 'sig'), new Uint8Array(64));
    const { id } = await mirror(registry, upstream.url);
    const manifest = upstream.files.get(partOf(pack, 'json')) as Uint8Array;
    upstream.files.delete(partOf(pack, 'json'));
    touch(upstream, indexOf(pack));
    await syncAgain(registry, id);
    const { json } = await registry.call('GET', `/mirror/upstreams/${id}/flaws`);
    expect(json.flaws.map(({ code }: { code: string }) => code)).toEqual(['pack_version_not_found']);
    const list = upstream.files.get(indexOf(pack)) as Uint8Array;
    upstream.files.delete(indexOf(pack));
    await syncAgain(registry, id);
    expect(await flawsOf(registry, id)).toMatchObject({ [`${pack.name}@*`]: 'pack_not_found' });
    upstream.files.set(indexOf(pack), list);
    upstream.files.set(partOf(pack, 'json'), manifest);
    upstream.files.set(partOf(pack, 'sig'), pack.signature);
    touch(upstream, indexOf(pack));
    expect(await syncAgain(registry, id)).toMatchObject({ outcome: 'complete', versions: 1, flaws: 0 });
  });

  it('names what is listed as a version and can be none here', async () => {
    const { upstream, pack } = await scene('odd');
    const index = upstream.json(indexOf(pack)) as { versions: readonly object[] };
    const odd = ['1.0', '1.0.0-a.intoto', '1.0.0-a.sbom'].map((version) => ({ version }));
    upstream.setJson(indexOf(pack), { ...index, versions: [...index.versions, ...odd] });
    const row = await mirror(registry, upstream.url);
    const at = (version: string) => `${pack.name}@${version}`;
    expect(await flawsOf(registry, row.id)).toEqual(
      Object.fromEntries(odd.map(({ version }) => [at(version), 'invalid_version'])),
    );
    expect(row).toMatchObject({ outcome: 'complete', versions: 1 });
  });
});

describe('what is remembered of an upstream', () => {
  it('does not grow with names that come and go', async () => {
    const { upstream, pack } = await scene('names');
    const { id } = await mirror(registry, upstream.url);
    for (const turn of [1, 2, 3]) {
      const name = `vendor.names.n${turn}`;
      upstream.setJson('/v1/index.json', { packs: [pack.name, name] });
      upstream.setJson(`/v1/packs/${name}/index.json`, { name, versions: [] });
      await syncAgain(registry, id);
    }
    const rows = await registry.sql`select path from mirror_seen where upstream = ${upstream.url}`;
    expect(rows).toHaveLength(2);
  });

  it('is no key that is listed for more names than a key may have', async () => {
    const publisher = createPublisher('wide-1');
    const pack = await makePack(publisher, { name: 'vendor.wide.tools' });
    const many = Array.from({ length: 20_000 }, (_, index) => `vendor.wide.n${index}`);
    const upstream = await upstreamOf([listing(publisher, 'vendor.wide.*')], [pack]);
    onTestFinished(() => upstream.close());
    const namespaces = ['x'.repeat(100_000), 'vendor.wide.*', ...many];
    upstream.setJson(DISCOVERY, discoveryOf([{ publisher, namespaces }]));
    expect(await mirror(registry, upstream.url)).toMatchObject({ versions: 1 });
    const { bytes, json } = await registry.call('GET', '/.well-known/openwop-registry', { token: null });
    const shown = json.mirroredKeys.find((key: { keyId: string }) => key.keyId === 'wide-1');
    expect(shown.permittedNamespaces).toHaveLength(64);
    expect(bytes.length).toBeLessThan(100_000);
  });
});

describe('the keys of an upstream', () => {
  it('are so many at most, since every client reads all of them', async () => {
    const { upstream, pack } = await scene('manykeys');
    await registry.sql`
      insert into mirrored_keys (key_id, public_key, pem, upstream, namespaces, status)
      select 'many-' || nth, sha256(nth::text::bytea), '', ${upstream.url}, '{}', 'active'
      from generate_series(1, 2000) as nth`;
    const row = await mirror(registry, upstream.url);
    await registry.sql`delete from mirrored_keys where key_id like 'many-%'`;
    expect(await flawsOf(registry, row.id)).toEqual({ [`${pack.name}@1.0.0`]: 'keys_full' });
    expect(await syncAgain(registry, row.id)).toMatchObject({ versions: 1, flaws: 0 });
  });
});

describe('an upstream that changes its word', () => {
  it('again and again is heard so often a day, and a warning always', { timeout: 60_000 }, async () => {
    const { upstream, pack } = await scene('restless');
    const { id } = await mirror(registry, upstream.url);
    const honest = upstream.files.get(partOf(pack, 'json')) as Uint8Array;
    for (let turn = 0; turn < 7; turn += 1) {
      yank(upstream, pack, 'broken');
      touch(upstream, indexOf(pack));
      await syncAgain(registry, id);
      upstream.files.set(partOf(pack, 'json'), honest);
      touch(upstream, indexOf(pack));
      await syncAgain(registry, id);
    }
    const events = await registry.sql`
      select from events where subject = ${`pack:${pack.name}@1.0.0`} and kind like 'pack.%'`;
    expect(events.length).toBeLessThanOrEqual(9);
    const served = await registry.call('GET', partOf(pack, 'json'), { token: null });
    expect(served.json).toMatchObject({ yanked: true });
    expect(await flawsOf(registry, id)).toEqual({ [`${pack.name}@1.0.0`]: 'standing_restless' });
  });

  it('leaves room in the list of what is withdrawn for those who publish here', () => {
    expect(hasYankRoom({ all: 39_999, own: 19_999 })).toBe(true);
    expect(hasYankRoom({ all: 39_999, own: 20_000 })).toBe(false);
    expect(hasYankRoom({ all: 40_000, own: 0 })).toBe(false);
  });

  it('about a key is heard too: it is shown as it stands there now', async () => {
    const { upstream, pack } = await scene('fallen');
    const { id } = await mirror(registry, upstream.url);
    const document = upstream.json(DISCOVERY) as { signingKeys: readonly object[] };
    const status = async () =>
      (await registry.call('GET', '/.well-known/openwop-registry', { token: null })).json.mirroredKeys.find(
        (key: { keyId: string }) => key.keyId === 'fallen-1',
      ).status;
    expect(await status()).toBe('active');
    upstream.setJson(DISCOVERY, {
      ...document,
      signingKeys: document.signingKeys.map((key) => ({ ...key, status: 'revoked' })),
    });
    await syncAgain(registry, id);
    await expect.poll(status).toBe('revoked');
    expect(await flawsOf(registry, id)).toEqual({ [`${pack.name}@1.0.0`]: 'key_revoked' });
    upstream.setJson(DISCOVERY, { ...document, signingKeys: [] });
    await syncAgain(registry, id);
    await expect.poll(status).toBe('unlisted');
  });
});
