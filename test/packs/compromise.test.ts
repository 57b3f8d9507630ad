// A stolen key is taken back together with everything it signed in the window: all of it in one transaction, or nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { standing, verifyKeyring } from '../../keys/keyring.ts';
import { verifyFirstRoot } from '../../keys/root.ts';
import { accountWith, addressOf, createPublisher, type Publisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { rotate, rotationOf } from './rotating.ts';

let registry: TestRegistry;
let alice: string;
let bob: string;
let now = new Date('2027-03-01T12:00:00Z');
const NAMESPACES = ['vendor.alice.*'];
const HOUR_MS = 60 * 60 * 1_000;

const holderOf = async (account: string): Promise<string> => {
  const scopes = ['namespaces:claim', 'keys:manage', 'packs:publish', 'packs:yank', 'packs:yank-revert'];
  const token = await accountWith(registry.call, account, scopes);
  await registry.call('POST', '/access/namespaces', { token, body: { namespace: `vendor.${account}` } });
  return token;
};

beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now });
  alice = await holderOf('alice');
  bob = await holderOf('bob');
});
afterAll(() => registry.stop());

const publish = async (name: string, version: string, by: Publisher, tree: 'v1' | 'v2' = 'v1') => {
  const body = await by.pack({ name, version, tree });
  return (await registry.call('PUT', addressOf(name, version, tree), { token: alice, body })).status;
};

/** A key, and three versions that it signed an hour apart. */
const stolen = async (id: string): Promise<{ key: Publisher; name: string; hours: readonly string[] }> => {
  const [key, name] = [createPublisher(id), `vendor.alice.${id}`];
  await registry.call('POST', '/access/keys', { token: alice, body: key.listing('alice', NAMESPACES) });
  const hours: string[] = [];
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    hours.push(now.toISOString());
    expect(await publish(name, version, key, version === '1.1.0' ? 'v2' : 'v1')).toBe(201);
    now = new Date(now.getTime() + HOUR_MS);
  }
  return { key, name, hours };
};

const report = (keyId: string, body: object, token: string | null = alice) =>
  registry.call('POST', `/keys/${keyId}/compromise`, { token, body });

const yankedOf = async (name: string): Promise<readonly string[]> => {
  const rows = await registry.sql<{ version: string }[]>`
    select version from versions where name = ${name} and yanked is not null order by version`;
  return rows.map(({ version }) => version);
};

const standingAt = async (keyId: string, name: string, version: string) => {
  const root = (await registry.call('GET', '/trust/root.json')).bytes;
  const list = (await registry.call('GET', '/trust/keyring.json')).bytes;
  const ring = verifyKeyring(verifyFirstRoot(parseEnvelope(root)), parseEnvelope(list));
  const [row] = await registry.sql<{ position: number; at: Date }[]>`
    select leaves.position, events.at from versions join leaves on leaves.event_id = versions.event_id
      join events on events.id = versions.event_id where name = ${name} and version = ${version}`;
  return standing(ring, keyId, { now: row?.at ?? now, position: row?.position });
};

