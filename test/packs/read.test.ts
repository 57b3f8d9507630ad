// What readers get: both trees, both shapes, conditional and range requests, and refusals that say what is missing.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
let tarball: Buffer;
const get = (path: string, headers: Record<string, string> = {}) =>
  registry.call('GET', path, { token: null, headers });
const publish = async (version: string, tree: 'v1' | 'v2', name: string) =>
  registry.call('PUT', addressOf(name, version, tree), { body: await acme.pack({ name, version, tree }) });

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1'])
    await publish(version, 'v1', 'vendor.acme.one');
  await publish('1.0.0', 'v2', 'vendor.acme.two');
  tarball = await acme.pack({ name: 'vendor.acme.one' });
});
afterAll(() => registry.stop());

describe('pack metadata', () => {
  it('is a map with dist-tags at the bare v1 address', async () => {
    const { json } = await get('/v1/packs/vendor.acme.one');
    expect(Object.keys(json.versions)).toEqual(['1.0.0', '1.9.0', '1.10.0', '2.0.0-rc.1']);
    expect(json['dist-tags']).toEqual({ latest: '1.10.0' });
    expect(json.versions['1.0.0']).toMatchObject({
      signed: true,
      signingMethod: 'manual',
      signingKeyId: 'acme-1',
    });
  });

  it('is an array at index.json of v1, with every field its browser client reads', async () => {
    const { json } = await get('/v1/packs/vendor.acme.one/index.json');
    expect(json.latest).toBe('1.10.0');
    expect(Array.isArray(json.tags) && Array.isArray(json.typeIds)).toBe(true);
    expect(json.versions[0]).toEqual({
      version: '1.0.0',
      publishedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      manifestUrl: '/v1/packs/vendor.acme.one/-/1.0.0.json',
      tarballUrl: '/v1/packs/vendor.acme.one/-/1.0.0.tgz',
      signatureUrl: '/v1/packs/vendor.acme.one/-/1.0.0.sig',
      signingMethod: 'manual',
      signingKeyId: 'acme-1',
      integrity: `sha256-${createHash('sha256').update(tarball).digest('base64')}`,
      deprecated: false,
      yanked: false,
    });
  });

  it('is an array at both v2 addresses, with v2 names for scheme and deprecation', async () => {
    const bare = await get('/v2/packs/vendor.acme.two');
    expect(bare.json).toEqual((await get('/v2/packs/vendor.acme.two/index.json')).json);
    expect(bare.json.versions[0]).toMatchObject({
      signingScheme: 'ed25519-canonical-json',
      versionDeprecated: false,
    });
    expect(bare.json.versions[0]).not.toHaveProperty('signingMethod');
    expect(bare.json.versions[0]).not.toHaveProperty('deprecated');
  });

  it('keeps the trees apart', async () => {
    expect((await get('/v2/packs/vendor.acme.one')).status).toBe(404);
    expect((await get(addressOf('vendor.acme.two'))).status).toBe(404);
    const [v1, v2] = [(await get('/v1/index.json')).json, (await get('/v2/index.json')).json];
    expect([
      v1.packs.map((row: { name: string }) => row.name),
      v2.packs.map((row: { name: string }) => row.name),
    ]).toEqual([['vendor.acme.one'], ['vendor.acme.two']]);
    expect(v1.packs[0]).toMatchObject({ latestVersion: '1.10.0', yanked: false, deprecated: false });
  });
});

describe('discovery', () => {
  it('is the same document at both names, with root-relative addresses for both trees and every key', async () => {
    const plain = await get('/.well-known/openwop-registry');
    expect(plain.json).toEqual((await get('/.well-known/openwop-registry.json')).json);
    expect(plain.json).toMatchObject({ registryVersion: '1.0.0', protocolVersion: '1.0', url: registry.url });
    const templates = Object.values({ ...plain.json.endpoints.v1, ...plain.json.endpoints.v2 });
    expect(templates.every((template) => String(template).startsWith('/'))).toBe(true);
    expect(plain.json.signingKeys).toEqual([
      {
        keyId: 'acme-1',
        algorithm: 'ed25519',
        publicKeyUrl: '/keys/acme-1.pub',
        permittedNamespaces: ['vendor.acme.*'],
        operator: 'operator',
        status: 'active',
      },
    ]);
  });

  it('shows a key the moment it is delegated', async () => {
    await get('/.well-known/openwop-registry');
    await delegate(registry.call, createPublisher('fresh-1'), ['vendor.fresh.*']);
    const { json } = await get('/.well-known/openwop-registry');
    expect(json.signingKeys.map((key: { keyId: string }) => key.keyId)).toContain('fresh-1');
  });
});

