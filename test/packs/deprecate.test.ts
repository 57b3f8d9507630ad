// A version is deprecated and that is taken back: it stays installable, and everything served says what to take instead.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const host = createPublisher('host-1');

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
});
afterAll(() => registry.stop());

type Tree = 'v1' | 'v2';

const deprecationOf = (name: string, version = '1.0.0', tree: Tree = 'v1'): string =>
  `/${tree}/packs/${name}/-/${version}/deprecate`;

const publish = async (name: string, version = '1.0.0', tree: Tree = 'v1', by = acme) => {
  const body = await by.pack({ name, version, tree });
  expect((await registry.call('PUT', addressOf(name, version, tree), { body })).status).toBe(201);
};

const kindsOf = async (subject: string) =>
  (
    await registry.sql<{ kind: string }[]>`
      select kind from events where subject = ${subject} order by xact, ordinal`
  ).map(({ kind }) => kind);

describe.each(['v1', 'v2'] as const)('deprecating a version of the %s tree', (tree) => {
  const name = `vendor.acme.old-${tree}`;
  const flag = tree === 'v1' ? 'deprecated' : 'versionDeprecated';
  const grounds = { reason: 'old API', supersededBy: 'vendor.acme.new@2.0.0' };
  const manifest = async () =>
    (await registry.call('GET', `/${tree}/packs/${name}/-/1.1.0.json`, { token: null })).json;

  beforeAll(async () => {
    await publish(name, '1.0.0', tree);
    await publish(name, '1.1.0', tree);
  });

  it('answers with the note and a receipt, and everything served says so at once', async () => {
    expect((await manifest())[flag]).toBe(false);
    await registry.call('GET', `/${tree}/packs/${name}/index.json`);
    const answer = await registry.call('POST', deprecationOf(name, '1.1.0', tree), { body: grounds });
    expect(answer.status).toBe(200);
    const note = { deprecated: true, ...grounds, deprecatedAt: expect.stringMatching(/Z$/) };
    expect(answer.json).toMatchObject({ name, version: '1.1.0', deprecation: note });
    expect(answer.json.deprecation.deprecatedBy).toBe('operator');
    expect(answer.json.receipt.proof).toContain('c2sp.org/tlog-proof@v1');
    const shown = { [flag]: true, deprecationReason: 'old API', supersededBy: grounds.supersededBy };
    expect(await manifest()).toMatchObject({ ...shown, yanked: false });
    const index = (await registry.call('GET', `/${tree}/packs/${name}/index.json`)).json;
    // The newest that is neither deprecated nor yanked.
    expect(index.latest).toBe('1.0.0');
    expect(index.versions.map((row: Record<string, unknown>) => row[flag])).toEqual([false, true]);
    expect((await registry.call('GET', `/${tree}/packs/${name}/-/1.1.0.tgz`)).status).toBe(200);
    expect((await registry.call('GET', `/${tree}/packs/${name}/-/1.1.0.sig`)).status).toBe(200);
  });

  it('tells who and when in the map form (registry-operations.md)', async () => {
    if (tree === 'v2') return;
    const { versions } = (await registry.call('GET', `/v1/packs/${name}`)).json;
    expect(versions['1.1.0'].deprecation).toMatchObject({
      deprecated: true,
      reason: 'old API',
      supersededBy: grounds.supersededBy,
      deprecatedBy: 'operator',
    });
    expect(versions['1.0.0']).not.toHaveProperty('deprecation');
  });

  it('changes nothing the second time, and takes other grounds in the place of the first', async () => {
    const first = await registry.call('POST', deprecationOf(name, '1.1.0', tree), { body: grounds });
    expect(await kindsOf(`pack:${name}@1.1.0`)).toEqual(['pack.published', 'pack.deprecated']);
    const other = { reason: 'very old API', supersededBy: '1.0.0' };
    const second = await registry.call('POST', deprecationOf(name, '1.1.0', tree), { body: other });
    expect(second.json.deprecation).toMatchObject(other);
    expect(second.json.receipt.eventId).not.toBe(first.json.receipt.eventId);
    expect(await kindsOf(`pack:${name}@1.1.0`)).toHaveLength(3);
  });

  it('is taken back, once, and the log keeps both', async () => {
    for (const _ of [1, 2]) {
      const answer = await registry.call('DELETE', deprecationOf(name, '1.1.0', tree));
      expect([answer.status, answer.json.deprecation]).toEqual([200, false]);
      expect(answer.json.receipt.index).toEqual(expect.any(Number));
    }
    expect((await kindsOf(`pack:${name}@1.1.0`)).at(-1)).toBe('pack.undeprecated');
    expect(await kindsOf(`pack:${name}@1.1.0`)).toHaveLength(4);
    const served = await manifest();
    expect(served[flag]).toBe(false);
    expect(served).not.toHaveProperty('supersededBy');
    const index = (await registry.call('GET', `/${tree}/packs/${name}/index.json`)).json;
    expect(index.latest).toBe('1.1.0');
  });
});

