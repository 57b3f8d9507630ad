// A namespace changes hands: offered and accepted, or by the operator's word; and what those before left behind ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespacesLostBy } from '../../src/access/namespaces/claim-store.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { checkAccounts } from '../../src/upkeep/check/accounts.ts';
import { openReport } from '../../src/upkeep/report.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const SCOPES = ['namespaces:claim', 'packs:publish', 'keys:manage', 'packs:read'];
let registry: TestRegistry;
let clock = 0;
/** What happens between the checks of a publish and its commit. */
let meanwhile = async (): Promise<unknown> => undefined;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  registry = await startRegistry(
    { mode: 'private' },
    {
      now: () => new Date(Date.now() + clock),
      publishing: (deps) => ({
        ...deps,
        insertVersion: async (...given) => {
          await meanwhile();
          return deps.insertVersion(...given);
        },
      }),
    },
  );
  for (const name of ['alice', 'bob', 'eve']) tokens[name] = await accountWith(registry.call, name, SCOPES);
});
afterAll(() => registry.stop());

type Who = 'alice' | 'bob' | 'eve' | 'operator';
const as = (who: Who): { token?: string } => (who === 'operator' ? {} : { token: tokens[who] ?? '' });
const ask = (who: Who, method: string, namespace: string, what: string, body: object = {}) =>
  registry.call(method, `/access/namespaces/${namespace}/${what}`, { ...as(who), body });
const claimFor = (account: string, namespace: string) =>
  registry.call('POST', '/access/namespaces', { body: { namespace, account } });
const listed = async (who: Who | null, namespace: string) => {
  const asked = who === null ? { token: null } : as(who);
  const { json } = await registry.call('GET', '/access/namespaces', asked);
  return json.namespaces.find((row: { namespace: string }) => row.namespace === namespace);
};
const eventsOf = (namespace: string) => registry.sql<{ kind: string; leaf: Buffer; sealed: Buffer | null }[]>`
  select kind, leaf, sealed from events where subject = ${`namespace:${namespace}`} order by xact, ordinal`;
const refused = async (asked: Promise<{ status: number; json: { error: string } }>) => {
  const before = await registry.stored();
  const { status, json } = await asked;
  expect(await registry.stored()).toEqual(before);
  return `${status} ${json.error}`;
};

