// Namespaces: first come, never taken, and the reserved ones given by the operator only.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let alice: string;
let bob: string;
beforeAll(async () => {
  registry = await startRegistry();
  alice = await accountWith(registry.call, 'alice', ['namespaces:claim']);
  bob = await accountWith(registry.call, 'bob', ['namespaces:claim']);
});
afterAll(() => registry.stop());

const claim = (token: string, namespace: string, account?: string) =>
  registry.call('POST', '/access/namespaces', {
    token,
    body: { namespace, ...(account ? { account } : {}) },
  });

describe('a namespace', () => {
  it('belongs to whoever came first, who may claim it again, and to nobody else', async () => {
    expect((await claim(alice, 'vendor.acme')).json).toMatchObject({
      namespace: 'vendor.acme',
      account: 'alice',
    });
    expect((await claim(alice, 'vendor.acme')).status).toBe(201);
    const before = await registry.stored();
    expect([(await claim(bob, 'vendor.acme')).status, (await claim(bob, 'vendor.acme')).json.error]).toEqual([
      409,
      'already_exists',
    ]);
    expect(await registry.stored()).toEqual(before);
  });

  it('claimed by many at once has one owner', async () => {
    const tokens = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? alice : bob));
    const answers = await Promise.all(tokens.map((token) => claim(token, 'community.contested')));
    const owners = new Set(
      answers.filter((answer) => answer.status === 201).map((answer) => answer.json.account),
    );
    expect(owners.size).toBe(1);
    const events = await registry.sql`select 1 from events where subject = 'namespace:community.contested'`;
    expect(events.length).toBe(1);
  });

  it.each([
    ['core.acme', 403],
    ['private.acme', 400],
    ['local.acme', 400],
    ['vendor', 400],
    ['vendor.acme.tools', 400],
    ['Vendor.Acme', 400],
    ['vendor.Acme', 400],
  ])('%s is refused to a publisher with %i, and nothing is stored', async (namespace, status) => {
    const before = await registry.stored();
    expect((await claim(alice, namespace)).status).toBe(status);
    expect(await registry.stored()).toEqual(before);
  });

  it('of the core is given by the operator to the account he names', async () => {
    const given = await claim(registry.adminToken, 'core.acme', 'alice');
    expect(given.json).toMatchObject({ namespace: 'core.acme', account: 'alice' });
    expect((await claim(alice, 'vendor.other', 'bob')).status).toBe(403);
  });

  it('under which packs are published already is given out by the operator only', async () => {
    const publisher = createPublisher('early-1');
    await delegate(registry.call, publisher, ['community.early.*']);
    const name = 'community.early.tools';
    expect(
      (await registry.call('PUT', addressOf(name), { body: await publisher.pack({ name }) })).status,
    ).toBe(201);
    const refused = await claim(alice, 'community.early');
    expect([refused.status, refused.json.error]).toEqual([409, 'already_exists']);
    expect(refused.json.message).toContain('attestry namespace claim community.early --account alice');
    expect((await claim(alice, 'community.earl')).status).toBe(201);
    expect((await claim(registry.adminToken, 'community.early', 'alice')).status).toBe(201);
    expect((await claim(alice, 'community.early')).status).toBe(201);
  });

  it('is refused to a token that is limited to others', async () => {
    const limited = await accountWith(registry.call, 'limited', ['namespaces:claim'], ['vendor.mine.*']);
    expect((await claim(limited, 'vendor.yours')).status).toBe(403);
    expect((await claim(limited, 'vendor.mine')).status).toBe(201);
    const onePack = await accountWith(registry.call, 'one-pack', ['namespaces:claim'], ['vendor.wide.any']);
    expect((await claim(onePack, 'vendor.wide')).status).toBe(403);
  });
});
