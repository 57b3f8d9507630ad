// A version is unpublished in its first 72 hours: it is gone for readers, and what it was and what became of it stays.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseWithdrawals } from '../../keys/withdrawals.ts';
import { digestOf } from '../../storage/digest.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const host = createPublisher('host-1');
const HOUR_MS = 60 * 60 * 1_000;
let clock = 0;

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' }, { now: () => new Date(Date.now() + clock) });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
});
afterAll(() => registry.stop());

type Tree = 'v1' | 'v2';

const versionOf = (name: string, version = '1.0.0', tree: Tree = 'v1'): string =>
  `/${tree}/packs/${name}/-/${version}`;

const publish = async (name: string, version = '1.0.0', tree: Tree = 'v1', by = acme) => {
  const body = await by.pack({ name, version, tree });
  expect((await registry.call('PUT', addressOf(name, version, tree), { body })).status).toBe(201);
  return body;
};

const withdrawn = async () => {
  const { bytes } = await registry.call('GET', '/trust/withdrawals.json', { token: null });
  return parseWithdrawals(parseEnvelope(bytes).payload).withdrawn;
};

const tombstoneOf = async (name: string) => {
  const [row] = await registry.sql<{ unpublished: object | null }[]>`
    select unpublished from versions where name = ${name}`;
  return row?.unpublished ?? null;
};

