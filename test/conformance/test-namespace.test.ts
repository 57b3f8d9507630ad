// The test catalogue (RFC 0025): off by default, apart from everything real, advertised only where it is.
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { BASES, MAJORS, on, testAddress } from './majors.ts';

let registry: TestRegistry;
let now = new Date('2027-01-01T00:00:00Z');
const said: string[] = [];
const acme = createPublisher();

beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  registry = await startRegistry({ testNamespace: true }, { now: () => now }, log);
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

describe('where it is off', () => {
  it('every address of it answers 404, whoever asks, and no document tells of it (RFC 0025 §C.2)', async () => {
    const closed = await startRegistry();
    try {
      const body = await acme.pack({ seed: null });
      for (const major of MAJORS) {
        const file = testAddress(major, 'vendor.acme.tools');
        for (const [method, path, options] of [
          ['PUT', file, { body }],
          ['GET', file, {}],
          ['GET', `${BASES[major]}/vendor.acme.tools`, {}],
          ['DELETE', file, {}],
          ['OPTIONS', file, {}],
          ['POST', `${BASES[major]}/-/reset`, {}],
          ['PUT', `${BASES[major]}/singleseg/-/x.tgz`, { body, token: null }],
        ] as const) {
          const answer = await closed.call(method, path, options);
          expect([answer.status, answer.json.error], `${method} ${path}`).toEqual([404, 'not_found']);
        }
      }
      const v1 = await closed.call('GET', '/.well-known/openwop', { token: null });
      expect(v1.json).not.toHaveProperty('packs');
      expect(v1.json).not.toHaveProperty('capabilities');
      const v2 = await closed.call('GET', '/.well-known/openwop', { token: null, headers: on('v2') });
      expect(v2.json).not.toHaveProperty('packs');
      expect(v2.json).not.toHaveProperty('conformance');
    } finally {
      await closed.stop();
    }
  });
});

describe('where it is on', () => {
  it('the log of the start warns of it (RFC 0025 §C.2)', () => {
    expect(said.join('')).toContain('ATTESTRY_TEST_NAMESPACE');
  });

  it('v1 discovery tells of it at the root and below capabilities, in the closed shape (RFC 0025 §A)', async () => {
    const { json, headers } = await registry.call('GET', '/.well-known/openwop', { token: null });
    const testMode = {
      supported: true,
      isolated: true,
      catalogResetEndpoint: '/v1/packs-test/-/reset',
      scopes: ['core', 'vendor', 'community'],
    };
    expect(json.packs).toEqual({ testMode });
    expect(json.capabilities.packs).toEqual({ testMode });
    expect(json).toMatchObject({
      protocolVersion: '1.0',
      supportedEnvelopes: [],
      schemaVersions: {},
      limits: { clarificationRounds: 0, schemaRounds: 0, envelopesPerTurn: 0 },
    });
    expect(headers.get('openwop-version')).toBe('1.0');
  });

  it('v2 discovery carries a packs record and the seams profile (v2 seam scenarios, preflight)', async () => {
    const { json, headers } = await registry.call('GET', '/.well-known/openwop', {
      token: null,
      headers: on('v2'),
    });
    expect(json).toMatchObject({
      protocolVersions: ['1.0', '2.0'],
      preferredVersion: '2.0',
      packs: { status: 'stable', since: '2.0' },
      conformance: { seamsProfile: 'openwop-conformance-seams-v2' },
    });
    expect(headers.get('openwop-version')).toBe('2.0');
    expect(headers.get('vary')).toContain('OpenWOP-Version');
  });

  it('discovery answers If-None-Match with 304, each major with its own tag (spec §3.3)', async () => {
    const tags = await Promise.all(
      MAJORS.map(async (major) => {
        const { headers } = await registry.call('GET', '/.well-known/openwop', { headers: on(major) });
        return headers.get('etag') ?? '';
      }),
    );
    expect(new Set(tags).size).toBe(2);
    const again = await registry.call('GET', '/.well-known/openwop', {
      headers: { ...on('v2'), 'If-None-Match': tags[1] ?? '' },
    });
    expect(again.status).toBe(304);
  });

  it.each([
    ['/.well-known/openwop', '3', 406, 'protocol_version_unsupported'],
    ['/.well-known/openwop', '__proto__', 406, 'protocol_version_unsupported'],
    ['/v1/packs-test/vendor.acme.tools', '2.0', 400, 'protocol_version_mismatch'],
    ['/v1/packs-test/vendor.acme.tools', '9', 400, 'protocol_version_mismatch'],
    ['/conformance/seams/packs-test/vendor.acme.tools', '1.0', 400, 'protocol_version_mismatch'],
    ['/conformance/seams/packs-test/vendor.acme.tools', '9', 406, 'protocol_version_unsupported'],
  ])('%s with OpenWOP-Version %s → %i %s (spec §3.5)', async (path, version, status, error) => {
    const answer = await registry.call('GET', path, { headers: { 'OpenWOP-Version': version } });
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });
});

