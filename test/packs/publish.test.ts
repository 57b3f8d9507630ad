// A signed pack goes in, and is served exactly as it was signed.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../world/archives.ts';
import { PACK_KINDS } from '../world/manifests.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

const sha256 = (bytes: Uint8Array): string => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

describe.each(['v1', 'v2'] as const)('publishing into the %s tree', (tree) => {
  it.each(PACK_KINDS)(
    'takes a signed %s pack and serves it so that a plain client can believe it',
    async (kind) => {
      const name = `vendor.acme.${tree}-${kind}`;
      const bytes = await acme.pack({ name, tree, kind });
      const put = await registry.call('PUT', addressOf(name, '1.0.0', tree), { body: bytes });
      expect(put.json).toMatchObject({ name, version: '1.0.0', tarballSha256: sha256(bytes), signed: true });
      expect(put.status).toBe(201);

      const manifest = (await registry.call('GET', addressOf(name, '1.0.0', tree, 'json'), { token: null }))
        .json;
      const tarball = await registry.call('GET', addressOf(name, '1.0.0', tree), { token: null });
      const signature = await registry.call('GET', addressOf(name, '1.0.0', tree, 'sig'), { token: null });
      const keyId = manifest.signing.publicKeyRef ?? manifest.signing.keyId;
      const key = await registry.call('GET', `/keys/${keyId}.pub`, { token: null });
      expect(tarball.bytes.equals(bytes)).toBe(true);
      expect(manifest.integrity).toBe(sha256(tarball.bytes));
      const { manifestBytes } = await inspect(tarball.bytes);
      expect(
        verify(null, manifestBytes as Uint8Array, createPublicKey(key.bytes.toString()), signature.bytes),
      ).toBe(true);
    },
  );
});

describe('publishing again', () => {
  it('answers 200 with the existing record when the bytes are the same, and appends no event', async () => {
    const bytes = await acme.pack({ name: 'vendor.acme.again' });
    const first = await registry.call('PUT', addressOf('vendor.acme.again'), { body: bytes });
    const before = await registry.stored();
    const second = await registry.call('PUT', addressOf('vendor.acme.again'), { body: bytes });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect(await registry.stored()).toEqual(before);
  });

  it.each([
    ['v1', 'conflict'],
    ['v2', 'version_conflict'],
  ] as const)('refuses other bytes under a taken name on %s, and stores nothing', async (tree, code) => {
    const name = `vendor.acme.taken-${tree}`;
    await registry.call('PUT', addressOf(name, '1.0.0', tree), { body: await acme.pack({ name, tree }) });
    const before = await registry.stored();
    const other = await acme.pack({ name, tree, files: { 'README.md': 'other' } });
    const answer = await registry.call('PUT', addressOf(name, '1.0.0', tree), { body: other });
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({ error: code, details: { found: sha256(other) } });
    expect(await registry.stored()).toEqual(before);
  });

  it('puts a tarball back that the blob store lost', async () => {
    const name = 'vendor.acme.lost';
    const body = await acme.pack({ name });
    await registry.call('PUT', addressOf(name), { body });
    const digest = createHash('sha256').update(body).digest('hex');
    await rm(join(registry.dataDir, 'blobs', 'blobs', 'sha256', digest.slice(0, 2), digest));
    expect((await registry.call('GET', addressOf(name))).status).toBe(500);
    expect((await registry.call('PUT', addressOf(name), { body })).status).toBe(200);
    expect((await registry.call('GET', addressOf(name))).bytes.equals(body)).toBe(true);
  });

  it('refuses the same name and version in the other tree', async () => {
    const name = 'vendor.acme.two-trees';
    await registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    const answer = await registry.call('PUT', addressOf(name, '1.0.0', 'v2'), {
      body: await acme.pack({ name, tree: 'v2' }),
    });
    expect(answer.json).toMatchObject({ error: 'version_conflict', details: { tree: 'v1' } });
  });

  it('refuses a name that differs from a taken one only in its capitals', async () => {
    await registry.call('PUT', addressOf('vendor.acme.camelCase'), {
      body: await acme.pack({ name: 'vendor.acme.camelCase' }),
    });
    const answer = await registry.call('PUT', addressOf('vendor.acme.camelcase'), {
      body: await acme.pack({ name: 'vendor.acme.camelcase' }),
    });
    expect(answer.status).toBe(409);
  });
});

