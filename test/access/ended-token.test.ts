// A token that ends while its request is under way changes nothing, however far the request had come.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAccount, issueToken, revokeToken } from '../../src/access/accounts.ts';
import { delegateKey } from '../../src/access/delegate-key.ts';
import { claimNamespace } from '../../src/access/namespaces/claim.ts';
import { type Principal, SCOPES } from '../../src/access/principal.ts';
import { publishRoot } from '../../src/access/publish-root.ts';
import { revokeKey } from '../../src/access/revoke-key.ts';
import { rotateKey } from '../../src/access/rotate-key.ts';
import { compromiseKey } from '../../src/packs/keychain/compromise.ts';
import { lastUseOfKey } from '../../src/packs/keychain/keychain-store.ts';
import { deprecateVersion, undeprecateVersion } from '../../src/packs/lifecycle/deprecate.ts';
import type { LifecycleDeps } from '../../src/packs/lifecycle/standing.ts';
import { unpublishVersion } from '../../src/packs/lifecycle/unpublish.ts';
import { unyankVersion, yankVersion } from '../../src/packs/lifecycle/yank.ts';
import { rotationOf } from '../packs/rotating.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { type Revoking, revokeDeps } from './revoking.ts';
import { currentRoot, ownRootKey, signedRootText, successor } from './root-world.ts';

let registry: TestRegistry;
let deps: Revoking;
let nextRoot: object;
let victim: string;
const acme = createPublisher('acme-1');
const OFFERED = 'vendor.acme.offered';
const YANKED = 'vendor.acme.yanked';
const yankOf = (name: string): string => `/v1/packs/${name}/-/1.0.0/yank`;

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const name of [OFFERED, YANKED])
    await registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
  await registry.call('POST', yankOf(YANKED), { body: { reason: 'x' } });
  const other = await accountWith(registry.call, 'victim', ['packs:read']);
  victim = (await registry.call('GET', '/access/whoami', { token: other })).json.tokenId;
  const root = successor(await currentRoot(registry.call));
  nextRoot = JSON.parse(await signedRootText(root, [await ownRootKey(registry.dataDir)]));
  deps = await revokeDeps(registry.sql, join(registry.dataDir, 'keys'), async () => 7);
});
afterAll(() => registry.stop());

/** Rows of everything that a token may change. */
const everything = async () => {
  const [row] = await registry.sql`
    select (select count(*) from accounts) as accounts, (select count(*) from namespace_claims) as claims,
      (select count(*) from tokens) as tokens, (select count(*) from delegations) as keys,
      (select count(*) from tokens where revoked_at is null) as live,
      (select count(*) from delegations where revoked_at is null) as believed,
      (select count(*) from roots) as roots, (select max(version) from keyrings) as keyring,
      (select max(version) from withdrawals) as withdrawals,
      (select string_agg(name, ',' order by name) from versions where yanked is not null) as yanked,
      (select count(*) from versions where deprecated is not null or unpublished is not null) as changed`;
  return { ...row, ...(await registry.stored()) };
};

/** A token of the operator's with every scope. */
const anotherAdmin = async () => {
  const body = { account: 'operator', scopes: SCOPES };
  const { id, token } = (await registry.call('POST', '/access/tokens', { body })).json;
  return { id, token } as { readonly id: string; readonly token: string };
};

/** Sends the head and the first bytes, does something, and only then sends the rest. */
const slowly = async (path: string, token: string, given: object, meanwhile: () => Promise<unknown>) => {
  const bytes = Buffer.from(JSON.stringify(given));
  const body = new ReadableStream({
    start: async (stream) => {
      stream.enqueue(bytes.subarray(0, 2));
      await new Promise((resolve) => setTimeout(resolve, 150));
      await meanwhile();
      stream.enqueue(bytes.subarray(2));
      stream.close();
    },
  });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const answer = await fetch(registry.url + path, init);
  return { status: answer.status, json: (await answer.json()) as { error: string } };
};

describe('a body that arrives after its token was revoked', () => {
  const listing = createPublisher('late-1').listing('operator', ['vendor.late.*']);

  it.each<[string, string, () => object]>([
    ['an account', '/access/accounts', () => ({ name: 'late' })],
    ['a token with every scope', '/access/tokens', () => ({ account: 'operator', scopes: ['admin'] })],
    ['a namespace', '/access/namespaces', () => ({ namespace: 'vendor.late' })],
    ['a key', '/access/keys', () => listing],
    ['a revocation', '/access/keys/acme-1/revoke', () => ({ reason: 'late' })],
    ['a root', '/trust/roots', () => nextRoot],
    ['a rotation', '/v1/packs/vendor.acme.offered/-/keychain/rotate', () => ({ kid: 'late-4' })],
    ['a stolen key', '/keys/acme-1/compromise', () => ({ since: '2026-01-01T00:00:00Z', reason: 'late' })],
    ['a yank', yankOf(OFFERED), () => ({ reason: 'late' })],
  ])('makes nothing of %s', async (_, path, body) => {
    const { id, token } = await anotherAdmin();
    let before: object = {};
    const answer = await slowly(path, token, body(), async () => {
      await registry.call('DELETE', `/access/tokens/${id}`);
      before = await everything();
    });
    expect([answer.status, answer.json.error]).toEqual([401, 'key_revoked']);
    expect(await everything()).toEqual(before);
  });
});

