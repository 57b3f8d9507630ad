// What the public suite asks of a test catalogue: pack-registry-publish.test.ts and pack-registry-isolation.test.ts
// (RFC 0025), and the seam scenarios of v2 (packs.md), each with the request that the suite sends.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, createPublisher } from '../world/publisher.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';
import { BASES, MAJORS, type Major, on, testAddress } from './majors.ts';

let registry: TestRegistry;
let token: string;
const suite = createPublisher();

beforeAll(async () => {
  registry = await startRegistry({ testNamespace: true });
  token = await accountWith(registry.call, 'suite', ['packs:publish', 'packs:read']);
});
afterAll(() => registry.stop());

let names = 0;
const freshName = (what = 'test-publish'): string => {
  names += 1;
  return `core.openwop.${what}-${Date.now()}-${names}`;
};

const put = (
  major: Major,
  name: string,
  body: Uint8Array,
  extra: Record<string, string> = {},
  version = '1.0.0',
) =>
  registry.call('PUT', testAddress(major, name, version), {
    token,
    body,
    headers: {
      'Content-Type': 'application/octet-stream',
      Accept: 'application/json',
      ...on(major),
      ...extra,
    },
  });

/** The code as the suite reads it, and on v2 the one it was folded into. */
const codes = (answer: Answer, major: Major): readonly string[] =>
  major === 'v1' ? [answer.json.error] : [answer.json.error, answer.json.details.reason];
const wanted = (code: string, major: Major): readonly string[] =>
  major === 'v1' ? [code] : ['pack_validation_failed', code];

describe.each(MAJORS)('pack-registry-publish.test.ts (RFC 0025) in %s', (major) => {
  it.each<[number, string, string, string, Uint8Array, string, Record<string, string>]>([
    [
      1,
      'an unknown scope',
      'bogus.unsupported-scope.pack',
      '1.0.0',
      Buffer.alloc(0),
      'invalid_pack_scope',
      {},
    ],
    [2, 'a name of one segment', 'singleseg', '1.0.0', Buffer.alloc(0), 'invalid_pack_name', {}],
    [3, 'no version', '', 'not-a-semver', Buffer.alloc(0), 'invalid_version', {}],
    [4, 'JSON', '', '1.0.0', Buffer.from('{}'), 'invalid_body', { 'Content-Type': 'application/json' }],
    [5, 'nothing', '', '1.0.0', Buffer.alloc(0), 'invalid_body', {}],
    [6, 'no gzip', '', '1.0.0', Buffer.from('not a gzip stream'), 'tarball_gunzip_failed', {}],
    [7, '64 MiB of zeros', '', '1.0.0', gzipSync(Buffer.alloc(64 * 1024 * 1024)), 'tarball_too_large', {}],
  ])('%i: %s is answered with 400', async (_, __, name, version, body, code, headers) => {
    const answer = await put(major, name || freshName(), body, headers, version);
    expect([answer.status, ...codes(answer, major)]).toEqual([400, ...wanted(code, major)]);
  });

  it('8: twelve bytes of a broken gzip', async () => {
    const answer = await put(major, freshName(), Buffer.from('1f8b08000000000000ffff01', 'hex'));
    expect(answer.status).toBe(400);
    expect(['tarball_tar_parse_failed', 'tarball_gunzip_failed']).toContain(codes(answer, major).at(-1));
  });

  it('9: three bytes with an X-Pack-Sha256 of zeros', async () => {
    const answer = await put(major, freshName(), Buffer.from('abc'), { 'X-Pack-Sha256': '0'.repeat(64) });
    expect(answer.status).toBe(400);
    expect(['pack_integrity_failure', 'tarball_gunzip_failed', 'invalid_body']).toContain(
      codes(answer, major).at(-1),
    );
  });

  it('the signature of a name that was never published is a 404 signature_not_available', async () => {
    const answer = await registry.call('GET', testAddress(major, freshName(), '1.0.0', 'sig'), { token });
    expect([answer.status, answer.json.error]).toEqual([404, 'signature_not_available']);
  });
});

describe('pack-registry-isolation.test.ts (RFC 0025 §C.1)', () => {
  it('a name that was put into the test catalogue is no pack of the real one', async () => {
    const name = freshName('isolated');
    await put('v1', name, Buffer.from('abc'));
    await put('v1', name, await suite.pack({ name, seed: null }));
    const answer = await registry.call('GET', `/v1/packs/${name}`, { token });
    expect([answer.status, answer.json.error]).toEqual([404, 'pack_not_found']);
  });
});

describe('the seams of v2', () => {
  const publish = async (name: string, options: Parameters<typeof suite.pack>[0]) =>
    put('v2', name, await suite.pack({ name, tree: 'v2', seed: null, ...options }));

  it.each([
    ['>=1.0.0', 400],
    ['>=1.0.0 <2.0.0', 400],
    ['>=2.0.0 <3.0.0', 201],
  ])('v2-manifest-ceiling-refused: engines %s → %i', async (range, status) => {
    const answer = await publish(freshName('ceiling'), { edits: { '/engines/openwop': range } });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json.error).toBe('pack_engine_unsupported');
    expect(answer.headers.get('openwop-version')).toBe('2.0');
  });

  it.each([
    ['host.nonexistent', 400],
    ['aiProviders', 201],
  ])('v2-peer-dependency-declared: %s → %i', async (peer, status) => {
    const edits = { '/peerDependencies': { [peer]: 'supported' }, '/peerDependenciesMeta': undefined };
    const answer = await publish(freshName('peer'), { edits });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json.error).toBe('pack_peer_dependency_undefined');
  });

  it.each([
    ['node', '/agents/0/x-vendor-note'],
    ['prompt', '/prompts/0/x-vendor-note'],
  ] as const)('v2-manifest-hatch-carried: a %s pack with %s is taken', async (kind, pointer) => {
    const edits = { [pointer]: { any: ['thing'] } };
    expect((await publish(freshName('hatch'), { kind, edits })).status).toBe(201);
  });
});

describe('the document that the suite reads first (src/setup.ts)', () => {
  it.each(MAJORS)('tells a suite of %s where to go, and a reset clears what it left', async (major) => {
    const name = freshName('teardown');
    expect((await put(major, name, await suite.pack({ name, tree: major, seed: null }))).status).toBe(201);
    const { json } = await registry.call('GET', '/.well-known/openwop', { token });
    const reset = major === 'v1' ? json.packs.testMode.catalogResetEndpoint : `${BASES.v2}/-/reset`;
    expect((await registry.call('POST', reset, { token })).status).toBe(204);
    expect((await registry.call('GET', testAddress(major, name), { token })).status).toBe(404);
  });
});
