// What the public suites ask of the real catalogue's reads: pack-registry.test.ts, maliciousManifest.test.ts,
// registry-public.test.ts (v1) and v2-registry-lifecycle.test.ts (RFC 0222), unauthenticated as they ask.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../world/archives.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { MAJORS, type Major } from './majors.ts';

let registry: TestRegistry;
const acme = createPublisher();

const nameOf = (major: Major): string => `vendor.acme.${major}-tools`;

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const major of MAJORS) {
    for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1'])
      await registry.call('PUT', addressOf(nameOf(major), version, major), {
        body: await acme.pack({ name: nameOf(major), version, tree: major }),
      });
    const yank = `/${major}/packs/${nameOf(major)}/-/1.1.0/yank`;
    expect((await registry.call('POST', yank, { body: { reason: 'broken' } })).status).toBe(200);
  }
});
afterAll(() => registry.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  registry.call('GET', path, { token: null, headers: { Accept: 'application/json', ...headers } });

describe('pack-registry.test.ts (read shapes)', () => {
  it('search is there: 200 with results, also for nothing asked', async () => {
    for (const query of ['', 'tools']) {
      const { status, json } = await get(`/v1/packs/-/search?q=${query}`);
      expect([status, Array.isArray(json.results)], query).toEqual([200, true]);
      for (const hit of json.results)
        expect(hit.name).toMatch(
          /^(core|vendor|community|private)\.[a-z][a-z0-9_-]*(\.[a-z][a-zA-Z0-9_-]*)+$/,
        );
    }
  });

  it.each([
    [`/v1/packs/private.conformance-probe.does-not-exist-${Date.now()}`, 404, 'pack_not_found'],
    [`/v1/packs/vendor.acme.v1-tools/-/0.0.0-conformance.json`, 404, 'pack_not_found'],
    [`/v1/packs/vendor.acme.v1-tools/-/0.0.0-conformance.sig`, 404, 'signature_not_available'],
    ['/v1/packs/not-reverse-dns/-/1.0.json', 400, 'invalid_pack_name'],
    ['/v1/packs/vendor.acme.v1-tools/-/not-a-version.json', 400, 'invalid_version'],
    ['/v1/packs/probe-no-such-pack/-/0.0.0.json', 400, 'invalid_pack_name'],
  ])('%s → %i %s', async (path, status, error) => {
    const answer = await get(path);
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });

  it('a pack echoes its name, and keys its versions by SemVer', async () => {
    const { json } = await get(`/v1/packs/${nameOf('v1')}`);
    expect(json.name).toBe(nameOf('v1'));
    expect(Object.keys(json.versions)).toEqual(['1.0.0', '1.1.0', '2.0.0-rc.1']);
  });

  it('the keychain lists keys, each with kid, algorithm and public key', async () => {
    const { status, json } = await get(`/v1/packs/${nameOf('v1')}/-/keychain`);
    expect(status).toBe(200);
    expect(json.keys.length).toBeGreaterThan(0);
    for (const key of json.keys)
      expect([typeof key.kid, typeof key.algorithm, typeof key.publicKey]).toEqual(Array(3).fill('string'));
  });
});

describe('the discovery document (registry-public.test.ts)', () => {
  it('is the same with and without .json, with a tag that is honoured', async () => {
    const [bare, file] = await Promise.all(
      ['', '.json'].map((ending) => get(`/.well-known/openwop-registry${ending}`)),
    );
    expect(file?.bytes.equals(bare?.bytes ?? Buffer.alloc(0))).toBe(true);
    const again = await get('/.well-known/openwop-registry', {
      'If-None-Match': bare?.headers.get('etag') ?? '',
    });
    expect(again.status).toBe(304);
  });

  it('names versions, namespaces, methods and endpoints, all root-relative', async () => {
    const { json } = await get('/.well-known/openwop-registry');
    expect(json).toMatchObject({ registryVersion: '1.0.0', protocolVersion: '1.0' });
    expect(json.supportedNamespaces).toEqual(expect.arrayContaining(['core', 'vendor', 'community']));
    expect(json.supportedSigningMethods).toContain('ed25519');
    const parts = ['registryIndex', 'packMetadata', 'versionManifest', 'versionTarball', 'versionSignature'];
    for (const endpoints of [json.endpoints, json.endpoints.v1, json.endpoints.v2])
      for (const part of parts) expect(endpoints[part]).toMatch(/^\/v[12]\//);
    expect(json.endpoints.publicKey).toMatch(/^\/keys\//);
  });
});

/** Root of all that a verifier does with one version, as the suite does it. */
const believe = async (
  discovery: { endpoints: Record<string, Record<string, string>>; signingKeys: SigningKey[] },
  major: Major,
  name: string,
  version: string,
) => {
  const endpoints = discovery.endpoints[major] ?? {};
  const at = (part: string) => (endpoints[part] ?? '').replace('{name}', name).replace('{version}', version);
  const manifest = (await get(at('versionManifest'))).json;
  const tarball = await get(at('versionTarball'));
  expect(manifest.integrity).toBe(`sha256-${createHash('sha256').update(tarball.bytes).digest('base64')}`);
  const signature = await get(at('versionSignature'));
  if (major === 'v1' && manifest.yanked) {
    expect([signature.status, signature.json.error]).toEqual([404, 'signature_not_available']);
    return;
  }
  expect([signature.status, signature.bytes.length]).toEqual([200, 64]);
  const keyId = manifest.signing.keyId ?? manifest.signing.publicKeyRef;
  const key = discovery.signingKeys.find((each) => each.keyId === keyId);
  const pem = await get(key?.publicKeyUrl ?? 'nowhere');
  const { manifestBytes = new Uint8Array() } = await inspect(tarball.bytes);
  expect(verify(null, manifestBytes, createPublicKey(pem.bytes.toString()), signature.bytes)).toBe(true);
  expect(key?.permittedNamespaces.some((pattern) => permits(pattern, name))).toBe(true);
};

interface SigningKey {
  readonly keyId: string;
  readonly publicKeyUrl: string;
  readonly status: string;
  readonly permittedNamespaces: readonly string[];
}

const permits = (pattern: string, name: string): boolean =>
  pattern.endsWith('.*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

describe.each(MAJORS)('v2-registry-lifecycle.test.ts (RFC 0222), asked of the %s tree', (major) => {
  it('the index names the latest of each pack as the pack does, and never a yanked one', async () => {
    const { json: discovery } = await get('/.well-known/openwop-registry');
    const index = (await get(discovery.endpoints[major].registryIndex)).json;
    expect(index.packCount).toBe(index.packs.length);
    expect(index.packs.map(({ name }: { name: string }) => name)).toEqual([nameOf(major)]);
    for (const row of index.packs) {
      const pack = (await get(discovery.endpoints[major].packMetadata.replace('{name}', row.name))).json;
      expect([row.latestVersion, row.yanked]).toEqual([pack.latest, false]);
      expect(pack.latest).toBe('1.0.0');
    }
  });

  it('every row agrees with its manifest, and every served version can be believed', async () => {
    const { json: discovery } = await get('/.well-known/openwop-registry');
    const pack = (await get(discovery.endpoints[major].packMetadata.replace('{name}', nameOf(major)))).json;
    expect(Array.isArray(pack.versions)).toBe(true);
    const deprecated = major === 'v1' ? 'deprecated' : 'versionDeprecated';
    for (const row of pack.versions) {
      const manifest = (await get(addressOf(nameOf(major), row.version, major, 'json'))).json;
      expect([row.version, row.yanked, row[deprecated]]).toEqual([
        manifest.version,
        manifest.yanked,
        manifest[deprecated],
      ]);
      await believe(discovery, major, nameOf(major), row.version);
    }
  });

  it('every key is listed with id, address, status and namespaces', async () => {
    const { json } = await get('/.well-known/openwop-registry');
    expect(json.signingKeys.length).toBeGreaterThan(0);
    for (const { keyId, publicKeyUrl, status, permittedNamespaces } of json.signingKeys as SigningKey[]) {
      expect([typeof keyId, typeof status, Array.isArray(permittedNamespaces)]).toEqual([
        'string',
        'string',
        true,
      ]);
      expect(publicKeyUrl).toMatch(/^\/keys\//);
    }
  });

  it('tarballs are binary, immutable, and never encoded once more (§12.6)', async () => {
    const { headers } = await get(addressOf(nameOf(major), '1.0.0', major), { 'Accept-Encoding': 'gzip' });
    expect(headers.get('content-type')).toMatch(/^application\/(octet-stream|gzip|tar\+gzip)/);
    expect(headers.get('content-encoding')).toBeNull();
    expect(headers.get('cache-control')).toContain('immutable');
  });
});