describe.each(MAJORS)('a round in the test catalogue of %s', (major) => {
  const name = `core.openwop.test-publish-${major}-round`;
  const address = (ending?: string) => testAddress(major, name, '1.0.0', ending);

  it('takes an unsigned pack of core, 201 then 200, and serves exactly its bytes (RFC 0025 §B)', async () => {
    const token = await accountWith(registry.call, `suite-${major}`, ['packs:publish', 'packs:read']);
    const body = await acme.pack({ name, tree: major, seed: null });
    const before = await registry.stored();
    const first = await registry.call('PUT', address(), { token, body });
    expect(first.status).toBe(201);
    expect(Object.keys(first.json)).toEqual([
      'name',
      'version',
      'tarballSha256',
      'publishedAt',
      'signed',
      'signingMethod',
    ]);
    expect(first.json).toMatchObject({ name, version: '1.0.0', signed: false, signingMethod: 'none' });
    const second = await registry.call('PUT', address(), { token, body });
    expect([second.status, second.json]).toEqual([200, first.json]);
    const tarball = await registry.call('GET', address(), { token });
    expect(tarball.bytes.equals(body)).toBe(true);
    expect(tarball.headers.get('content-type')).toBe('application/tar+gzip');
    expect(tarball.headers.get('etag')).toBe(`"${first.json.tarballSha256}"`);
    const manifest = await registry.call('GET', address('json'), { token });
    expect(manifest.json).toMatchObject({ name, version: '1.0.0', integrity: first.json.tarballSha256 });
    const pack = await registry.call('GET', `${BASES[major]}/${name}`, { token });
    expect(major === 'v1' ? Object.keys(pack.json.versions) : pack.json.versions[0].version).toEqual(
      major === 'v1' ? ['1.0.0'] : '1.0.0',
    );
    const signature = await registry.call('GET', address('sig'), { token });
    expect([signature.status, signature.json.error]).toEqual([404, 'signature_not_available']);
    expect(await registry.stored(), 'nothing real came of it').toEqual(before);
  });

  it('shows none of it in any document of the real catalogue (RFC 0025 §C.1, §C.3)', async () => {
    for (const path of [
      `/v1/packs/${name}`,
      `/v2/packs/${name}`,
      `/v1/packs/${name}/-/1.0.0.tgz`,
      `/v2/packs/${name}/-/1.0.0.json`,
    ]) {
      expect((await registry.call('GET', path)).status, path).toBe(404);
    }
    for (const path of [
      '/v1/index.json',
      '/v2/index.json',
      '/v1/packs/-/search?q=openwop',
      '/.well-known/openwop-registry',
      '/transparency/events',
    ]) {
      expect((await registry.call('GET', path)).bytes.toString(), path).not.toContain(
        'core.openwop.test-publish',
      );
    }
  });

  it('takes 72 hours for an unpublish, by whoever published, and keeps the name taken (RFC 0025 §B)', async () => {
    const token = await accountWith(registry.call, `suite-${major}`, ['packs:publish', 'packs:read']);
    const stranger = await accountWith(registry.call, `stranger-${major}`, ['packs:publish']);
    const old = `core.openwop.test-publish-${major}-old`;
    await registry.call('PUT', testAddress(major, old), {
      token,
      body: await acme.pack({ name: old, tree: major, seed: null }),
    });
    const remove = (pack: string, as: string) =>
      registry.call('DELETE', `${BASES[major]}/${pack}/-/1.0.0`, { token: as });
    expect((await remove(name, stranger)).json).toMatchObject({ error: 'forbidden' });
    const start = now;
    now = new Date(start.getTime() + 72 * 3_600_000 + 1_000);
    const late = await remove(old, token);
    now = start;
    expect(late.status).toBe(400);
    expect(late.json.error).toBe(
      major === 'v1' ? 'unpublish_window_expired' : 'attestry.unpublish_window_expired',
    );
    expect((await remove(name, token)).status).toBe(204);
    expect((await remove(name, token)).status).toBe(404);
    expect((await registry.call('GET', address(), { token })).status).toBe(404);
    const body = await acme.pack({ name, tree: major, seed: null });
    const again = await registry.call('PUT', address(), { token, body });
    expect([again.status, again.json.error]).toEqual([409, major === 'v1' ? 'conflict' : 'version_conflict']);
  });

  it('is emptied by a reset, what was taken included (RFC 0025 §C.4)', async () => {
    const reader = await accountWith(registry.call, `reader-${major}`, ['packs:read']);
    expect((await registry.call('POST', `${BASES[major]}/-/reset`, { token: reader })).status).toBe(403);
    const limited = await accountWith(
      registry.call,
      `limited-${major}`,
      ['packs:publish'],
      ['vendor.acme.*'],
    );
    expect((await registry.call('POST', `${BASES[major]}/-/reset`, { token: limited })).status).toBe(403);
    const token = await accountWith(registry.call, `suite-${major}`, ['packs:publish', 'packs:read']);
    expect((await registry.call('POST', `${BASES[major]}/-/reset`, { token })).status).toBe(204);
    const body = await acme.pack({ name, tree: major, seed: null });
    expect((await registry.call('PUT', address(), { token, body })).status).toBe(201);
  });
});

