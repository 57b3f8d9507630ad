// Tokens: shown once, stored as a hash, limited, expiring, revocable at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isToken, newSecret, readBearer } from '../../src/access/tokens.ts';
import type { PublishDeps } from '../../src/packs/publish/publish.ts';
import { accountWith, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let now = new Date('2027-01-01T00:00:00Z');
/** Told once a publish knows whose it is. */
let onKnown = (): void => undefined;

const tellingWho = (the: PublishDeps): PublishDeps => ({
  ...the,
  authenticate: async (...given) => {
    const principal = await the.authenticate(...given);
    onKnown();
    return principal;
  },
});

beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now, publishing: tellingWho });
});
afterAll(() => registry.stop());

const whoAmI = (token: string | null) => registry.call('GET', '/access/whoami', { token });

describe('the text of a token', () => {
  it('has a prefix, no two alike, and a checksum that catches a typing error anywhere', () => {
    const token = newSecret();
    expect(token).toMatch(/^att_[0-9A-Za-z]{49}$/);
    expect(newSecret()).not.toBe(token);
    for (let at = 4; at < token.length; at += 1) {
      const other = token[at] === 'a' ? 'b' : 'a';
      expect(isToken(token.slice(0, at) + other + token.slice(at + 1)), `position ${at}`).toBe(false);
    }
  });

  it('is read from a Bearer header only', () => {
    const token = newSecret();
    expect(readBearer(`Bearer ${token}`)).toBe(token);
    expect(readBearer(`bearer ${token}`)).toBe(token);
    for (const header of [undefined, '', token, `Basic ${token}`, `Bearer ${token} x`, `Bearer ${token}x`]) {
      expect(readBearer(header)).toBeUndefined();
    }
  });
});

describe('a token', () => {
  it('is stored as its SHA-256 and never shown again', async () => {
    const token = await accountWith(registry.call, 'once', ['packs:read']);
    const stored =
      await registry.sql`select encode(secret_hash, 'hex') as hash, tokens::text as row from tokens`;
    expect(stored.map((row) => row.row).join()).not.toContain(token);
    const listed = await registry.call('GET', '/access/tokens');
    expect(listed.bytes.toString()).not.toContain(token);
  });

  it('tells whose it is and what it may do', async () => {
    const token = await accountWith(registry.call, 'narrow', ['packs:publish'], ['vendor.narrow.*']);
    expect((await whoAmI(token)).json).toMatchObject({
      account: 'narrow',
      scopes: ['packs:publish'],
      namespaces: ['vendor.narrow.*'],
    });
  });

  it('ends when its time is over', async () => {
    const body = { account: 'operator', scopes: ['packs:read'], expiresAt: '2027-01-01T01:00:00Z' };
    const { token } = (await registry.call('POST', '/access/tokens', { body })).json;
    expect((await whoAmI(token)).status).toBe(200);
    now = new Date('2027-01-01T01:00:00Z');
    const late = await whoAmI(token);
    expect([late.status, late.json.error, late.headers.get('www-authenticate')]).toEqual([
      401,
      'key_expired',
      'Bearer error="invalid_token"',
    ]);
  });

  it('is revoked at once, by itself or the operator, and by no other token of its account', async () => {
    const [mine, other] = [
      await accountWith(registry.call, 'mine', ['packs:read']),
      await accountWith(registry.call, 'other', ['packs:read']),
    ];
    const { tokenId } = (await whoAmI(mine)).json;
    const sibling = await accountWith(registry.call, 'mine', ['packs:read']);
    for (const token of [other, sibling]) {
      expect((await registry.call('DELETE', `/access/tokens/${tokenId}`, { token })).status).toBe(404);
    }
    expect((await registry.call('DELETE', `/access/tokens/${tokenId}`, { token: mine })).status).toBe(204);
    expect([(await whoAmI(mine)).status, (await whoAmI(mine)).json.error]).toEqual([401, 'key_revoked']);
  });

  it('that ends while an upload is under way publishes nothing', async () => {
    const publisher = createPublisher('slow-1');
    await delegate(registry.call, publisher, ['vendor.slow.*']);
    const soon = new Date(now.getTime() + 60_000).toISOString();
    await registry.call('POST', '/access/accounts', { body: { name: 'slow' } });
    await registry.call('POST', '/access/namespaces', {
      body: { namespace: 'vendor.slow', account: 'slow' },
    });
    const request = { account: 'slow', scopes: ['packs:publish'], expiresAt: soon };
    const { token } = (await registry.call('POST', '/access/tokens', { body: request })).json;
    const bytes = await publisher.pack({ name: 'vendor.slow.tools' });
    const before = await registry.stored();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/gzip' };
    const known = new Promise<void>((resolve) => {
      onKnown = resolve;
    });
    const body = new ReadableStream({
      start: async (stream) => {
        stream.enqueue(bytes.subarray(0, 100));
        await known;
        now = new Date(now.getTime() + 120_000);
        stream.enqueue(bytes.subarray(100));
        stream.close();
      },
    });
    const path = '/v1/packs/vendor.slow.tools/-/1.0.0.tgz';
    const answer = await fetch(registry.url + path, {
      method: 'PUT',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    const { error } = (await answer.json()) as { error: string };
    expect([answer.status, error]).toEqual([401, 'key_revoked']);
    const after = await registry.stored();
    expect([after.versions, after.events]).toEqual([before.versions, before.events]);
  });

  it.each([
    [{ account: 'nobody', scopes: ['packs:read'] }, 'There is no such account.'],
    [{ account: 'operator', scopes: [] }, 'scopes must be'],
    [{ account: 'operator', scopes: ['everything'] }, 'unknown: everything'],
    [{ account: 'operator', scopes: ['packs:read'], namespaces: ['*'] }, ''],
    [{ account: 'operator', scopes: ['admin'], namespaces: ['vendor.a.*'] }, 'cannot be limited'],
    [{ account: 'operator', scopes: ['packs:read'], expiresAt: 'tomorrow' }, 'expiresAt must be an instant'],
    [
      { account: 'operator', scopes: ['packs:read'], expiresAt: '2020-01-01T00:00:00Z' },
      'expiresAt lies in the past',
    ],
  ])('is refused for %j, and nothing is stored', async (body, says) => {
    const before = await registry.stored();
    const [{ count }] = (await registry.sql`select count(*) from tokens`) as unknown as [{ count: number }];
    const answer = await registry.call('POST', '/access/tokens', { body });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(answer.json.message).toContain(says);
    expect(await registry.stored()).toEqual(before);
    expect((await registry.sql`select count(*) from tokens`)[0]?.count).toBe(count);
  });

  it('is issued by the operator only, and the event of it is sealed', async () => {
    const token = await accountWith(registry.call, 'plain', ['packs:publish']);
    const refused = await registry.call('POST', '/access/tokens', {
      token,
      body: { account: 'plain', scopes: ['admin'] },
    });
    expect([refused.status, refused.json.details.missingScope]).toEqual([403, 'admin']);
    const leaves = await registry.sql<
      { leaf: Buffer }[]
    >`select leaf from events where kind = 'token.created'`;
    expect(leaves.length).toBeGreaterThan(0);
    for (const { leaf } of leaves) expect(JSON.parse(leaf.toString()).kind).toBe('sealed');
  });
});
