// The order in which a publish is checked, and the code of every refusal, in both trees.

import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tarOf } from '../world/archives.ts';
import { addressOf, createPublisher, delegate, type PackOptions } from '../world/publisher.ts';
import { type CallOptions, type Stored, startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let before: Stored;
const acme = createPublisher();
const stranger = createPublisher('stranger-1');
const expired = createPublisher('expired-1');
const revoked = createPublisher('revoked-1');
let now = new Date('2027-01-01T00:00:00Z');

beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now });
  await delegate(registry.call, acme, ['vendor.acme.*', 'core.acme.*', 'community.acme.*']);
  await delegate(registry.call, stranger, ['vendor.stranger.*']);
  await delegate(registry.call, revoked, ['vendor.acme.*']);
  await registry.call('POST', `/access/keys/${revoked.keyId}/revoke`, { body: { reason: 'lost' } });
  const key = {
    keyId: expired.keyId,
    publicKey: expired.publicKeyPem,
    namespaces: ['vendor.acme.*'],
    notAfter: '2027-01-02T00:00:00Z',
  };
  await registry.call('POST', '/access/keys', { body: key });
  now = new Date('2027-01-03T00:00:00Z');
});
afterAll(() => registry.stop());
beforeEach(async () => {
  before = await registry.stored();
});
afterEach(async () => {
  expect(await registry.stored(), 'a refusal stores nothing').toEqual(before);
});

const put = async (path: string, options: CallOptions = {}) => {
  const answer = await registry.call('PUT', path, { body: Buffer.from('not a tarball'), ...options });
  const { error, details } = answer.json;
  return { status: answer.status, error, details, reason: details.reason };
};

describe('the address is looked at first', () => {
  it.each([
    ['singleseg', '1.0.0', 'invalid_pack_name'],
    ['Vendor.Acme.tools', '1.0.0', 'invalid_pack_name'],
    ['vendor.acme', '1.0.0', 'invalid_pack_name'],
    ['bogus.unsupported-scope.pack', 'not-a-semver', 'invalid_pack_scope'],
    ['local.acme.tools', '1.0.0', 'invalid_pack_scope'],
    ['private.acme.tools', '1.0.0', 'invalid_pack_scope'],
    ['vendor.acme.tools', 'not-a-semver', 'invalid_version'],
    ['vendor.acme.tools', '01.0.0', 'invalid_version'],
  ])('%s@%s → %s, even without a token', async (name, version, code) => {
    expect(await put(addressOf(name, version), { token: null })).toMatchObject({ status: 400, error: code });
    const onV2 = await put(addressOf(name, version, 'v2'), { token: null });
    expect(onV2).toMatchObject({ status: 400, error: 'pack_validation_failed', reason: code });
  });

  it('then the token, before a single byte of the body', async () => {
    expect(
      await put(addressOf(), { token: null, headers: { 'Content-Type': 'application/json' } }),
    ).toMatchObject({ status: 401 });
  });
});

describe('then the body', () => {
  const good = addressOf('vendor.acme.tools');
  it.each([
    [
      'another content type',
      { body: Buffer.from('{}'), headers: { 'Content-Type': 'application/json' } },
      'invalid_body',
    ],
    ['no bytes', { body: Buffer.alloc(0) }, 'invalid_body'],
    ['no gzip', { body: Buffer.from('not a gzip stream') }, 'tarball_gunzip_failed'],
    ['a broken gzip', { body: Buffer.from('1f8b08000000000000ffff01', 'hex') }, 'tarball_gunzip_failed'],
    ['no tar', { body: gzipSync(randomBytes(2_048)) }, 'tarball_tar_parse_failed'],
    ['64 MiB of zeros', { body: gzipSync(Buffer.alloc(64 * 1024 * 1024)) }, 'tarball_too_large'],
    [
      'a tar without pack.json',
      { body: gzipSync(tarOf({ name: 'README.md', bytes: 'x' })) },
      'tarball_manifest_missing',
    ],
    ['a traversal', { body: gzipSync(tarOf({ name: '../x', bytes: 'x' })) }, 'tarball_path_traversal'],
    [
      'a file of 5 MiB and a byte',
      { body: gzipSync(tarOf({ name: 'big', bytes: randomBytes(5 * 1024 * 1024 + 1).toString('latin1') })) },
      'tarball_entry_too_large',
    ],
    [
      'a manifest of 256 KB and a byte',
      { body: gzipSync(tarOf({ name: 'pack.json', bytes: randomBytes(262_145).toString('latin1') })) },
      'tarball_manifest_too_large',
    ],
    [
      'a manifest that is no JSON',
      { body: gzipSync(tarOf({ name: 'pack.json', bytes: '{' })) },
      'tarball_manifest_not_json',
    ],
    [
      'a manifest with a key twice',
      { body: gzipSync(tarOf({ name: 'pack.json', bytes: '{"a":1,"a":2}' })) },
      'tarball_manifest_not_json',
    ],
  ] as const)('with %s → %s', async (_, options, code) => {
    expect(await put(good, options)).toMatchObject({ status: 400, error: code });
    const onV2 = await put(addressOf('vendor.acme.tools', '1.0.0', 'v2'), options);
    expect(onV2).toMatchObject({ status: 400, error: 'pack_validation_failed', reason: code });
  });

  it('with more than ten megabytes on the wire → tarball_too_large on v1, 413 on v2', async () => {
    const body = randomBytes(10 * 1024 * 1024 + 1);
    expect(await put(good, { body })).toMatchObject({ status: 400, error: 'tarball_too_large' });
    expect(await put(addressOf('vendor.acme.tools', '1.0.0', 'v2'), { body })).toMatchObject({
      status: 413,
      error: 'payload_too_large',
    });
  });
});