describe('what cannot be deprecated', () => {
  const name = 'vendor.acme.kept';
  beforeAll(() => publish(name));

  it.each<[string, object, string]>([
    ['no reason', {}, 'reason'],
    ['a blank reason', { reason: '  ' }, 'reason'],
    ['a reason that is too long', { reason: 'x'.repeat(513) }, 'reason'],
    ['a reason that steers a terminal', { reason: 'a\u001b[2J' }, 'reason'],
    ['a range as a successor', { reason: 'x', supersededBy: '^2.0.0' }, 'supersededBy'],
    ['a successor that is no text', { reason: 'x', supersededBy: ['2.0.0'] }, 'supersededBy'],
    ['a successor of a scope that no pack has', { reason: 'x', supersededBy: 'evil@1.0.0' }, 'supersededBy'],
    ['a web address', { reason: 'x', supersededBy: 'https://evil.example/' }, 'supersededBy'],
    ['itself', { reason: 'x', supersededBy: '1.0.0' }, 'supersededBy'],
    ['itself in capitals', { reason: 'x', supersededBy: 'vendor.acme.KEPT@1.0.0' }, 'supersededBy'],
    [
      'too long a successor',
      { reason: 'x', supersededBy: `vendor.acme.${'x'.repeat(260)}@1.0.0` },
      'supersededBy',
    ],
  ])('is one with %s', async (_, body, field) => {
    const before = await registry.stored();
    const answer = await registry.call('POST', deprecationOf(name), { body });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(answer.json.details.field).toBe(field);
    expect(await registry.stored()).toEqual(before);
  });

  it('is a version that is not there, in the words of the tree', async () => {
    const body = { reason: 'x' };
    const v1 = await registry.call('POST', deprecationOf(name, '9.9.9'), { body });
    const v2 = await registry.call('POST', deprecationOf(name, '9.9.9', 'v2'), { body });
    expect([v1.status, v1.json.error]).toEqual([404, 'pack_not_found']);
    expect([v2.status, v2.json.error]).toEqual([404, 'pack_version_not_found']);
    const deleted = await registry.call('DELETE', deprecationOf(name, '9.9.9'));
    expect(deleted.status).toBe(404);
  });

  it('is anything without the scope packs:publish and the namespace', async () => {
    const before = await registry.stored();
    const yanker = await accountWith(registry.call, 'yanker', ['packs:yank', 'packs:read']);
    const stranger = await accountWith(registry.call, 'stranger', ['packs:publish']);
    const ask = (token: string | null) =>
      registry.call('POST', deprecationOf(name), { token, body: { reason: 'x' } });
    expect((await ask(null)).status).toBe(401);
    expect((await ask(yanker)).json).toMatchObject({
      error: 'forbidden',
      details: { missingScope: 'packs:publish' },
    });
    expect((await ask(stranger)).json.error).toBe('forbidden');
    expect((await registry.stored()).versions).toBe(before.versions);
    const [row] = await registry.sql`select deprecated from versions where name = ${name}`;
    expect(row?.['deprecated']).toBeNull();
  });
});

describe('a private pack', () => {
  const name = 'private.host.secret';
  beforeAll(() => publish(name, '1.0.0', 'v1', host));

  it('is deprecated behind a seal, and absent for others', async () => {
    const stranger = await accountWith(registry.call, 'curious', ['packs:publish']);
    const body = { reason: 'x' };
    const hidden = await registry.call('POST', deprecationOf(name), { token: stranger, body });
    const absent = await registry.call('POST', deprecationOf('private.host.absent'), {
      token: stranger,
      body,
    });
    expect([hidden.status, hidden.json.error]).toEqual([absent.status, absent.json.error]);
    expect((await registry.call('POST', deprecationOf(name), { body })).status).toBe(200);
    const [event] = await registry.sql<{ sealed: Buffer | null; leaf: Buffer }[]>`
      select leaf, sealed from events where kind = 'pack.deprecated' and subject = ${`pack:${name}@1.0.0`}`;
    expect(event?.sealed).not.toBeNull();
    expect(event?.leaf.toString()).not.toContain('private.host');
  });
});

it('the discovery document says that versions can be deprecated, and where their history is', async () => {
  const { lifecycle } = (await registry.call('GET', '/.well-known/openwop-registry', { token: null })).json;
  expect(lifecycle).toMatchObject({ yankSupported: true, deprecateSupported: true });
  expect(lifecycle.history).toBe('/packs/{name}/-/{version}/lifecycle');
});