describe.each(['v1', 'v2'] as const)('unpublishing a version of the %s tree', (tree) => {
  const name = `vendor.acme.gone-${tree}`;
  const error = tree === 'v1' ? 'pack_not_found' : 'pack_version_not_found';
  let bytes: Buffer;

  it('answers with what stays of it, and a receipt', async () => {
    await publish(name, '1.0.0', tree);
    bytes = await publish(name, '1.1.0', tree);
    for (const part of ['json', 'tgz', 'sig', 'proof'])
      expect((await registry.call('GET', `${versionOf(name, '1.1.0', tree)}.${part}`)).status).toBe(200);
    const body = { reason: 'holds a customer list' };
    const answer = await registry.call('DELETE', versionOf(name, '1.1.0', tree), { body });
    expect(answer.status).toBe(200);
    const note = { ...body, unpublishedBy: 'operator', unpublishedAt: expect.stringMatching(/Z$/) };
    expect(answer.json).toMatchObject({ name, version: '1.1.0', unpublished: note });
    expect(answer.json.receipt.proof).toContain('c2sp.org/tlog-proof@v1');
  });

  it.each(['json', 'tgz', 'sig', 'intoto.json'])('is gone as .%s, and the answer says why', async (part) => {
    const answer = await registry.call('GET', `${versionOf(name, '1.1.0', tree)}.${part}`, { token: null });
    expect([answer.status, answer.json.error]).toEqual([404, error]);
    expect(answer.json.details.unpublished).toMatchObject({
      by: 'operator',
      reason: 'holds a customer list',
    });
    expect(answer.json.message).toContain('unpublished');
  });

  it('stays provable, and in the signed list', async () => {
    const proof = await registry.call('GET', `${versionOf(name, '1.1.0', tree)}.proof`, { token: null });
    expect(proof.status).toBe(200);
    expect(await withdrawn()).toContainEqual({ sha256: digestOf(bytes), kind: 'unpublished' });
  });

  it('is in no index, and never the latest', async () => {
    const index = (await registry.call('GET', `/${tree}/packs/${name}/index.json`)).json;
    expect(index.latest).toBe('1.0.0');
    expect(index.versions.map(({ version }: { version: string }) => version)).toEqual(['1.0.0']);
    if (tree === 'v1')
      expect(Object.keys((await registry.call('GET', `/v1/packs/${name}`)).json.versions)).toEqual(['1.0.0']);
    const rows = (await registry.call('GET', `/${tree}/index.json`)).json.packs;
    expect(rows.find((row: { name: string }) => row.name === name).latestVersion).toBe('1.0.0');
  });

  it('stays taken: for the same bytes, for others, in both trees', async () => {
    const before = await registry.stored();
    const others = await acme.pack({ name, version: '1.1.0', tree, files: { 'README.md': 'other' } });
    for (const body of [bytes, others]) {
      const answer = await registry.call('PUT', addressOf(name, '1.1.0', tree), { body });
      expect([answer.status, answer.json.error]).toEqual([
        409,
        tree === 'v1' ? 'conflict' : 'version_conflict',
      ]);
      expect(answer.json.message).toContain('unpublished');
      expect(answer.json.details.unpublished.by).toBe('operator');
    }
    const elsewhere = tree === 'v1' ? 'v2' : 'v1';
    const body = await acme.pack({ name, version: '1.1.0', tree: elsewhere });
    expect((await registry.call('PUT', addressOf(name, '1.1.0', elsewhere), { body })).status).toBe(409);
    expect(await registry.stored()).toEqual(before);
  });

  it('is done once: the second time changes nothing, and nothing else changes it either', async () => {
    const before = await registry.stored();
    const again = await registry.call('DELETE', versionOf(name, '1.1.0', tree), {
      body: { reason: 'another' },
    });
    expect([again.status, again.json.unpublished.reason]).toEqual([200, 'holds a customer list']);
    expect(again.json.receipt.eventId).toEqual(expect.any(String));
    for (const [method, what] of [
      ['POST', 'yank'],
      ['DELETE', 'yank'],
      ['POST', 'deprecate'],
      ['DELETE', 'deprecate'],
    ] as const) {
      const body = { reason: 'x' };
      const path = `${versionOf(name, '1.1.0', tree)}/${what}`;
      const answer = await registry.call(method, path, method === 'POST' ? { body } : {});
      expect([answer.status, answer.json.error]).toEqual([404, error]);
      expect(answer.json.details.unpublished.by).toBe('operator');
    }
    expect(await registry.stored()).toEqual(before);
  });

  it('leaves no pack where it was the last version, and the name stays taken', async () => {
    await registry.call('DELETE', versionOf(name, '1.0.0', tree));
    for (const path of [`/${tree}/packs/${name}`, `/${tree}/packs/${name}/index.json`]) {
      const answer = await registry.call('GET', path, { token: null });
      expect([answer.status, answer.json.error]).toEqual([
        404,
        tree === 'v1' ? 'pack_not_found' : 'not_found',
      ]);
    }
    const rows = (await registry.call('GET', `/${tree}/index.json`)).json.packs;
    expect(rows.map((row: { name: string }) => row.name)).not.toContain(name);
    const spelt = name.replace('gone', 'goNe');
    const body = await acme.pack({ name: spelt, version: '1.0.0', tree });
    expect((await registry.call('PUT', addressOf(spelt, '1.0.0', tree), { body })).status).toBe(409);
  });
});

describe('the window of 72 hours', () => {
  it('is over one moment after it, for operators too, and nothing is changed', async () => {
    const name = 'vendor.acme.aged';
    await publish(name);
    const [row] = await registry.sql<{ published_at: Date }[]>`
      select published_at from versions where name = ${name}`;
    const before = await registry.stored();
    clock = 72 * HOUR_MS + 1_000;
    for (const tree of ['v1', 'v2'] as const) {
      const answer = await registry.call('DELETE', versionOf(name, '1.0.0', tree));
      const code = tree === 'v1' ? 'unpublish_window_expired' : 'attestry.unpublish_window_expired';
      expect([answer.status, answer.json.error]).toEqual([400, code]);
      expect(answer.json.message).toContain('yank');
      expect(answer.json.details.publishedAt).toBe(row?.published_at.toISOString());
    }
    clock = 0;
    expect(await tombstoneOf(name)).toBeNull();
    expect(await registry.stored()).toEqual(before);
  });

  it('holds until its last moment, and repeats are answered after it', async () => {
    const name = 'vendor.acme.late';
    await publish(name);
    clock = 71 * HOUR_MS;
    expect((await registry.call('DELETE', versionOf(name))).status).toBe(200);
    clock = 80 * HOUR_MS;
    expect((await registry.call('DELETE', versionOf(name))).status).toBe(200);
    clock = 0;
  });
});