interface Case {
  readonly what: string;
  readonly options: PackOptions;
  readonly v1: string;
  readonly v2: string;
}

const MANIFEST_CASES: readonly Case[] = [
  {
    what: 'an unknown kind',
    options: { edits: { '/kind': 'frontend' } },
    v1: 'pack_kind_invalid',
    v2: 'pack_kind_invalid',
  },
  {
    what: 'a missing runtime',
    options: { edits: { '/runtime': undefined } },
    v1: 'invalid_manifest',
    v2: 'pack_validation_failed',
  },
  {
    what: 'credentials in a connection',
    options: { kind: 'connection', edits: { '/provider/apiKey': 'x' } },
    v1: 'connection_pack_credential_material',
    v2: 'pack_validation_failed',
  },
  {
    what: 'another language',
    options: { edits: { '/runtime/language': 'cobol' } },
    v1: 'unsupported_runtime',
    v2: 'unsupported_runtime',
  },
];

describe('then the manifest', () => {
  it.each(MANIFEST_CASES)('with $what → $v1', async ({ options, v1, v2 }) => {
    const name = 'vendor.acme.tools';
    for (const [tree, code] of [
      ['v1', v1],
      ['v2', v2],
    ] as const) {
      const body = await acme.pack({ name, tree, ...options });
      expect(await put(addressOf(name, '1.0.0', tree), { body })).toMatchObject({
        status: 400,
        error: code,
      });
    }
  });

  it.each([
    ['another name', 'vendor.acme.other', '1.0.0', 'manifest_name_mismatch'],
    ['another version', 'vendor.acme.tools', '1.0.1', 'manifest_version_mismatch'],
    ['both', 'vendor.acme.other', '1.0.1', 'manifest_mismatch'],
  ])('naming %s than the address', async (_, name, version, code) => {
    const body = await acme.pack();
    expect(await put(addressOf(name, version), { body })).toMatchObject({ status: 400, error: code });
  });

  it('whose entry is not in the tarball → tarball_entry_missing', async () => {
    const body = await acme.pack({ edits: { '/runtime/entry': './gone.mjs' }, files: { 'gone.mjs': null } });
    expect(await put(addressOf(), { body })).toMatchObject({ error: 'tarball_entry_missing' });
  });

  it('whose schema is not in the tarball → schema_ref_missing', async () => {
    const body = await acme.pack({
      edits: { '/nodes/0/inputSchemaRef': 'schemas/gone.json' },
      files: { 'schemas/gone.json': null },
    });
    expect(await put(addressOf(), { body })).toMatchObject({ error: 'schema_ref_missing' });
  });

  it('whose engines do not admit the major of the tree → pack_engine_unsupported', async () => {
    const v1 = await acme.pack({ edits: { '/engines/openwop': '>=3.0.0' } });
    expect(await put(addressOf(), { body: v1 })).toMatchObject({ error: 'pack_engine_unsupported' });
    for (const range of ['>=1.0.0', '>=1.0.0 <2.0.0']) {
      const v2 = await acme.pack({ tree: 'v2', edits: { '/engines/openwop': range } });
      expect(await put(addressOf('vendor.acme.tools', '1.0.0', 'v2'), { body: v2 })).toMatchObject({
        error: 'pack_engine_unsupported',
      });
    }
  });

  it('with a peer dependency nobody defines → pack_peer_dependency_undefined', async () => {
    const body = await acme.pack({
      tree: 'v2',
      edits: { '/peerDependencies': { 'host.nonexistent': 'supported' } },
    });
    expect(await put(addressOf('vendor.acme.tools', '1.0.0', 'v2'), { body })).toMatchObject({
      error: 'pack_peer_dependency_undefined',
    });
  });

  it('reports every violation of the stage at once', async () => {
    const body = await acme.pack({ edits: { '/nodes/0/category': 'none', '/nodes/0/version': 7 } });
    const { details } = await put(addressOf(), { body });
    expect(details.violations.length).toBeGreaterThanOrEqual(2);
  });
});

