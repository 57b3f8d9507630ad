// A version is yanked and offered again: ranges skip it, its bytes stay, and a signed list says so to everybody.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { verifyFirstRoot } from '../../keys/root.ts';
import { verifyWithdrawals } from '../../keys/withdrawals.ts';
import { digestOf } from '../../storage/digest.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const host = createPublisher('host-1');
const DAY_MS = 24 * 60 * 60 * 1_000;
let clock = 0;

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' }, { now: () => new Date(Date.now() + clock) });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
});
afterAll(() => registry.stop());

const yankOf = (name: string, version = '1.0.0', tree: 'v1' | 'v2' = 'v1'): string =>
  `/${tree}/packs/${name}/-/${version}/yank`;

const publish = async (name: string, version = '1.0.0', tree: 'v1' | 'v2' = 'v1', by = acme) => {
  const body = await by.pack({ name, version, tree });
  const { status } = await registry.call('PUT', addressOf(name, version, tree), { body });
  expect(status).toBe(201);
  return digestOf(body);
};

const withdrawals = async () => {
  const root = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
  const list = (await registry.call('GET', '/trust/withdrawals.json', { token: null })).bytes;
  return verifyWithdrawals(verifyFirstRoot(parseEnvelope(root)), parseEnvelope(list));
};

const eventsOf = (subject: string) => registry.sql<{ kind: string; leaf: Buffer; sealed: Buffer | null }[]>`
  select kind, leaf, sealed from events where subject = ${subject} order by xact, ordinal`;

const stands = async (name: string, version = '1.0.0') => {
  const [row] = await registry.sql<{ yanked: object | null }[]>`
    select yanked from versions where name = ${name} and version = ${version}`;
  return row?.yanked;
};

describe.each(['v1', 'v2'] as const)('yanking a version of the %s tree', (tree) => {
  const name = `vendor.acme.withdrawn-${tree}`;

  it('answers with the note, and everything served says so at once', async () => {
    await publish(name, '1.0.0', tree);
    await publish(name, '1.1.0', tree);
    await registry.call('GET', `/${tree}/packs/${name}/index.json`);
    const grounds = { reason: 'leaks its token', advisoryUrl: 'https://acme.example/a/1' };
    const answer = await registry.call('POST', yankOf(name, '1.1.0', tree), { body: grounds });
    expect(answer.status).toBe(200);
    const note = { ...grounds, yankedBy: 'operator', yankedAt: expect.stringMatching(/Z$/) };
    expect(answer.json).toMatchObject({ name, version: '1.1.0', yanked: note });
    const index = (await registry.call('GET', `/${tree}/packs/${name}/index.json`)).json;
    expect(index.latest).toBe('1.0.0');
    const manifest = (await registry.call('GET', addressOf(name, '1.1.0', tree, 'json'))).json;
    expect(manifest).toMatchObject({
      yanked: true,
      yankedReason: grounds.reason,
      advisoryUrl: grounds.advisoryUrl,
    });
  });

  it('keeps the tarball; its signature is withheld on v1 only', async () => {
    const status = async (ending: string) =>
      (await registry.call('GET', addressOf(name, '1.1.0', tree, ending), { token: null })).status;
    expect(await status('tgz')).toBe(200);
    expect(await status('sig')).toBe(tree === 'v1' ? 404 : 200);
  });

  it('again changes nothing, and answers with what stands', async () => {
    const before = await registry.stored();
    const again = await registry.call('POST', yankOf(name, '1.1.0', tree), { body: { reason: 'another' } });
    expect([again.status, again.json.yanked.reason]).toEqual([200, 'leaks its token']);
    expect(await registry.stored()).toEqual(before);
  });

  it('is taken back by name, once; the log keeps both', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = await registry.call('DELETE', yankOf(name, '1.1.0', tree));
      expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ name, yanked: false })]);
    }
    const index = (await registry.call('GET', `/${tree}/packs/${name}/index.json`)).json;
    expect(index.latest).toBe('1.1.0');
    const events = await eventsOf(`pack:${name}@1.1.0`);
    expect(events.map((event) => event.kind)).toEqual(['pack.published', 'pack.yanked', 'pack.unyanked']);
    expect(JSON.parse(String(events[1]?.leaf))).toMatchObject({
      kind: 'pack.yanked',
      actor: 'account:operator',
      data: { name, version: '1.1.0', reason: 'leaks its token', advisoryUrl: 'https://acme.example/a/1' },
    });
    expect((await registry.call('GET', addressOf(name, '1.1.0', tree, 'sig'))).status).toBe(200);
  });
});