describe('who may do what', () => {
  it.each(MAJORS)('follows the scopes, and the namespaces of the token, in %s', async (major) => {
    const name = `core.openwop.test-publish-${major}-scopes`;
    const body = await acme.pack({ name, tree: major, seed: null });
    const put = async (token: string | null) => {
      const answer = await registry.call('PUT', testAddress(major, name), { token, body });
      return [answer.status, answer.json.error];
    };
    const get = async (token: string | null, ending?: string) =>
      (await registry.call('GET', testAddress(major, name, '1.0.0', ending), { token })).status;
    const reader = await accountWith(registry.call, `only-reads-${major}`, ['packs:read']);
    const writer = await accountWith(registry.call, `only-writes-${major}`, ['packs:publish']);
    const limited = await accountWith(
      registry.call,
      `limited-${major}`,
      ['packs:publish'],
      ['vendor.limited.*'],
    );
    expect(await put(null)).toEqual([401, 'unauthenticated']);
    expect(await put(reader)).toEqual([403, 'forbidden']);
    expect(await put(limited)).toEqual([403, major === 'v1' ? 'forbidden' : 'pack_namespace_unauthorized']);
    expect((await put(writer))[0]).toBe(201);
    expect([await get(null), await get(writer), await get(reader)]).toEqual([401, 403, 200]);
    expect([await get(null, 'sig'), await get(writer, 'sig')]).toEqual([401, 404]);
  });

  it('believes a signature by a delegated key, serves it, and refuses that of an unknown one', async () => {
    for (const major of MAJORS) {
      const name = `vendor.acme.signed-${major}`;
      const good = await registry.call('PUT', testAddress(major, name), {
        body: await acme.pack({ name, tree: major }),
      });
      expect(good.json).toMatchObject({ signed: true, signingMethod: 'manual' });
      const signature = await registry.call('GET', testAddress(major, name, '1.0.0', 'sig'));
      expect([signature.status, signature.bytes.length]).toEqual([200, 64]);
      const unknown = createPublisher('unknown-1');
      const bad = await registry.call('PUT', testAddress(major, name, '2.0.0'), {
        body: await unknown.pack({ name, version: '2.0.0', tree: major }),
      });
      expect(bad.json).toMatchObject({
        error: major === 'v1' ? 'signature_invalid' : 'pack_signature_invalid',
        details: { brokenLink: 'key_unknown' },
      });
    }
  });

  it('takes nothing private, on a private registry either: all testers see everything', async () => {
    const name = 'private.acme.tools';
    const body = await acme.pack({ name, seed: null });
    const answer = await registry.call('PUT', testAddress('v1', name), { body });
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_pack_scope']);
  });
});