describe('a compromise', () => {
  it('tried out lists what the key signed in the window, and changes nothing', async () => {
    const { key, name, hours } = await stolen('tried-1');
    const before = await registry.stored();
    const answer = await report(key.keyId, { since: hours[1], reason: 'stolen', dryRun: true });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ dryRun: true, revokedFrom: null, more: false, receipt: null });
    expect(answer.json.versions).toEqual([
      { name, version: '1.1.0', publishedAt: hours[1], yanked: false },
      { name, version: '1.2.0', publishedAt: hours[2], yanked: false },
    ]);
    expect(await registry.stored()).toEqual(before);
    expect(await yankedOf(name)).toEqual([]);
  });

  it('whose trial is misspelt is refused, and changes nothing', async () => {
    const { key, hours } = await stolen('misspelt-1');
    const before = await registry.stored();
    const answer = await report(key.keyId, { since: hours[1], reason: 'stolen', dry_run: true });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('/dry_run')]);
    expect(await registry.stored()).toEqual(before);
  });

  it('yanks them all in both trees and ends belief with the first of them, in one transaction', async () => {
    const { key, name, hours } = await stolen('taken-1');
    const grounds = { reason: 'stolen laptop', advisoryUrl: 'https://alice.example/a/1' };
    const answer = await report(key.keyId, { since: hours[1], ...grounds });
    expect([answer.status, answer.json.receipt]).toEqual([200, expect.objectContaining({})]);
    expect(answer.json.versions.map(({ yanked }: { yanked: boolean }) => yanked)).toEqual([true, true]);
    expect(await yankedOf(name)).toEqual(['1.1.0', '1.2.0']);
    const index = (await registry.call('GET', `/v1/packs/${name}/index.json`)).json;
    expect(index.latest).toBe('1.0.0');
    expect(await standingAt(key.keyId, name, '1.0.0')).toBe('active');
    expect(await standingAt(key.keyId, name, '1.1.0')).toBe('revoked');
    expect(await standingAt(key.keyId, name, '1.2.0')).toBe('revoked');
    expect(await publish(name, '1.3.0', key)).toBe(400);
    const events = await registry.sql<{ kind: string; xact: string; cause: string | null; id: string }[]>`
      select kind, xact::text, id, convert_from(leaf, 'utf8')::jsonb ->> 'causationId' as cause from events
      where kind in ('key.revoked', 'pack.yanked') order by events.xact desc, ordinal limit 3`;
    expect(events.map(({ kind }) => kind)).toEqual(['key.revoked', 'pack.yanked', 'pack.yanked']);
    expect(new Set(events.map(({ xact }) => xact)).size).toBe(1);
    expect(events.slice(1).map(({ cause }) => cause)).toEqual([events[0]?.id, events[0]?.id]);
  });

  it('is not undone by un-yanking: no client could believe what the key signed', async () => {
    const name = 'vendor.alice.taken-1';
    for (const [version, tree] of [
      ['1.1.0', 'v2'],
      ['1.2.0', 'v1'],
    ] as const) {
      const before = await registry.stored();
      const address = `/${tree}/packs/${name}/-/${version}/yank`;
      const { status, json } = await registry.call('DELETE', address, { token: alice });
      const code = tree === 'v2' ? 'attestry.key_revoked_version' : 'key_revoked_version';
      expect([status, json.error, json.details.keyId]).toEqual([409, code, 'taken-1']);
      expect(json.message).toMatch(/publish it again under another version, signed by another key/);
      expect(await registry.stored()).toEqual(before);
    }
    expect(await yankedOf(name)).toEqual(['1.1.0', '1.2.0']);
  });

  it('leaves yanks of what the key signed before to be undone', async () => {
    const address = '/v1/packs/vendor.alice.taken-1/-/1.0.0/yank';
    const yanked = await registry.call('POST', address, { token: alice, body: { reason: 'by mistake' } });
    expect(yanked.status).toBe(200);
    expect((await registry.call('DELETE', address, { token: alice })).json.yanked).toBe(false);
  });

  it('shows in the keychain, which keeps the key', async () => {
    const { keys } = (await registry.call('GET', '/v1/packs/vendor.alice.taken-1/-/keychain')).json;
    const key = keys.find(({ kid }: { kid: string }) => kid === 'taken-1');
    expect(key).toMatchObject({ status: 'revoked', revokedReason: 'stolen laptop' });
    expect(key.revokedFrom).toEqual(expect.any(Number));
  });

  it('asked again changes nothing; asked for a larger window it takes more', async () => {
    const { key, name, hours } = await stolen('again-1');
    const first = await report(key.keyId, { since: hours[2], reason: 'stolen' });
    const before = await registry.stored();
    const again = await report(key.keyId, { since: hours[2], reason: 'stolen' });
    expect(again.json).toMatchObject({ versions: first.json.versions, revokedFrom: first.json.revokedFrom });
    expect(await registry.stored()).toEqual(before);
    const more = await report(key.keyId, { since: hours[0], reason: 'stolen' });
    expect(more.json.revokedFrom).toBeLessThan(first.json.revokedFrom);
    expect(await yankedOf(name)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  it('with an end yanks what lies in it, and leaves what came later believed', async () => {
    const { key, name, hours } = await stolen('ended-1');
    const answer = await report(key.keyId, { since: hours[0], until: hours[2], reason: 'lent' });
    expect(answer.status).toBe(200);
    expect(await yankedOf(name)).toEqual(['1.0.0', '1.1.0']);
    expect(await standingAt(key.keyId, name, '1.2.0')).toBe('active');
    expect(await publish(name, '1.3.0', key)).toBe(400);
  });

  it('ends belief with the first that the key signed, unpublished meanwhile or not', async () => {
    const { key, name, hours } = await stolen('hidden-1');
    const gone = await registry.call('DELETE', `/v1/packs/${name}/-/1.0.0`, { token: alice });
    expect(gone.status).toBe(200);
    const answer = await report(key.keyId, { since: hours[0], reason: 'stolen' });
    expect(answer.json.versions.map(({ version }: { version: string }) => version)).toEqual([
      '1.1.0',
      '1.2.0',
    ]);
    expect(await standingAt(key.keyId, name, '1.0.0')).toBe('revoked');
  });

  it('of a key that was rotated names the key that followed', async () => {
    const { key, name, hours } = await stolen('turned-1');
    const next = createPublisher('turned-2');
    const body = rotationOf(key, next, { account: 'alice', namespaces: NAMESPACES, now });
    expect((await rotate(registry, alice, body, name)).status).toBe(201);
    const answer = await report(key.keyId, { since: hours[2], reason: 'stolen' });
    expect(answer.json).toMatchObject({ rotatedTo: 'turned-2' });
    expect(await publish(name, '2.0.0', next)).toBe(201);
  });
});

describe('a compromise is refused, and nothing is stored,', () => {
  let key: Publisher;
  let since = '';
  beforeAll(async () => {
    const made = await stolen('kept-1');
    key = made.key;
    since = made.hours[0] ?? '';
  });

  const refused = async (code: string, body: object, token: string | null = alice, keyId = key.keyId) => {
    const before = await registry.stored();
    const answer = await report(keyId, body, token);
    expect(answer.json.error).toBe(code);
    expect(await registry.stored()).toEqual(before);
    expect(await yankedOf('vendor.alice.kept-1')).toEqual([]);
    return answer;
  };

  it('to whoever does not hold the namespaces of the key, as if there were none', async () => {
    const stranger = await refused('key_not_found', { since, reason: 'x' }, bob);
    const absent = await refused('key_not_found', { since, reason: 'x' }, bob, 'nobody-1');
    expect([stranger.status, absent.status]).toEqual([404, 404]);
    await refused('unauthenticated', { since, reason: 'x' }, null);
    const weak = await accountWith(registry.call, 'weak', ['packs:yank']);
    await refused('forbidden', { since, reason: 'x' }, weak);
  });

  it.each([
    ['no beginning', { since: undefined }],
    ['a beginning in the future', { since: '2099-01-01T00:00:00Z' }],
    ['an end before its beginning', { until: '2020-01-01T00:00:00Z' }],
    ['no reason', { reason: undefined }],
    ['a reason with control characters', { reason: 'a\u0007b' }],
    ['a dry run that is neither', { dryRun: 'yes' }],
  ])('with %s', async (_, change) => {
    await refused('validation_error', { since, reason: 'stolen', ...change });
  });

  it('where the list of what is withdrawn has no room for all of them, telling how many there are', async () => {
    await registry.sql`
      insert into versions (name_key, version, tree, name, digest, size, manifest, facts, files, warnings, publisher,
        published_at, event_id, yanked)
      select 'vendor.bob.many' || i, '1.0.0', 'v1', 'vendor.bob.many' || i, sha256(i::text::bytea), 1, '', '{}', '[]',
        '[]', 'bob', now(), 'none', '{"reason":"x","yankedAt":"2027-01-01T00:00:00.000Z","yankedBy":"alice"}'
      from generate_series(1, 1998) as i`;
    const answer = await report(key.keyId, { since, reason: 'stolen' });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(answer.json.message).toMatch(/Of 3 versions none was yanked/);
    expect(await yankedOf('vendor.alice.kept-1')).toEqual([]);
    const { keys } = (await registry.call('GET', '/access/keys')).json;
    expect(keys.find(({ keyId }: { keyId: string }) => keyId === key.keyId).status).toBe('active');
  });
});