describe('files of a version', () => {
  const path = addressOf('vendor.acme.one');

  it('tarballs are the uploaded bytes, immutable, with a strong ETag and Repr-Digest, and never encoded', async () => {
    for (const attempt of ['from the store', 'from memory']) {
      const answer = await get(path, { 'Accept-Encoding': 'gzip' });
      expect(answer.bytes.equals(tarball), attempt).toBe(true);
      const base64 = createHash('sha256').update(tarball).digest('base64');
      expect(answer.headers.get('etag')).toBe(`"sha256-${base64}"`);
      expect(answer.headers.get('repr-digest')).toBe(`sha-256=:${base64}:`);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect(answer.headers.get('content-length')).toBe(String(tarball.length));
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('answer 304 to the ETag they gave, on every kind of document', async () => {
    for (const address of [
      path,
      addressOf('vendor.acme.one', '1.0.0', 'v1', 'json'),
      '/v1/index.json',
      '/keys/acme-1.pub',
    ]) {
      const etag = (await get(address)).headers.get('etag') ?? '';
      const again = await get(address, { 'If-None-Match': `"other", ${etag}` });
      expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag]);
      expect((await get(address, { 'If-None-Match': '"other"' })).status).toBe(200);
    }
  });

  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=5-', 5, undefined],
    ['bytes=-7', -7, undefined],
    ['bytes=3-999999', 3, undefined],
  ])('tarballs answer the range %s', async (range, start, end) => {
    const answer = await get(path, { Range: range });
    const expected = tarball.subarray(start, end);
    expect(answer.status).toBe(206);
    expect(answer.bytes.equals(expected)).toBe(true);
    const first = start < 0 ? tarball.length + start : start;
    expect(answer.headers.get('content-range')).toBe(
      `bytes ${first}-${first + expected.length - 1}/${tarball.length}`,
    );
  });

  it('a range beyond the end is refused with the size; several ranges, or those of other bytes, get everything', async () => {
    const beyond = await get(path, { Range: `bytes=${tarball.length}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${tarball.length}`]);
    expect(beyond.json.error).toBe('range_not_satisfiable');
    expect((await get(path, { Range: 'bytes=0-1,3-4' })).status).toBe(200);
    expect((await get(path, { Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200);
  });

  it('HEAD says what GET would, without the bytes', async () => {
    const answer = await registry.call('HEAD', path, { token: null });
    expect([answer.status, answer.bytes.length, answer.headers.get('content-length')]).toEqual([
      200,
      0,
      String(tarball.length),
    ]);
  });

  it('the version manifest carries what was signed and what the registry knows', async () => {
    const { json } = await get(addressOf('vendor.acme.two', '1.0.0', 'v2', 'json'));
    expect(json).toMatchObject({
      name: 'vendor.acme.two',
      signing: { keyId: 'acme-1', scheme: 'ed25519-canonical-json' },
      tarballUrl: '/v2/packs/vendor.acme.two/-/1.0.0.tgz',
      signatureUrl: '/v2/packs/vendor.acme.two/-/1.0.0.sig',
      yanked: false,
      versionDeprecated: false,
    });
  });
});

describe('what is not there', () => {
  it.each([
    ['/v1/packs/not-reverse-dns/-/1.0.json', 400, 'invalid_pack_name'],
    ['/v1/packs/vendor.acme.one/-/not-a-version.json', 400, 'invalid_version'],
    ['/v1/packs/vendor.acme.none', 404, 'pack_not_found'],
    ['/v1/packs/vendor.acme.one/-/9.9.9.json', 404, 'pack_not_found'],
    ['/v2/packs/vendor.acme.two/-/9.9.9.json', 404, 'pack_version_not_found'],
    ['/v1/packs/vendor.acme.one/-/9.9.9.sig', 404, 'signature_not_available'],
    ['/v1/packs/private.host.secret', 404, 'pack_not_found'],
    ['/v1/packs/private.host.secret/-/1.0.0.tgz', 404, 'pack_not_found'],
    ['/v2/packs/vendor.acme.none', 404, 'not_found'],
    ['/v1/packs/vendor.acme.one/-/1.0.0.exe', 404, 'not_found'],
    ['/keys/nobody.pub', 404, 'not_found'],
    ['/keys/..%2f..%2fetc%2fpasswd.pub', 404, 'not_found'],
    ['/trust/9.root.json', 404, 'not_found'],
    ['/nowhere', 404, 'not_found'],
  ])('%s → %i %s in the closed envelope', async (path, status, code) => {
    const answer = await get(path);
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(Object.keys(answer.json).sort()).toEqual(['details', 'error', 'message']);
    expect(answer.json.details.correlationId).toBe(answer.headers.get('x-request-id'));
  });

  it('a method that an address does not take is 405 and names those it does', async () => {
    const answer = await registry.call('DELETE', '/v1/index.json');
    expect([answer.status, answer.json.error]).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toContain('GET');
  });
});
