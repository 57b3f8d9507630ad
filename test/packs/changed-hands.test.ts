// A namespace has just changed hands: whoever held it does nothing there any more, and whoever holds it has the say.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher } from '../world/publisher.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';
import { rotate, rotationOf } from './rotating.ts';

let registry: TestRegistry;
let alice: string;
let bob: string;
let eve: string;
let advised: string;
const key = createPublisher('alice-1');
const NAME = 'vendor.shop.tools';
const NAMESPACES = ['vendor.shop.*'];
const SCOPES = ['namespaces:claim', 'packs:publish', 'packs:yank', 'keys:manage', 'advisories:publish'];

const advisory = (summary: string) => ({
  severity: 'low',
  summary,
  affected: [{ packName: 'vendor.shop.old', versions: '*' }],
});
const say = (method: string, id: string, token: string, body: object): Promise<Answer> =>
  registry.call(method, `/security/advisories${id}`, { token, body });

beforeAll(async () => {
  registry = await startRegistry();
  [alice, bob, eve] = [
    await accountWith(registry.call, 'alice', SCOPES),
    await accountWith(registry.call, 'bob', SCOPES),
    await accountWith(registry.call, 'eve', SCOPES),
  ];
  await registry.call('POST', '/access/namespaces', { token: alice, body: { namespace: 'vendor.shop' } });
  await registry.call('POST', '/access/keys', { token: alice, body: key.listing('alice', NAMESPACES) });
  const body = await key.pack({ name: NAME });
  expect((await registry.call('PUT', addressOf(NAME), { token: alice, body })).status).toBe(201);
  advised = (await say('POST', '', alice, advisory('as Alice says'))).json.advisory.id;
});
afterAll(() => registry.stop());

/** Committed by another process, of which this one has not heard yet. */
const handTo = (account: string) =>
  registry.sql`update namespace_claims set account = ${account} where namespace = 'vendor.shop'`;

const standing = async () => {
  const [row] = await registry.sql`
    select count(*) filter (where yanked is not null) as yanked, count(unpublished) as unpublished,
      (select count(*) from delegations where revoked_at is null) as keys, (select count(*) from advisories) as advisories
    from versions`;
  return { ...(await registry.stored()), ...row };
};

describe('who has just given a namespace away, at a process that has not heard of it,', () => {
  afterEach(() => handTo('alice'));
  const since = new Date(Date.now() - 60_000).toISOString();
  /** Whoever asks is known as the holder. */
  const remembered = async () => {
    const body = { since, reason: 'x', dryRun: true };
    const { status } = await registry.call('POST', '/keys/alice-1/compromise', { token: alice, body });
    expect(status).toBe(200);
  };

  it.each<[string, () => Promise<Answer>]>([
    ['unpublishes nothing', () => registry.call('DELETE', `/v1/packs/${NAME}/-/1.0.0`, { token: alice })],
    [
      'reports no key',
      () =>
        registry.call('POST', '/keys/alice-1/compromise', { token: alice, body: { since, reason: 'spite' } }),
    ],
    ['advises nothing', () => say('POST', '', alice, { ...advisory('spite'), severity: 'critical' })],
    ['changes no advisory', () => say('PUT', `/${advised}`, alice, advisory('spite'))],
    [
      'rotates no key',
      () => {
        const next = rotationOf(key, createPublisher('alice-2'), {
          account: 'alice',
          namespaces: NAMESPACES,
        });
        return rotate(registry, alice, next, NAME);
      },
    ],
  ])('%s', async (_, act) => {
    await remembered();
    await handTo('bob');
    const before = await standing();
    const { status, json } = await act();
    expect([status, json.message]).toEqual([403, expect.stringContaining('vendor.shop is not yours')]);
    expect(await standing()).toEqual(before);
  });
});

describe('what a former holder advised', () => {
  let ruled: string;
  beforeAll(async () => {
    ruled = (await say('POST', '', registry.adminToken, advisory('as the operator says'))).json.advisory.id;
    const order = { account: 'bob', reason: 'sold' };
    const moved = await registry.call('POST', '/access/namespaces/vendor.shop/transfer', { body: order });
    expect(moved.status).toBe(200);
  });

  it('is the new holder’s to change, and then no more the former’s', async () => {
    expect((await say('PUT', `/${advised}`, bob, advisory('as Bob says'))).status).toBe(200);
    const before = await standing();
    const { status, json } = await say('DELETE', `/${advised}`, alice, { reason: 'spite' });
    expect([status, json.error]).toEqual([403, 'forbidden']);
    expect(await standing()).toEqual(before);
  });

  it('is nobody else’s, and what the operator said stays the operator’s', async () => {
    const before = await standing();
    expect((await say('DELETE', `/${advised}`, eve, { reason: 'x' })).json.error).toBe('forbidden');
    expect((await say('DELETE', `/${ruled}`, bob, { reason: 'x' })).json.error).toBe('forbidden');
    expect((await say('PUT', `/${ruled}`, bob, advisory('x'))).json.error).toBe('forbidden');
    expect(await standing()).toEqual(before);
  });

  it('is the new holder’s to withdraw', async () => {
    const made = (await say('POST', '', bob, advisory('once more'))).json.advisory.id;
    await registry.sql`update advisories set author = 'alice' where id = ${made}`;
    expect((await say('DELETE', `/${made}`, bob, { reason: 'never true' })).status).toBe(200);
  });
});
