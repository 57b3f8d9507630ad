// A private registry's own packs: for those who may read them, and indistinguishable from absent for all others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const host = createPublisher('host-1');
const NAME = 'private.host.secret';

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, host, ['private.host.*']);
  const answer = await registry.call('PUT', addressOf(NAME), { body: await host.pack({ name: NAME }) });
  expect(answer.status).toBe(201);
});
afterAll(() => registry.stop());

describe('a private namespace that somebody holds', () => {
  it('is refused to strangers in the words for one that nobody holds', async () => {
    await accountWith(registry.call, 'holder', ['packs:read']);
    const body = { namespace: 'private.held', account: 'holder' };
    expect((await registry.call('POST', '/access/namespaces', { body })).status).toBe(201);
    const scopes = ['packs:publish', 'keys:manage'];
    const stranger = await accountWith(registry.call, 'curious', scopes);
    const eve = createPublisher('curious-1');
    const before = await registry.stored();
    const wordsOf = async (org: string) => {
      const name = `private.${org}.tools`;
      const bytes = await eve.pack({ name });
      const published = await registry.call('PUT', addressOf(name), { token: stranger, body: bytes });
      const listing = eve.listing('curious', [`private.${org}.*`]);
      const listed = await registry.call('POST', '/access/keys', { token: stranger, body: listing });
      return [published, listed].map(({ status, json }) => [
        status,
        json.error,
        json.message.replaceAll(org, 'ORG'),
      ]);
    };
    const held = await wordsOf('held');
    expect(held.map(([status]) => status)).toEqual([403, 403]);
    expect(held).toEqual(await wordsOf('free'));
    expect(await registry.stored()).toEqual(before);
  });
});

const ADDRESSES = [
  `/v1/packs/${NAME}`,
  `/v1/packs/${NAME}/index.json`,
  addressOf(NAME),
  addressOf(NAME, '1.0.0', 'v1', 'json'),
];

describe('a private pack', () => {
  it('is served to the account that holds its namespace', async () => {
    const mine = await accountWith(registry.call, 'mine', ['packs:read']);
    await registry.call('POST', '/access/namespaces', {
      body: { namespace: 'private.mine', account: 'mine' },
    });
    const publisher = createPublisher('mine-1');
    await delegate(registry.call, publisher, ['private.mine.*']);
    const name = 'private.mine.notes';
    await registry.call('PUT', addressOf(name), { body: await publisher.pack({ name }) });
    expect((await registry.call('GET', addressOf(name), { token: mine })).status).toBe(200);
  });

  it('has a key that speaks for the whole namespace, so that its name is told nowhere', async () => {
    const publicKey = createPublisher('teller-1').publicKeyPem;
    const body = { keyId: 'teller-1', publicKey, namespaces: [NAME] };
    expect((await registry.call('POST', '/access/keys', { body })).json.error).toBe('validation_error');
  });

  it('is served to a reader with the scope, and no cache between may keep it', async () => {
    const reader = await accountWith(registry.call, 'reader', ['packs:read'], ['private.host.*']);
    for (const path of ADDRESSES) {
      const answer = await registry.call('GET', path, { token: reader });
      expect([answer.status, answer.headers.get('cache-control')], path).toEqual([200, 'private, no-store']);
    }
  });

  it('looks to everybody else exactly like one that is not there, also after others have read it', async () => {
    const other = await accountWith(registry.call, 'other', ['packs:read'], ['private.other.*']);
    const unlimited = await accountWith(registry.call, 'unlimited', ['packs:read']);
    const noScope = await accountWith(registry.call, 'no-scope', ['packs:publish']);
    for (const token of [null, other, unlimited, noScope]) {
      for (const path of ADDRESSES) {
        const [seen, absent] = await Promise.all([
          registry.call('GET', path, { token }),
          registry.call('GET', path.replace('secret', 'absent'), { token }),
        ]);
        const shape = ({ status, json, headers }: typeof seen) => ({
          status,
          error: json.error,
          message: json.message,
          names: Object.keys(json.details).sort(),
          headers: [...headers.keys()].sort(),
        });
        expect(shape(seen)).toEqual(shape(absent));
        expect(seen.status).toBe(404);
      }
    }
  });

  it('stands in no public document, and its event only as a commitment', async () => {
    await registry.call('POST', '/access/namespaces', { body: { namespace: 'private.host' } });
    const lists = [
      '/v1/index.json',
      '/v2/index.json',
      '/.well-known/openwop-registry',
      '/access/keys',
      '/access/namespaces',
    ];
    for (const path of lists) {
      expect((await registry.call('GET', path, { token: null })).bytes.toString(), path).not.toContain(
        'private.host',
      );
    }
    const leaves = await registry.sql<{ leaf: Buffer }[]>`select leaf from events`;
    for (const { leaf } of leaves) expect(leaf.toString()).not.toContain('private.host');
    const [event] = await registry.sql<{ leaf: Buffer; sealed: Buffer }[]>`
      select leaf, sealed from events where subject = ${`pack:${NAME}@1.0.0`}`;
    expect(JSON.parse(String(event?.leaf))).toEqual({
      v: 1,
      id: expect.any(String),
      kind: 'sealed',
      commitment: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.parse(String(event?.sealed)).data.name).toBe(NAME);
  });
});