describe('a token that ends after it was believed, and before the commit,', () => {
  let by: Principal;
  let ended: string;
  beforeEach(async () => {
    ended = (await anotherAdmin()).id;
    by = { tokenId: ended, account: 'operator', scopes: SCOPES, namespaces: null };
  });

  const access = () => ({
    ...deps,
    privateRegistry: false,
    isUsed: async () => false,
    indexNames: async () => undefined,
  });
  const lifecycle = (): LifecycleDeps => ({
    ...deps,
    authenticate: async () => by,
    reissueWithdrawals: async () => undefined,
    awaitReceipt: async () => undefined,
    activeAdvisoryOf: async () => undefined,
  });
  const key = () => ({
    keyId: 'late-2',
    publicKey: createPublisher('late-2').publicKeyPem,
    namespaces: ['vendor.late.*'],
    notAfter: null,
    proof: null,
  });
  const token = () => ({
    account: 'operator',
    scopes: ['admin'] as const,
    namespaces: null,
    expiresAt: null,
  });
  const pack = (name: string) => ({ name, version: '1.0.0', authorization: undefined });
  const rotation = () => {
    const asked = rotationOf(acme, createPublisher('late-3'), { account: 'operator', namespaces: [] });
    return { ...asked, keyId: asked.kid, oldKeyId: 'acme-1', validUntil: null };
  };
  const stealing = () => ({ ...deps, ...lifecycle() });
  const rooting = () => ({ ...deps, lists: [], keyFolder: join(registry.dataDir, 'keys') });

  const ACTS: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['creates no account', () => createAccount(access())(by, 'late')],
    ['issues no token', () => issueToken(access())(by, token())],
    ['revokes no token', () => revokeToken(access())(by, victim)],
    ['claims no namespace', () => claimNamespace(access())(by, 'vendor.late', 'operator')],
    ['delegates no key', () => delegateKey(deps)(by, key())],
    ['revokes no key', () => revokeKey(deps)(by, { keyId: 'acme-1', reason: 'late', from: 'here' })],
    ['rotates no key', () => rotateKey({ ...deps, lastUseOfKey })(by, rotation())],
    [
      'takes no stolen key back',
      () => compromiseKey(stealing())(undefined, 'acme-1', { since: '2026-01-01T00:00:00Z', reason: 'late' }),
    ],
    ['publishes no root', () => publishRoot(rooting())(by, nextRoot)],
    ['yanks nothing', () => yankVersion(lifecycle())({ ...pack(OFFERED), body: { reason: 'late' } })],
    ['takes no yank back', () => unyankVersion(lifecycle())(pack(YANKED))],
    [
      'deprecates nothing',
      () => deprecateVersion(lifecycle())({ ...pack(OFFERED), body: { reason: 'late' } }),
    ],
    ['takes no deprecation back', () => undeprecateVersion(lifecycle())(pack(YANKED))],
    [
      'unpublishes nothing',
      () => unpublishVersion(lifecycle())({ ...pack(OFFERED), body: {}, reasonInQuery: undefined }),
    ],
  ];

  it.each(ACTS)('where it was revoked, %s', async (_, act) => {
    await registry.call('DELETE', `/access/tokens/${ended}`);
    const before = await everything();
    await expect(act()).rejects.toMatchObject({ code: 'key_revoked' });
    expect(await everything()).toEqual(before);
  });

  it.each(ACTS)('where its time is over, %s', async (_, act) => {
    await registry.sql`update tokens set expires_at = now() - interval '1 second' where id = ${ended}`;
    const before = await everything();
    await expect(act()).rejects.toMatchObject({ code: 'key_revoked' });
    expect(await everything()).toEqual(before);
  });

  it('can still be the last thing that it revokes itself', async () => {
    await revokeToken(access())(by, ended);
    const [row] = await registry.sql`select revoked_at from tokens where id = ${ended}`;
    expect(row?.['revoked_at']).not.toBeNull();
  });
});

describe('two operators who revoke the tokens of each other at once', () => {
  it('do not both succeed, and neither waits for ever', async () => {
    const [mine, yours] = [await anotherAdmin(), await anotherAdmin()];
    const answers = await Promise.all([
      registry.call('DELETE', `/access/tokens/${yours.id}`, { token: mine.token }),
      registry.call('DELETE', `/access/tokens/${mine.id}`, { token: yours.token }),
    ]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 401]);
  });
});