describe('an offer', () => {
  const name = 'vendor.offered';
  beforeAll(() => claimFor('alice', name));

  it('is made by the holder, once, and shown to those it is between', async () => {
    const made = await ask('alice', 'POST', name, 'offer', { account: 'bob' });
    expect([made.status, made.json]).toMatchObject([201, { namespace: name, account: 'bob' }]);
    const before = await registry.stored();
    expect((await ask('alice', 'POST', name, 'offer', { account: 'bob' })).json).toEqual(made.json);
    expect(await registry.stored()).toEqual(before);
    for (const who of ['alice', 'bob', 'operator'] as const)
      expect((await listed(who, name)).offer).toMatchObject({ account: 'bob' });
    for (const who of ['eve', null] as const) expect((await listed(who, name)).offer).toBeUndefined();
    expect(String((await eventsOf(name)).at(-1)?.leaf)).not.toContain('bob');
  });

  it.each([
    ['a stranger', 'eve', name, { account: 'eve' }, '403 forbidden'],
    ['the holder to itself', 'alice', name, { account: 'alice' }, '400 validation_error'],
    ['the holder to nobody', 'alice', name, { account: 'absent' }, '400 validation_error'],
    ['the holder, of no name', 'alice', 'vendor', { account: 'bob' }, '400 validation_error'],
    ['the operator, of what nobody holds', 'operator', 'vendor.absent', { account: 'bob' }, '404 not_found'],
  ] as const)('is not made by %s', async (_name, who, namespace, body, expected) => {
    expect(await refused(ask(who, 'POST', namespace, 'offer', body))).toBe(expected);
  });

  it('of a core namespace is the operator’s to make', async () => {
    await claimFor('alice', 'core.alice');
    expect(await refused(ask('alice', 'POST', 'core.alice', 'offer', { account: 'bob' }))).toBe(
      '403 forbidden',
    );
    expect((await ask('operator', 'POST', 'core.alice', 'offer', { account: 'bob' })).status).toBe(201);
  });

  it('is taken back by the holder, or declined; to others there seems to be none', async () => {
    expect(await refused(ask('eve', 'DELETE', name, 'offer'))).toBe('404 not_found');
    expect((await ask('alice', 'DELETE', name, 'offer')).status).toBe(204);
    expect(await refused(ask('bob', 'POST', name, 'accept'))).toBe('404 not_found');
    await ask('alice', 'POST', name, 'offer', { account: 'bob' });
    expect((await ask('bob', 'DELETE', name, 'offer')).status).toBe(204);
    expect((await listed('alice', name)).offer).toBeUndefined();
  });

  it('ends after seven days', async () => {
    await ask('alice', 'POST', name, 'offer', { account: 'bob' });
    clock = 7 * DAY_MS + 1_000;
    expect((await listed('alice', name)).offer).toBeUndefined();
    expect(await refused(ask('bob', 'POST', name, 'accept'))).toBe('404 not_found');
    clock = 0;
  });

  it('is accepted by whom it was made to, once; the holder before has no say any more', async () => {
    await ask('alice', 'POST', name, 'offer', { account: 'bob' });
    expect(await refused(ask('eve', 'POST', name, 'accept'))).toBe('404 not_found');
    expect(await refused(ask('alice', 'POST', name, 'accept'))).toBe('404 not_found');
    const answers = await Promise.all([1, 2, 3].map(() => ask('bob', 'POST', name, 'accept')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect(await listed(null, name)).toMatchObject({ account: 'bob', transferredAt: expect.any(String) });
    expect(await refused(ask('alice', 'POST', name, 'offer', { account: 'eve' }))).toBe('403 forbidden');
    const told = (await eventsOf(name)).filter(({ kind }) => kind === 'namespace.transferred');
    expect(told).toHaveLength(1);
    expect(JSON.parse(String(told[0]?.leaf)).data).toEqual({
      namespace: name,
      account: 'bob',
      from: 'alice',
      keys: [],
    });
  });
});

describe('the operator', () => {
  it('hands a namespace over at once, with a reason; nobody else does', async () => {
    await claimFor('alice', 'vendor.moved');
    await ask('alice', 'POST', 'vendor.moved', 'offer', { account: 'eve' });
    const order = { account: 'bob', reason: 'the companies merged' };
    expect(await refused(ask('alice', 'POST', 'vendor.moved', 'transfer', order))).toBe('403 forbidden');
    expect(await refused(ask('operator', 'POST', 'vendor.moved', 'transfer', { account: 'bob' }))).toBe(
      '400 validation_error',
    );
    expect(
      await refused(ask('operator', 'POST', 'vendor.moved', 'transfer', { ...order, reason: 'a\u001b[2J' })),
    ).toBe('400 validation_error');
    const moved = await ask('operator', 'POST', 'vendor.moved', 'transfer', order);
    expect(moved.json).toMatchObject({ account: 'bob' });
    expect(await refused(ask('eve', 'POST', 'vendor.moved', 'accept'))).toBe('404 not_found');
    expect(await namespacesLostBy(registry.sql)('alice')).toContain('vendor.moved');
    expect(await namespacesLostBy(registry.sql)('bob')).not.toContain('vendor.moved');
    const told = JSON.parse(String((await eventsOf('vendor.moved')).at(-1)?.leaf));
    expect(told).toMatchObject({
      kind: 'namespace.transferred',
      data: { reason: order.reason, given: true },
    });
  });
});

describe('after a transfer', () => {
  const pack = 'vendor.shop.tools';
  const [old, kept, rotated, fresh, helped] = ['old-1', 'kept-1', 'late-1', 'fresh-1', 'helped-1'].map((id) =>
    createPublisher(id),
  ) as [Publisher, Publisher, Publisher, Publisher, Publisher];
  type Publisher = ReturnType<typeof createPublisher>;

  const list = (who: 'alice' | 'bob', by: Publisher, namespaces: readonly string[]) =>
    registry.call('POST', '/access/keys', { ...as(who), body: by.listing(who, namespaces) });
  const publish = async (who: Who, by: Publisher, version: string) => {
    const body = await by.pack({ name: pack, version });
    const { status, json } = await registry.call('PUT', addressOf(pack, version), { ...as(who), body });
    return status === 201 ? '201' : `${status} ${json.details.brokenLink ?? json.error}`;
  };

  beforeAll(async () => {
    await claimFor('alice', 'vendor.shop');
    await claimFor('alice', 'vendor.rest');
    await list('alice', old, ['vendor.shop.*', 'vendor.rest.*']);
    await list('alice', kept, ['vendor.shop.*']);
    await list('alice', rotated, ['vendor.shop.*']);
    await delegate(registry.call, helped, ['vendor.shop.*']);
    expect(await publish('alice', old, '1.0.0')).toBe('201');
    await ask('alice', 'POST', 'vendor.shop', 'offer', { account: 'bob' });
    expect(await refused(ask('bob', 'POST', 'vendor.shop', 'accept', { keys: ['absent-1'] }))).toBe(
      '404 key_not_found',
    );
    expect((await ask('bob', 'POST', 'vendor.shop', 'accept', { keys: ['kept-1'] })).status).toBe(200);
  });

  it('the account before publishes nothing there, whatever its token says', async () => {
    tokens['limited'] = await accountWith(registry.call, 'alice', ['packs:publish'], ['vendor.shop.*']);
    expect(await publish('alice', old, '1.1.0')).toBe('403 forbidden');
    expect(await publish('limited' as Who, old, '1.1.0')).toBe('403 forbidden');
  });

  it('keys listed before sign nothing new, not even for the new holder or the operator', async () => {
    for (const who of ['bob', 'operator'] as const)
      for (const by of [old, helped]) expect(await publish(who, by, '1.1.0')).toBe('400 key_namespace');
    const keys = (await registry.call('GET', '/access/keys', { token: null })).json.keys;
    expect(keys.find((key: { keyId: string }) => key.keyId === 'old-1')).toMatchObject({ status: 'active' });
  });

  it('what they signed before stays, and they sign on where their account holds the namespace', async () => {
    expect((await registry.call('GET', addressOf(pack, '1.0.0', 'v1', 'sig'), { token: null })).status).toBe(
      200,
    );
    const body = await old.pack({ name: 'vendor.rest.tools' });
    const { status } = await registry.call('PUT', addressOf('vendor.rest.tools'), { ...as('alice'), body });
    expect(status).toBe(201);
  });

  it('keys that the new holder kept, or lists, sign', async () => {
    expect(await publish('bob', kept, '1.2.0')).toBe('201');
    expect((await list('bob', fresh, ['vendor.shop.*'])).status).toBe(201);
    expect(await publish('bob', fresh, '1.3.0')).toBe('201');
  });

  it('whoever held it lists no key for it, and one that came in late is of no use', async () => {
    expect((await list('alice', createPublisher('sly-1'), ['vendor.shop.*'])).status).toBe(403);
    await registry.sql`
      update delegations set issued_at = now() + interval '1 minute' where key_id = ${rotated.keyId}`;
    expect(await publish('bob', rotated, '1.4.0')).toBe('400 key_namespace');
  });

  it('the account before yanks nothing there, and the new holder does', async () => {
    tokens['yanker'] = await accountWith(registry.call, 'alice', ['packs:yank']);
    tokens['owner'] = await accountWith(registry.call, 'bob', ['packs:yank']);
    const yank = (who: string) =>
      registry.call('POST', `/v1/packs/${pack}/-/1.0.0/yank`, { ...as(who as Who), body: { reason: 'x' } });
    expect(await refused(yank('yanker'))).toBe('403 forbidden');
    expect((await yank('owner')).status).toBe(200);
  });

  it('a publish that was let in before it, and comes to its commit after it, is refused', async () => {
    await claimFor('alice', 'vendor.late');
    const key = createPublisher('racer-1');
    await list('alice', key, ['vendor.late.*']);
    const body = await key.pack({ name: 'vendor.late.tools' });
    const send = (who: Who) => registry.call('PUT', addressOf('vendor.late.tools'), { ...as(who), body });
    let before = await registry.stored();
    meanwhile = async () => {
      await ask('operator', 'POST', 'vendor.late', 'transfer', {
        account: 'bob',
        reason: 'x',
        keys: ['racer-1'],
      });
      before = await registry.stored();
    };
    const late = await send('alice');
    meanwhile = async () => undefined;
    expect([late.status, late.json.details.reason]).toEqual([403, 'pack_namespace_unauthorized']);
    const { versions, events } = await registry.stored();
    expect({ versions, events }).toEqual({ versions: before.versions, events: before.events });
    expect((await send('bob')).status).toBe(201);
  });
});

describe('a private namespace', () => {
  const pack = 'private.vault.secret';
  const host = createPublisher('vault-1');
  const read = async (token: string) =>
    (await registry.call('GET', addressOf(pack, '1.0.0', 'v1', 'json'), { token })).status;

  it('changes hands behind a seal, and what was given for it to the account before opens nothing', async () => {
    await claimFor('alice', 'private.vault');
    await delegate(registry.call, host, ['private.vault.*']);
    await registry.call('PUT', addressOf(pack), { body: await host.pack({ name: pack }) });
    const own = await accountWith(registry.call, 'alice', ['packs:read'], ['private.vault.*']);
    const guest = await accountWith(registry.call, 'guest', ['packs:read'], ['private.vault.*']);
    expect([await read(own), await read(guest)]).toEqual([200, 200]);
    await ask('alice', 'POST', 'private.vault', 'offer', { account: 'bob' });
    expect((await listed('bob', 'private.vault')).offer).toMatchObject({ account: 'bob' });
    expect(await listed('eve', 'private.vault')).toBeUndefined();
    expect((await ask('bob', 'POST', 'private.vault', 'accept')).status).toBe(200);
    expect([await read(own), await read(guest), await read(tokens['alice'] ?? '')]).toEqual([404, 200, 404]);
    expect(await read(tokens['bob'] ?? '')).toBe(200);
    for (const { leaf } of await eventsOf('private.vault')) expect(String(leaf)).not.toContain('vault');
    expect(await listed('alice', 'private.vault')).toBeUndefined();
  });

  it('that one may not see looks the same as one that is not there', async () => {
    const seen = async (namespace: string) => {
      const { status, json } = await ask('eve', 'POST', namespace, 'offer', { account: 'eve' });
      return { status, error: json.error, message: json.message.replaceAll(namespace, '') };
    };
    expect(await seen('private.vault')).toEqual(await seen('private.absent'));
  });
});

it('a check of the store finds each namespace with whom the last event names', async () => {
  const check = () =>
    inTransaction(registry.sql, async (tx) => {
      const report = openReport();
      await checkAccounts({ tx, report });
      return report.findings().map(({ code, about }) => `${code} ${about}`);
    });
  expect(await check()).toEqual([]);
  await registry.sql`update namespace_claims set account = 'eve' where namespace = 'vendor.moved'`;
  expect(await check()).toEqual(['claim_differs vendor.moved']);
});