describe('the address of a yank', () => {
  it('is good in both trees for a version of either', async () => {
    await publish('vendor.acme.of-v2', '1.0.0', 'v2');
    const answer = await registry.call('POST', yankOf('vendor.acme.of-v2'), { body: { reason: 'x' } });
    expect(answer.json.yanked.reason).toBe('x');
    expect(
      (await registry.call('GET', addressOf('vendor.acme.of-v2', '1.0.0', 'v2', 'json'))).json.yanked,
    ).toBe(true);
  });

  it.each([
    ['POST', 'vendor.acme.absent', '1.0.0', 404, 'pack_not_found'],
    ['DELETE', 'vendor.acme.absent', '1.0.0', 404, 'pack_not_found'],
    ['POST', 'VENDOR.acme.x', '1.0.0', 400, 'invalid_pack_name'],
    ['POST', 'vendor.acme.absent', '1.0', 400, 'invalid_version'],
  ])('%s of %s@%s answers %i %s', async (method, name, version, status, error) => {
    const before = await registry.stored();
    const answer = await registry.call(method, yankOf(name, version), { body: { reason: 'x' } });
    expect([answer.status, answer.json.error]).toEqual([status, error]);
    expect(await registry.stored()).toEqual(before);
  });

  it('is that of the name as it was published, capitals included', async () => {
    await publish('vendor.acme.camelCase');
    const answer = await registry.call('POST', yankOf('vendor.acme.camelcase'), { body: { reason: 'x' } });
    expect(answer.status).toBe(404);
    expect(await stands('vendor.acme.camelCase')).toBeNull();
  });
});

describe('a yank without good grounds', () => {
  it.each([
    ['no reason', {}, 'reason'],
    ['an empty one', { reason: ' ' }, 'reason'],
    ['one of 513 characters', { reason: 'x'.repeat(513) }, 'reason'],
    ['one that commands a terminal', { reason: 'a\u001b[2J' }, 'reason'],
    ['half a character', { reason: 'a\ud800' }, 'reason'],
    ['a number', { reason: 7 }, 'reason'],
    ['an advisory that is a script', { reason: 'x', advisoryUrl: 'javascript:alert(1)' }, 'advisoryUrl'],
    ['an advisory with a blank', { reason: 'x', advisoryUrl: 'https://acme.example/a b' }, 'advisoryUrl'],
  ])('(%s) is refused, and the version stays as it is', async (_name, body, field) => {
    const name = `vendor.acme.groundless`;
    if ((await stands(name)) === undefined) await publish(name);
    const before = await registry.stored();
    const answer = await registry.call('POST', yankOf(name), { body });
    expect([answer.status, answer.json.error, answer.json.details.field]).toEqual([
      400,
      'validation_error',
      field,
    ]);
    expect(await stands(name)).toBeNull();
    expect(await registry.stored()).toEqual(before);
  });
});

describe('who may yank', () => {
  const name = 'community.alice.tools';
  const alice = createPublisher('alice-1');
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    await delegate(registry.call, alice, ['community.alice.*']);
    await publish(name, '1.0.0', 'v1', alice);
    tokens['yanker'] = await accountWith(registry.call, 'alice', ['packs:yank']);
    tokens['reverter'] = await accountWith(registry.call, 'alice', ['packs:yank-revert']);
    tokens['publisher'] = await accountWith(registry.call, 'alice', ['packs:publish']);
    tokens['limited'] = await accountWith(registry.call, 'alice', ['packs:yank'], ['community.other.*']);
    tokens['stranger'] = await accountWith(registry.call, 'mallory', ['packs:yank', 'packs:yank-revert']);
    await registry.call('POST', '/access/namespaces', {
      body: { namespace: 'community.alice', account: 'alice' },
    });
  });

  it.each([
    ['nobody', 'POST', 401, undefined],
    ['publisher', 'POST', 403, undefined],
    ['reverter', 'POST', 403, undefined],
    ['yanker', 'DELETE', 403, undefined],
    ['limited', 'POST', 403, 'pack_namespace_unauthorized'],
    ['stranger', 'POST', 403, 'pack_namespace_unauthorized'],
    ['stranger', 'DELETE', 403, 'pack_namespace_unauthorized'],
  ])('%s may not %s', async (who, method, status, reason) => {
    const before = await registry.stored();
    const answer = await registry.call(method, yankOf(name), {
      token: tokens[who] ?? null,
      body: { reason: 'x' },
    });
    expect([answer.status, answer.json.details.reason]).toEqual([status, reason]);
    expect(await registry.stored()).toEqual(before);
    expect(await stands(name)).toBeNull();
  });

  it('is the account that holds the namespace, with the scope for each way', async () => {
    const yanked = await registry.call('POST', yankOf(name), {
      token: tokens['yanker'] ?? '',
      body: { reason: 'x' },
    });
    expect(yanked.json.yanked.yankedBy).toBe('alice');
    const offered = await registry.call('DELETE', yankOf(name), { token: tokens['reverter'] ?? '' });
    expect(offered.json.yanked).toBe(false);
  });
});

