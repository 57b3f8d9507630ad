// What a hostile or broken upstream offers is never served, never changes anything here, and is named with its reason.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { tarOf } from '../world/archives.ts';
import { type MadePack, makePack, withOtherFiles } from '../world/packs.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { DISCOVERY, discoveryOf, partOf, type StaticRegistry } from '../world/static-registry.ts';
import { flawsOf, listAll, listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

const get = (path: string) => registry.call('GET', path, { token: null });

interface Scene {
  readonly upstream: StaticRegistry;
  readonly pack: MadePack;
  readonly name: string;
}

/** One honest upstream with one pack, in a namespace of its own. */
const scene = async (org: string, keyId = `${org}-1`, status = 'active'): Promise<Scene> => {
  const publisher = createPublisher(keyId);
  const name = `vendor.${org}.tools`;
  const pack = await makePack(publisher, { name });
  const upstream = await upstreamOf([{ ...listing(publisher, `vendor.${org}.*`), status }], [pack]);
  onTestFinished(() => upstream.close());
  return { upstream, pack, name };
};

/** It is named with its code, nothing of it is served, and nothing stored. */
const expectRefused = async (
  { upstream, pack }: Pick<Scene, 'upstream' | 'pack'>,
  code: string,
  version = '1.0.0',
) => {
  const before = await registry.stored();
  const row = await mirror(registry, upstream.url);
  expect(await flawsOf(registry, row.id)).toMatchObject({ [`${pack.name}@${version}`]: code });
  expect((await get(partOf(pack, 'json'))).status).toBe(404);
  expect((await get(partOf(pack, 'tgz'))).status).toBe(404);
  const after = await registry.stored();
  // The one event says that the upstream was added.
  expect({ ...after, events: after.events - 1 }).toEqual(before);
  return row;
};

/** Serves other bytes as the tarball, and names them honestly. */
const serveTarball = ({ upstream, pack }: Scene, tarball: Uint8Array): void => {
  upstream.files.set(partOf(pack, 'tgz'), tarball);
  const manifest = upstream.json(partOf(pack, 'json'));
  upstream.setJson(partOf(pack, 'json'), { ...manifest, integrity: integrityOf(digestOf(tarball)) });
};

const editManifest = ({ upstream, pack }: Scene, edits: object): void =>
  upstream.setJson(partOf(pack, 'json'), { ...upstream.json(partOf(pack, 'json')), ...edits });

describe('a version is refused whose', () => {
  it('signature was made by another key', async () => {
    const { upstream, pack } = await scene('badsig');
    upstream.files.set(partOf(pack, 'sig'), new Uint8Array(64).fill(7));
    await expectRefused({ upstream, pack }, 'pack_signature_invalid');
  });

  it('tarball is not the one that its manifest names', async () => {
    const { upstream, pack } = await scene('digest');
    upstream.files.set(partOf(pack, 'tgz'), (await withOtherFiles(pack, { 'index.mjs': 'evil()' })).tarball);
    await expectRefused({ upstream, pack }, 'pack_integrity_mismatch');
  });

  it('manifest names no digest', async () => {
    const at = await scene('nodigest');
    editManifest(at, { integrity: undefined });
    await expectRefused(at, 'integrity_missing');
  });

  it('key does not speak for its name', async () => {
    const publisher = createPublisher('narrow-1');
    const pack = await makePack(publisher, { name: 'vendor.narrow.tools' });
    const upstream = await upstreamOf([listing(publisher, 'vendor.elsewhere.*')], [pack]);
    onTestFinished(() => upstream.close());
    await expectRefused({ upstream, pack }, 'key_not_permitted');
  });

  it('key is not listed', async () => {
    const { upstream, pack } = await scene('unlisted');
    upstream.setJson(DISCOVERY, discoveryOf([]));
    await expectRefused({ upstream, pack }, 'key_unknown');
  });

  it('key was revoked there', async () => {
    await expectRefused(await scene('revoked', 'revoked-1', 'revoked'), 'key_revoked');
  });

  it('key is no key', async () => {
    const { upstream, pack } = await scene('nokey');
    upstream.files.set(
      '/keys/nokey-1.pub',
      Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
    );
    await expectRefused({ upstream, pack }, 'key_unusable');
  });

  it('archive holds no signature, and nothing beside it', async () => {
    const publisher = createPublisher('unsigned-1');
    const pack = await makePack(publisher, { name: 'vendor.unsigned.tools', seed: null });
    const upstream = await upstreamOf([listing(publisher, 'vendor.unsigned.*')], [pack]);
    onTestFinished(() => upstream.close());
    await expectRefused({ upstream, pack }, 'pack_signature_unverifiable');
  });

  it('archive leaves the folder it is unpacked into', async () => {
    const at = await scene('slip');
    const files = [...at.pack.files].map(([name, content]) => ({ name, bytes: content }));
    serveTarball(at, gzipSync(tarOf(...files, { name: '../../etc/cron.d/x', bytes: 'x' })));
    await expectRefused(at, 'archive_invalid');
  });

  it('pack.json is that of another version', async () => {
    const at = await scene('identity');
    const other = await makePack(createPublisher('identity-1'), { name: at.name, version: '9.9.9' });
    serveTarball(at, other.tarball);
    await expectRefused(at, 'manifest_identity_mismatch');
  });

  it('manifest is no JSON, or one with a name twice', async () => {
    const { upstream, pack } = await scene('json');
    upstream.files.set(partOf(pack, 'json'), Buffer.from('{"name":"a","name":"b"}'));
    await expectRefused({ upstream, pack }, 'reply_malformed');
  });

  it('name is private', async () => {
    const publisher = createPublisher('hidden-1');
    const pack = await makePack(publisher, { name: 'private.hidden.tools' });
    const upstream = await upstreamOf([listing(publisher, 'private.hidden.*')], [pack]);
    onTestFinished(() => upstream.close());
    await expectRefused({ upstream, pack }, 'invalid_pack_name', '*');
  });

  it('key id stands for another key here', async () => {
    const own = createPublisher('shared-id');
    await delegate(registry.call, own, ['vendor.own.*']);
    const at = await scene('collision', 'shared-id');
    await expectRefused(at, 'key_id_taken');
    expect((await get('/keys/shared-id.pub')).bytes.toString()).toBe(own.publicKeyPem);
  });

  it('namespace is held here', async () => {
    const token = await accountWith(registry.call, 'holder', ['namespaces:claim']);
    const claimed = await registry.call('POST', '/access/namespaces', {
      token,
      body: { namespace: 'vendor.held' },
    });
    expect(claimed.status).toBe(201);
    await expectRefused(await scene('held'), 'namespace_held', '*');
  });
});

describe('what is here stays, where an upstream', () => {
  it('offers a version that was published here, with other bytes', async () => {
    const { upstream, name } = await scene('local');
    const own = createPublisher('local-own');
    await delegate(registry.call, own, ['vendor.local.*']);
    const body = await own.pack({ name });
    expect((await registry.call('PUT', addressOf(name), { body })).status).toBe(201);
    const row = await mirror(registry, upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${name}@1.0.0`]: 'published_here' });
    expect((await get(addressOf(name))).bytes.equals(body)).toBe(true);
  });

  it('changes the bytes of a version that was published', async () => {
    const at = await scene('changed');
    const { upstream, pack, name } = at;
    const { id } = await mirror(registry, upstream.url);
    const other = await withOtherFiles(pack, { 'index.mjs': 'changed()' });
    serveTarball(at, other.tarball);
    listAll(upstream, [other]);
    await syncAgain(registry, id);
    expect((await get(partOf(pack, 'tgz'))).bytes.equals(pack.tarball)).toBe(true);
    const { json } = await registry.call('GET', `/mirror/upstreams/${id}/flaws`);
    expect(json.flaws).toEqual([
      expect.objectContaining({
        ...{ name, kind: 'alarm', code: 'bytes_changed' },
        evidence: expect.objectContaining({ kept: integrityOf(digestOf(pack.tarball)) }),
      }),
    ]);
  });

  it('offers what another was first to offer, with other bytes', async () => {
    const first = await scene('first');
    await mirror(registry, first.upstream.url);
    const second = await scene('first', 'first-2');
    const row = await mirror(registry, second.upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ 'vendor.first.tools@1.0.0': 'version_taken' });
    expect((await get(partOf(first.pack, 'tgz'))).bytes.equals(first.pack.tarball)).toBe(true);
  });

  it('takes a version back: it stays served, and the operator learns of it', async () => {
    const { upstream, pack, name } = await scene('gone');
    const { id } = await mirror(registry, upstream.url);
    upstream.setJson(`/v1/packs/${name}/index.json`, { name, versions: [], latest: null });
    await syncAgain(registry, id);
    expect(await flawsOf(registry, id)).toEqual({ [`${name}@1.0.0`]: 'gone_upstream' });
    expect((await get(partOf(pack, 'tgz'))).status).toBe(200);
  });

  it('revokes the key of a version later', async () => {
    const { upstream, pack, name } = await scene('late');
    const { id } = await mirror(registry, upstream.url);
    const document = upstream.json(DISCOVERY) as { signingKeys: readonly object[] };
    upstream.setJson(DISCOVERY, {
      ...document,
      signingKeys: document.signingKeys.map((key) => ({ ...key, status: 'revoked' })),
    });
    upstream.setJson(`/v1/packs/${name}/index.json`, {
      ...upstream.json(`/v1/packs/${name}/index.json`),
      note: 1,
    });
    await syncAgain(registry, id);
    expect(await flawsOf(registry, id)).toEqual({ [`${name}@1.0.0`]: 'key_revoked' });
    expect((await get(partOf(pack, 'tgz'))).status).toBe(200);
  });
});

describe('an id of a mirrored key', () => {
  it('is not listed here for another key', async () => {
    const { upstream } = await scene('taken', 'taken-id');
    await mirror(registry, upstream.url);
    await expect(delegate(registry.call, createPublisher('taken-id'), ['vendor.mine.*'])).rejects.toThrow(
      'already_exists',
    );
  });
});

describe('a refusal', () => {
  it('is taken back when upstream sets it right', async () => {
    const { upstream, pack } = await scene('mended');
    upstream.files.set(partOf(pack, 'sig'), new Uint8Array(64));
    const { id } = await mirror(registry, upstream.url);
    upstream.files.set(partOf(pack, 'sig'), pack.signature);
    const path = `/v1/packs/${pack.name}/index.json`;
    upstream.setJson(path, { ...upstream.json(path), mended: true });
    expect(await syncAgain(registry, id)).toMatchObject({ flaws: 0, versions: 1 });
  });
});
