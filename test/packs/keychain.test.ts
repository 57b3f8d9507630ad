// The keychain of a pack lists its keys, and one key follows another without disturbing what was published.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, parsePublicKeySpki } from '../../keys/key.ts';
import { standing, verifyKeyring } from '../../keys/keyring.ts';
import { verifyFirstRoot } from '../../keys/root.ts';
import { provesRotation } from '../../keys/rotation.ts';
import { accountWith, addressOf, createPublisher, delegate, type Publisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { rotate, rotationOf } from './rotating.ts';

let registry: TestRegistry;
let alice: string;
let now = new Date('2027-03-01T12:00:00.250Z');
const NAMESPACES = ['vendor.alice.*'];
const ROTATED = { account: 'alice', namespaces: NAMESPACES };
const [first, second, third] = ['alice-1', 'alice-2', 'alice-3'].map((id) => createPublisher(id)) as [
  Publisher,
  Publisher,
  Publisher,
];

const pass = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

const publish = async (name: string, version: string, by: Publisher, tree: 'v1' | 'v2' = 'v1') =>
  registry.call('PUT', addressOf(name, version, tree), {
    token: alice,
    body: await by.pack({ name, version, tree }),
  });

const keychain = async (name: string, tree = 'v1', token: string | null = null) =>
  registry.call('GET', `/${tree}/packs/${name}/-/keychain`, { token });

const keyIn = async (name: string, kid: string) =>
  (await keychain(name)).json.keys.find((key: { kid: string }) => key.kid === kid);

const keyring = async () => {
  const root = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
  const list = (await registry.call('GET', '/trust/keyring.json', { token: null })).bytes;
  return verifyKeyring(verifyFirstRoot(parseEnvelope(root)), parseEnvelope(list));
};

const statusInDiscovery = async (keyId: string) =>
  (await registry.call('GET', '/.well-known/openwop-registry', { token: null })).json.signingKeys.find(
    (key: { keyId: string }) => key.keyId === keyId,
  )?.status;

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' }, { now: () => now });
  alice = await accountWith(registry.call, 'alice', ['namespaces:claim', 'keys:manage', 'packs:publish']);
  await registry.call('POST', '/access/namespaces', { token: alice, body: { namespace: 'vendor.alice' } });
  await registry.call('POST', '/access/keys', { token: alice, body: first.listing('alice', NAMESPACES) });
});
afterAll(() => registry.stop());

describe('the keychain of a pack (registry-operations.md, Signing-key rotation)', () => {
  const name = 'vendor.alice.tools';

  it('of an unknown pack is not found, in both trees', async () => {
    for (const [tree, code] of [
      ['v1', 'pack_not_found'],
      ['v2', 'not_found'],
    ] as const) {
      const answer = await keychain('vendor.alice.absent', tree);
      expect([answer.status, answer.json.error]).toEqual([404, code]);
    }
  });

  it('lists each key with kid, algorithm, public key and window, the same in both trees', async () => {
    expect((await publish(name, '1.0.0', first)).status).toBe(201);
    const { json } = await keychain(name);
    expect(json).toEqual({
      namespace: 'vendor.alice',
      keys: [
        {
          kid: 'alice-1',
          algorithm: 'ed25519',
          publicKey: expect.stringMatching(/^MCowBQYDK2VwAyEA/),
          validFrom: '2027-03-01T12:00:00Z',
          validUntil: expect.stringMatching(/Z$/),
          status: 'active',
        },
      ],
    });
    expect((await keychain(name, 'v2')).json).toEqual(json);
  });

  it('is served with an ETag, and follows a key that is added', async () => {
    const before = await keychain(name);
    expect(before.headers.get('etag')).toBeTruthy();
    const other = createPublisher('alice-other');
    await registry.call('POST', '/access/keys', { token: alice, body: other.listing('alice', [name]) });
    expect((await keychain(name)).json.keys).toHaveLength(2);
    await registry.call('POST', '/access/keys/alice-other/revoke', {
      token: alice,
      body: { reason: 'unused' },
    });
  });

  it('shows when and why a key was revoked', async () => {
    expect(await keyIn(name, 'alice-other')).toMatchObject({
      status: 'revoked',
      revokedReason: 'unused',
      revokedAt: now.toISOString(),
    });
  });

  it('of a private pack is for its readers only, and keys of private packs show nowhere else', async () => {
    const host = createPublisher('host-1');
    const both = createPublisher('both-1');
    await delegate(registry.call, host, ['private.host.*']);
    await delegate(registry.call, both, ['private.host.*', name]);
    const body = await host.pack({ name: 'private.host.tools' });
    await registry.call('PUT', addressOf('private.host.tools'), { body });
    const hidden = await keychain('private.host.tools');
    expect([hidden.status, hidden.json.error]).toEqual([404, 'pack_not_found']);
    const seen = await keychain('private.host.tools', 'v1', registry.adminToken);
    expect(seen.json.keys.map(({ kid }: { kid: string }) => kid)).toEqual(['both-1', 'host-1']);
    expect(seen.headers.get('cache-control')).toContain('no-store');
    expect(await keyIn(name, 'both-1')).toBeUndefined();
  });
});