describe('who unpublishes', () => {
  const name = 'vendor.acme.guarded';
  beforeAll(() => publish(name));

  it('needs the scope packs:publish and the namespace', async () => {
    const yanker = await accountWith(registry.call, 'unyanker', ['packs:yank', 'packs:yank-revert']);
    const stranger = await accountWith(registry.call, 'outsider', ['packs:publish']);
    const before = await registry.stored();
    for (const [token, status] of [
      [null, 401],
      [yanker, 403],
      [stranger, 403],
    ] as const)
      expect((await registry.call('DELETE', versionOf(name), { token })).status).toBe(status);
    expect(await registry.stored()).toEqual(before);
    expect(await tombstoneOf(name)).toBeNull();
  });

  it.each<[string, string, object | undefined]>([
    ['blank', '?reason=%20', undefined],
    ['given twice', '?reason=a&reason=b', undefined],
    ['one thing here and another there', '?reason=a', { reason: 'b' }],
    ['no text', '', { reason: 7 }],
    ['too long', `?reason=${'x'.repeat(513)}`, undefined],
  ])('gives no reason that is %s', async (_, query, body) => {
    const answer = await registry.call('DELETE', versionOf(name) + query, body === undefined ? {} : { body });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(await tombstoneOf(name)).toBeNull();
  });

  it('is told of a file name in the place of a version', async () => {
    const answer = await registry.call('DELETE', `${versionOf(name)}.tgz`);
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_version']);
    expect(await tombstoneOf(name)).toBeNull();
  });

  it('may give the reason in the address, or none', async () => {
    const answer = await registry.call('DELETE', `${versionOf(name)}?reason=by%20mistake`);
    expect(answer.json.unpublished.reason).toBe('by mistake');
    await publish('vendor.acme.silent');
    const silent = await registry.call('DELETE', versionOf('vendor.acme.silent'));
    expect(silent.json.unpublished).not.toHaveProperty('reason');
    const gone = await registry.call('GET', `${versionOf('vendor.acme.silent')}.json`);
    expect(gone.json.details.unpublished.reason).toBeNull();
  });
});

describe('a private pack', () => {
  it('is unpublished behind a seal, and tells strangers nothing', async () => {
    const name = 'private.host.hidden';
    const bytes = await publish(name, '1.0.0', 'v1', host);
    const stranger = await accountWith(registry.call, 'nosy', ['packs:publish', 'packs:read']);
    const refused = await registry.call('DELETE', versionOf(name), { token: stranger });
    expect(refused.json).toMatchObject({ error: 'pack_not_found', details: { name } });
    expect((await registry.call('DELETE', versionOf(name))).status).toBe(200);
    const answer = await registry.call('GET', `${versionOf(name)}.json`, { token: stranger });
    expect(answer.status).toBe(404);
    expect(answer.json.details).not.toHaveProperty('unpublished');
    expect((await registry.call('GET', `${versionOf(name)}.json`)).json.details).toHaveProperty(
      'unpublished',
    );
    const [event] = await registry.sql<{ leaf: Buffer }[]>`
      select leaf from events where kind = 'pack.unpublished' and subject = ${`pack:${name}@1.0.0`}`;
    expect(event?.leaf.toString()).not.toContain('private');
    expect(await withdrawn()).toContainEqual({ sha256: digestOf(bytes), kind: 'unpublished' });
  });
});

describe('a version that was yanked before', () => {
  it('stands once in the signed list, as unpublished', async () => {
    const name = 'vendor.acme.twice';
    const bytes = await publish(name);
    await registry.call('POST', `${versionOf(name)}/yank`, { body: { reason: 'broken' } });
    expect(await withdrawn()).toContainEqual({ sha256: digestOf(bytes), kind: 'yanked' });
    await registry.call('DELETE', versionOf(name));
    const found = (await withdrawn()).filter(({ sha256 }) => sha256 === digestOf(bytes));
    expect(found).toEqual([{ sha256: digestOf(bytes), kind: 'unpublished' }]);
  });
});
