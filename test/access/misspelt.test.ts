// A member that nobody knows is refused by name: passed over, a misspelt limit would be none at all.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  await accountWith(registry.call, 'acme', ['packs:publish']);
});
afterAll(() => registry.stop());

const WORKFORCE = 'workforce:acme.example:claims';

it.each([
  ['/access/accounts', { name: 'other' }, 'admin'],
  ['/access/tokens', { account: 'acme', scopes: ['packs:publish'] }, 'expires'],
  ['/access/tokens', { account: 'acme', scopes: ['packs:publish'] }, 'namespace'],
  ['/access/keys', { keyId: 'acme-1', publicKey: 'x', namespaces: ['vendor.acme.*'] }, 'notafter'],
  ['/access/keys/acme-1/revoke', { reason: 'lost' }, 'since'],
  ['/access/namespaces', { namespace: 'vendor.acme' }, 'holder'],
  ['/access/namespaces/vendor.acme/offer', { account: 'acme' }, 'reason'],
  ['/access/namespaces/vendor.acme/accept', {}, 'keepKeys'],
  ['/access/namespaces/vendor.acme/transfer', { account: 'acme', reason: 'x' }, 'keepKeys'],
  ['/access/namespaces/vendor.acme/proof', { domain: 'acme.com', method: 'dns' }, 'check'],
  ['/access/namespaces/vendor.acme/hold', { reason: 'x' }, 'until'],
  ['/access/workforces', { workforce: WORKFORCE, steward: 'acme' }, 'owner'],
])('%s refuses %j with the member %s, and stores nothing', async (path, body, member) => {
  const before = await registry.stored();
  const { status, json } = await registry.call('POST', path, { body: { ...body, [member]: '1' } });
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toContain(`/${member}: There is no such member; known: `);
  expect(await registry.stored()).toEqual(before);
});

it('nobody learns of members before it is known who he is', async () => {
  const { status } = await registry.call('POST', '/access/tokens', { token: null, body: { nonsense: 1 } });
  expect(status).toBe(401);
});