describe('a rotation', () => {
  const name = 'vendor.alice.turned';
  const asked = () => rotationOf(first, second, { ...ROTATED, now });
  let body: ReturnType<typeof asked>;

  it('answers with a receipt, and links both keys in the keychain with a proof anybody can check', async () => {
    expect((await publish(name, '1.0.0', first)).status).toBe(201);
    pass(1_000);
    body = asked();
    const answer = await rotate(registry, alice, body, name, 'v2');
    expect(answer.json).toMatchObject({ name, kid: 'alice-2', rotatedFrom: 'alice-1' });
    expect([answer.status, answer.json.receipt]).toEqual([201, expect.objectContaining({})]);
    const [old, next] = [await keyIn(name, 'alice-1'), await keyIn(name, 'alice-2')];
    expect(old).toMatchObject({ rotatedTo: 'alice-2', validUntil: body.validFrom, status: 'rotated' });
    expect(next).toMatchObject({ rotatedFrom: 'alice-1', validFrom: body.validFrom, status: 'active' });
    const rotation = {
      keyId: parseKeyId(next.kid),
      publicKey: parsePublicKeySpki(next.publicKey),
      validFrom: next.validFrom,
    };
    const proof = Buffer.from(next.rotationProof, 'base64');
    expect(provesRotation(parsePublicKeySpki(old.publicKey), rotation, proof)).toBe(true);
  });

  it('lets the old key sign nothing more, and the new one what the old one signed', async () => {
    const late = await publish(name, '1.1.0', first);
    expect([late.status, late.json.details.brokenLink]).toEqual([400, 'key_expired']);
    expect(late.json.message).toBe(
      `The key ${first.keyId} was rotated: sign with ${second.keyId}, which follows it.`,
    );
    expect(late.json.details).toMatchObject({ keyId: first.keyId, rotatedTo: second.keyId });
    expect((await publish(name, '1.1.0', second)).status).toBe(201);
    expect((await publish('community.other.pack', '1.0.0', second)).status).toBe(403);
  });

  it('stands in the keyring and in discovery: the old key as rotated, still believed for its time', async () => {
    const ring = await keyring();
    expect(standing(ring, 'alice-1', { now })).toBe('expired');
    expect(standing(ring, 'alice-1', { now: new Date(now.getTime() - 1_000) })).toBe('active');
    expect(standing(ring, 'alice-2', { now })).toBe('active');
    expect(ring.delegations.find(({ keyId }) => keyId === 'alice-2')?.namespaces).toEqual(NAMESPACES);
    expect([await statusInDiscovery('alice-1'), await statusInDiscovery('alice-2')]).toEqual([
      'rotated',
      'active',
    ]);
    const { lifecycle } = (await registry.call('GET', '/.well-known/openwop-registry')).json;
    expect(lifecycle.keyRotationSupported).toBe(true);
  });

  it('is two events in one transaction: the new key delegated, the old one rotated', async () => {
    const rows = await registry.sql<{ kind: string; subject: string; xact: string }[]>`
      select kind, subject, xact::text from events where kind in ('key.delegated', 'key.rotated')
        and subject in ('key:alice-1', 'key:alice-2') order by events.xact, ordinal offset 1`;
    expect(rows.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['key.delegated', 'key:alice-2'],
      ['key.rotated', 'key:alice-1'],
    ]);
    expect(new Set(rows.map(({ xact }) => xact)).size).toBe(1);
  });

  it('asked again changes nothing and answers with what stands; so for many at once', async () => {
    const before = await registry.stored();
    const answers = await Promise.all([1, 2, 3].map(() => rotate(registry, alice, body, name)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await rotate(registry, alice, { ...body, rotatedFrom: undefined }, name)).status).toBe(200);
    expect(await registry.stored()).toEqual(before);
  });

  it('may follow a rotation: the chain of three is in the keychain', async () => {
    pass(60_000);
    const { rotatedFrom: _, ...unnamed } = rotationOf(second, third, { ...ROTATED, now });
    expect((await rotate(registry, alice, unnamed, name)).json).toMatchObject({ rotatedFrom: 'alice-2' });
    const { keys } = (await keychain(name)).json;
    const chain = keys.filter(({ kid }: { kid: string }) => /^alice-\d$/.test(kid));
    expect(
      chain.map((key: Record<string, string>) => [
        key['kid'],
        key['rotatedFrom'],
        key['rotatedTo'],
        key['status'],
      ]),
    ).toEqual([
      ['alice-1', undefined, 'alice-2', 'rotated'],
      ['alice-2', 'alice-1', 'alice-3', 'rotated'],
      ['alice-3', 'alice-2', undefined, 'active'],
    ]);
  });

  it('may be planned: the old key signs until then, the new one from then on', async () => {
    const fourth = createPublisher('alice-4');
    const validFrom = new Date(now.getTime() + 3_600_000).toISOString();
    const planned = rotationOf(third, fourth, { ...ROTATED, validFrom });
    expect((await rotate(registry, alice, planned, name)).status).toBe(201);
    expect((await publish(name, '1.2.0', third)).status).toBe(201);
    const early = await publish(name, '1.3.0', fourth);
    expect([early.status, early.json.details.brokenLink]).toEqual([400, 'key_not_yet']);
    expect((await keyIn(name, 'alice-3')).status).toBe('active');
    pass(3_600_000);
    expect((await publish(name, '1.3.0', third)).status).toBe(400);
    expect((await publish(name, '1.3.0', fourth)).status).toBe(201);
  });

  it('never ends the old key before what it has signed', async () => {
    const [old, next] = [createPublisher('busy-1'), createPublisher('busy-2')];
    await registry.call('POST', '/access/keys', { token: alice, body: old.listing('alice', NAMESPACES) });
    expect((await publish('vendor.alice.busy', '1.0.0', old)).status).toBe(201);
    const validFrom = new Date(now.getTime() - 60_000).toISOString();
    const rotated = await rotate(registry, alice, rotationOf(old, next, { ...ROTATED, validFrom }), name);
    expect(rotated.status).toBe(201);
    const ring = await keyring();
    expect(standing(ring, 'busy-1', { now })).toBe('active');
    expect(standing(ring, 'busy-1', { now: new Date(now.getTime() + 1) })).toBe('expired');
  });
});