describe('what a publish leaves', () => {
  it('is one version, one blob and one event in the same transaction', async () => {
    const before = await registry.stored();
    const name = 'vendor.acme.counted';
    await registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    const after = await registry.stored();
    expect(after).toEqual({
      versions: before.versions + 1,
      events: before.events + 1,
      blobs: before.blobs + 1,
    });
    const [event] = await registry.sql<{ leaf: Buffer; sealed: Buffer | null; xact: string }[]>`
      select leaf, sealed from events where subject = ${`pack:${name}@1.0.0`}`;
    expect(JSON.parse(String(event?.leaf))).toMatchObject({
      v: 1,
      kind: 'pack.published',
      actor: 'account:operator',
      data: { name, version: '1.0.0', tree: 'v1', keyId: 'acme-1' },
    });
    expect(event?.sealed).toBeNull();
  });
});

describe('who may publish', () => {
  it('is whoever holds the namespace, with a token for it', async () => {
    const token = await accountWith(registry.call, 'alice', ['packs:publish', 'namespaces:claim']);
    const name = 'community.alice.tools';
    await delegate(registry.call, createPublisher('alice-0'), ['community.nobody.*']);
    const alice = createPublisher('alice-1');
    await delegate(registry.call, alice, ['community.alice.*']);
    const body = await alice.pack({ name });
    const before = await registry.stored();
    const early = await registry.call('PUT', addressOf(name), { token, body });
    expect(early.json).toMatchObject({
      error: 'forbidden',
      details: { reason: 'pack_namespace_unauthorized' },
    });
    expect(early.json.message).toContain('attestry namespace claim community.alice');
    expect(await registry.stored()).toEqual(before);
    await registry.call('POST', '/access/namespaces', { token, body: { namespace: 'community.alice' } });
    expect((await registry.call('PUT', addressOf(name), { token, body })).status).toBe(201);
  });

  it('is nobody without a token, with an unknown, an expired or a revoked one, or without the scope', async () => {
    const body = await acme.pack({ name: 'vendor.acme.locked' });
    const before = await registry.stored();
    const attempt = async (token: string | null) => {
      const answer = await registry.call('PUT', addressOf('vendor.acme.locked'), { token, body });
      return [answer.status, answer.json.error, answer.headers.get('www-authenticate')];
    };
    expect(await attempt(null)).toEqual([401, 'unauthenticated', 'Bearer']);
    const unknown = await attempt(`att_${'0'.repeat(49)}`);
    expect(unknown).toEqual([401, 'unauthenticated', 'Bearer error="invalid_token"']);
    expect(await registry.stored()).toEqual(before);
    const reader = await accountWith(registry.call, 'reader', ['packs:read']);
    const challenge = 'Bearer error="insufficient_scope", scope="packs:publish"';
    expect(await attempt(reader)).toEqual([403, 'forbidden', challenge]);
  });

  it('is nobody outside the namespaces a token is limited to, whatever its account holds', async () => {
    await registry.call('POST', '/access/accounts', { body: { name: 'limited' } });
    await registry.call('POST', '/access/namespaces', {
      body: { namespace: 'vendor.acme', account: 'limited' },
    });
    const limited = await accountWith(registry.call, 'limited', ['packs:publish'], ['vendor.other.*']);
    const body = await acme.pack({ name: 'vendor.acme.locked' });
    const answer = await registry.call('PUT', addressOf('vendor.acme.locked'), { token: limited, body });
    expect([answer.status, answer.json.details.reason]).toEqual([403, 'pack_namespace_unauthorized']);
  });
});