describe('then integrity and signature', () => {
  it.each(['sha256-base64', 'sha256-hex', 'hex'])(
    'X-Pack-Sha256 spelled %s is compared',
    async (spelling) => {
      const body = await acme.pack();
      const wrong = createHash('sha256').update('other');
      const text = {
        'sha256-base64': `sha256-${wrong.copy().digest('base64')}`,
        'sha256-hex': `sha256-${wrong.copy().digest('hex')}`,
        hex: wrong.digest('hex'),
      }[spelling];
      expect(await put(addressOf(), { body, headers: { 'X-Pack-Sha256': text ?? '' } })).toMatchObject({
        status: 400,
        error: 'pack_integrity_failure',
      });
    },
  );

  const claims = {
    '/signing': { method: 'manual', publicKeyRef: 'acme-1', signatureRef: 'keys/pack.json.sig' },
  };

  it('without the signature it names → signature_required', async () => {
    const body = await acme.pack({ seed: null, edits: claims });
    expect(await put(addressOf(), { body })).toMatchObject({ status: 400, error: 'signature_required' });
  });

  it('with the signature of another key → signature_invalid', async () => {
    const body = await acme.pack({ seed: randomBytes(32) });
    const expected = {
      error: 'signature_invalid',
      details: { brokenLink: 'signature', keyId: 'acme-1' },
    };
    expect(await put(addressOf(), { body })).toMatchObject(expected);
  });

  it('with 63 bytes of signature → signature_invalid', async () => {
    const files = { 'keys/pack.json.sig': 'x'.repeat(63) };
    const body = await acme.pack({ seed: null, edits: claims, files });
    expect(await put(addressOf(), { body })).toMatchObject({
      error: 'signature_invalid',
      details: { brokenLink: 'malformed' },
    });
  });

  it.each([
    ['nobody delegated', createPublisher('unknown-1'), 'key_unknown'],
    ['whose time is over', expired, 'key_expired'],
    ['that was revoked', revoked, 'key_revoked'],
    ['of another namespace', stranger, 'key_namespace'],
  ])('by a key %s', async (_, publisher, brokenLink) => {
    for (const [tree, code] of [
      ['v1', 'signature_invalid'],
      ['v2', 'pack_signature_invalid'],
    ] as const) {
      const answer = await put(addressOf('vendor.acme.tools', '1.0.0', tree), {
        body: await publisher.pack({ tree }),
      });
      expect(answer).toMatchObject({ status: 400, error: code, details: { brokenLink } });
    }
  });

  it('by the method sigstore, for which no trusted root is configured', async () => {
    const body = await acme.pack({
      seed: null,
      edits: {
        '/signing': { method: 'sigstore', publicKeyRef: 'acme-1', signatureRef: 'keys/pack.json.sig' },
      },
    });
    expect(await put(addressOf(), { body })).toMatchObject({
      error: 'signature_invalid',
      details: { brokenLink: 'method_not_available' },
    });
  });

  it('unsigned packs of a community are refused unless the operator allows them', async () => {
    const body = await acme.pack({ name: 'community.acme.tools', seed: null });
    expect(await put(addressOf('community.acme.tools'), { body })).toMatchObject({
      error: 'signature_required',
    });
  });
});

describe('hostile bytes around a good pack', () => {
  it('a link and a second gzip member are refused', async () => {
    const body = Buffer.concat([await acme.pack(), gzipSync('x')]);
    expect(await put(addressOf(), { body })).toMatchObject({ error: 'tarball_gunzip_failed' });
    const link = gzipSync(tarOf({ name: 'link', type: '2', linkName: '/etc/passwd' }));
    expect((await put(addressOf(), { body: link })).status).toBe(400);
  });
});
