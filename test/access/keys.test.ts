// Publisher keys: delegated for namespaces one holds, taken back at once, and always in the signed keyring.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { standing, verifyKeyring } from '../../keys/keyring.ts';
import { verifyFirstRoot } from '../../keys/root.ts';
import { accountWith, createPublisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let alice: string;
let now = new Date('2027-01-01T00:00:00Z');
beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now });
  alice = await accountWith(registry.call, 'alice', ['namespaces:claim', 'keys:manage']);
  await registry.call('POST', '/access/namespaces', { token: alice, body: { namespace: 'vendor.alice' } });
});
afterAll(() => registry.stop());

const add = async (
  token: string,
  publisher: ReturnType<typeof createPublisher>,
  namespaces: readonly string[],
  more: object = {},
) => {
  const { account } = (await registry.call('GET', '/access/whoami', { token })).json;
  return registry.call('POST', '/access/keys', {
    token,
    body: { ...publisher.listing(account, namespaces), ...more },
  });
};

const keyring = async () => {
  const root = verifyFirstRoot(
    parseEnvelope((await registry.call('GET', '/trust/root.json', { token: null })).bytes),
  );
  return verifyKeyring(
    root,
    parseEnvelope((await registry.call('GET', '/trust/keyring.json', { token: null })).bytes),
  );
};

describe('a key', () => {
  it('of a namespace one holds is delegated, listed, served as PEM, and stands in the next keyring', async () => {
    const publisher = createPublisher('alice-1');
    const before = await keyring();
    const answer = await add(alice, publisher, ['vendor.alice.*']);
    expect(answer.json).toMatchObject({
      keyId: 'alice-1',
      account: 'alice',
      status: 'active',
      namespaces: ['vendor.alice.*'],
    });
    expect((await registry.call('GET', '/keys/alice-1.pub', { token: null })).bytes.toString()).toBe(
      publisher.publicKeyPem,
    );
    const after = await keyring();
    expect(after.version).toBe(before.version + 1);
    expect(standing(after, 'alice-1', { now })).toBe('active');
  });

  it.each([
    [['vendor.bob.*'], 403],
    [['vendor.*'], 403],
    [['vendor.alice.*', 'vendor.bob.one'], 403],
    [['core.alice.*'], 403],
    [['*'], 400],
    [[], 400],
  ])('for %j is refused to alice with %i, and nothing is stored', async (namespaces, status) => {
    const [before, ring] = [await registry.stored(), (await keyring()).version];
    expect((await add(alice, createPublisher('greedy-1'), namespaces)).status).toBe(status);
    expect([await registry.stored(), (await keyring()).version]).toEqual([before, ring]);
  });

  it('for a namespace as it is claimed, which names no pack, is refused with the pattern that was meant', async () => {
    const answer = await add(alice, createPublisher('meant-1'), ['vendor.alice']);
    expect([answer.status, answer.json.message]).toEqual([
      400,
      expect.stringContaining('did you mean vendor.alice.*'),
    ]);
  });

  it.each([
    ['an id that is a path', { keyId: '../root' }],
    ['no key at all', { publicKey: 'hello' }],
    ['a key of small order', { publicKey: '00'.repeat(32) }],
    ['an end before its beginning', { notAfter: '2020-01-01T00:00:00Z' }],
  ])('with %s is refused', async (_, more) => {
    const answer = await add(registry.adminToken, createPublisher('bad-1'), ['vendor.bad.*'], more);
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
  });

  it('is listed by whoever holds it: not by a stranger, nor with a proof made for another account, id or namespace', async () => {
    const victim = createPublisher('victim-1');
    const other = createPublisher('other-id', victim.seed);
    const proofs = [
      undefined,
      'AAAA',
      ...[
        victim.listing('bob', ['vendor.alice.*']),
        victim.listing('alice', ['vendor.alice.one']),
        other.listing('alice', ['vendor.alice.*']),
        createPublisher('victim-1').listing('alice', ['vendor.alice.*']),
      ].map((listing) => (listing as { proof: string }).proof),
    ];
    const before = await registry.stored();
    for (const proof of proofs) {
      const answer = await add(alice, victim, ['vendor.alice.*'], { proof });
      expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    }
    expect(await registry.stored()).toEqual(before);
    expect((await add(alice, victim, ['vendor.alice.*'])).status).toBe(201);
  });

  it('is listed once: neither its id nor the key itself under another id', async () => {
    const publisher = createPublisher('twice-1');
    expect((await add(registry.adminToken, publisher, ['vendor.twice.*'])).status).toBe(201);
    expect((await add(registry.adminToken, createPublisher('twice-1'), ['vendor.twice.*'])).status).toBe(409);
    expect(
      (await add(registry.adminToken, createPublisher('twice-2', publisher.seed), ['vendor.twice.*'])).status,
    ).toBe(409);
  });

  it('that is taken back stays listed, as revoked, in discovery and keyring, and cannot come back', async () => {
    const publisher = createPublisher('lost-1');
    await add(alice, publisher, ['vendor.alice.*']);
    const bob = await accountWith(registry.call, 'bob', ['keys:manage']);
    const revoke = (token: string) =>
      registry.call('POST', '/access/keys/lost-1/revoke', {
        token,
        body: { reason: 'stolen', from: 'ever' },
      });
    expect((await revoke(bob)).status).toBe(404);
    expect((await revoke(alice)).status).toBe(200);
    expect(standing(await keyring(), 'lost-1', { now })).toBe('revoked');
    const { signingKeys } = (await registry.call('GET', '/.well-known/openwop-registry', { token: null }))
      .json;
    expect(signingKeys.find((key: { keyId: string }) => key.keyId === 'lost-1').status).toBe('revoked');
    expect((await registry.call('GET', '/keys/lost-1.pub', { token: null })).status).toBe(200);
    expect((await add(alice, publisher, ['vendor.alice.*'])).status).toBe(409);
  });

  it('beyond what an account may list is refused', async () => {
    const eager = await accountWith(registry.call, 'eager', ['namespaces:claim', 'keys:manage']);
    await registry.call('POST', '/access/namespaces', { token: eager, body: { namespace: 'vendor.eager' } });
    const publishers = Array.from({ length: 65 }, (_, index) => createPublisher(`eager-${index}`));
    const statuses: number[] = [];
    for (const publisher of publishers)
      statuses.push((await add(eager, publisher, ['vendor.eager.*'])).status);
    expect(statuses).toEqual([...Array(64).fill(201), 400]);
  });

  it('whose time is over is shown as expired', async () => {
    await add(alice, createPublisher('brief-1'), ['vendor.alice.*'], { notAfter: '2027-01-02T00:00:00Z' });
    now = new Date('2027-01-03T00:00:00Z');
    const { keys } = (await registry.call('GET', '/access/keys', { token: null })).json;
    expect(keys.find((key: { keyId: string }) => key.keyId === 'brief-1').status).toBe('expired');
  });

  it('delegated by many at once: each is in the last keyring, and only that one is kept', async () => {
    const before = (await keyring()).version;
    const publishers = Array.from({ length: 8 }, (_, index) => createPublisher(`many-${index}`));
    const answers = await Promise.all(
      publishers.map((publisher) => add(registry.adminToken, publisher, ['vendor.many.*'])),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(201));
    const ring = await keyring();
    for (const { keyId } of publishers) expect(standing(ring, keyId, { now }), keyId).toBe('active');
    const rows = await registry.sql`select version from keyrings`;
    expect(rows.map((row) => Number(row.version))).toEqual([ring.version]);
    expect(ring.version).toBeGreaterThan(before);
  });
});