describe('a private pack', () => {
  const name = 'private.host.secret';

  it('looks to strangers like one that is not there', async () => {
    await publish(name, '1.0.0', 'v1', host);
    const stranger = await accountWith(registry.call, 'eve', [
      'packs:yank',
      'packs:yank-revert',
      'packs:read',
    ]);
    const shape = async (method: string, path: string) => {
      const { status, json } = await registry.call(method, path, { token: stranger, body: { reason: 'x' } });
      return { status, error: json.error, message: json.message, names: Object.keys(json.details).sort() };
    };
    for (const method of ['POST', 'DELETE']) {
      const seen = await shape(method, yankOf(name));
      expect(seen).toEqual(await shape(method, yankOf('private.host.absent')));
      expect(seen.status).toBe(404);
    }
    expect(await stands(name)).toBeNull();
  });

  it('is yanked without a public word but its digest', async () => {
    const [row] = await registry.sql<{ digest: Buffer }[]>`select digest from versions where name = ${name}`;
    await registry.call('POST', yankOf(name), { body: { reason: 'secret reason' } });
    const events = await eventsOf(`pack:${name}@1.0.0`);
    expect(String(events.at(-1)?.leaf)).not.toMatch(/secret|yanked/);
    expect(JSON.parse(String(events.at(-1)?.sealed)).data.reason).toBe('secret reason');
    const list = (await registry.call('GET', '/trust/withdrawals.json', { token: null })).bytes;
    expect(Buffer.from(parseEnvelope(list.toString()).payload).toString()).not.toContain('secret');
    expect((await withdrawals()).withdrawn).toContainEqual({
      sha256: row?.digest.toString('hex'),
      kind: 'yanked',
    });
    await registry.call('DELETE', yankOf(name));
  });
});

describe('the signed list of withdrawn versions', () => {
  it('is named in the discovery document and served before anything was yanked', async () => {
    const discovery = (await registry.call('GET', '/.well-known/openwop-registry', { token: null })).json;
    expect(discovery.trust.withdrawals).toBe('/trust/withdrawals.json');
    expect(discovery.lifecycle.yankSupported).toBe(true);
    expect((await withdrawals()).version).toBeGreaterThan(0);
  });

  it('follows each change at once, with the next version, and not what changed nothing', async () => {
    const name = 'vendor.acme.listed';
    const sha256 = await publish(name);
    const first = await withdrawals();
    await registry.call('POST', yankOf(name), { body: { reason: 'x' } });
    const second = await withdrawals();
    expect(second.version).toBe(first.version + 1);
    expect(second.withdrawn).toContainEqual({ sha256, kind: 'yanked' });
    await registry.call('POST', yankOf(name), { body: { reason: 'x' } });
    expect(await withdrawals()).toEqual(second);
    await registry.call('DELETE', yankOf(name));
    expect((await withdrawals()).withdrawn).toEqual(first.withdrawn);
  });

  it('is kept alone: older ones are gone', async () => {
    expect(await registry.sql`select version from withdrawals`).toHaveLength(1);
  });

  it('lives for seven days, and is issued anew before half of them are over', async () => {
    const before = await withdrawals();
    expect(Date.parse(before.expires) - Date.parse(before.issuedAt)).toBe(7 * DAY_MS);
    clock = 3.6 * DAY_MS;
    // Whatever asks for it has it issued anew; so does a chore.
    await registry.call('DELETE', yankOf('vendor.acme.listed'));
    const after = await withdrawals();
    expect(after).toMatchObject({ version: before.version + 1, withdrawn: before.withdrawn });
  });
});
