// How much of the signed list of yanked versions one account may take: some, and never what others need.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireYankRoom } from '../../src/packs/policy.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const refusalOf = (all: number, own: number, byOperator = false, more = 1) => {
  try {
    requireYankRoom({ all, own }, byOperator, more);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('the room for a yank', () => {
  it.each([
    ['an account with fewer than it may', 0, 1_999, false],
    ['an account with few, however many others there are', 64_999, 99, false],
    ['the operator, whatever he has yanked', 64_999, 64_999, true],
  ])('is there for %s', (_, all, own, byOperator) => {
    expect(refusalOf(all, own, byOperator)).toBeUndefined();
  });

  it.each([
    ['an account with as many as it may', 2_000, 2_000, false, 2_000],
    ['an account with more than a few where most of the list is taken', 50_000, 100, false, 100],
    ['anybody where the list is full', 65_000, 0, false, 65_000],
    ['the operator where the list is full', 65_000, 0, true, 65_000],
  ])('is not there for %s', (_, all, own, byOperator, limit) => {
    expect(refusalOf(all, own, byOperator)).toMatchObject({ code: 'validation_error', details: { limit } });
  });
});

describe('the room for many yanks at once', () => {
  it('is there for all of them, or for none', () => {
    expect(refusalOf(0, 0, false, 2_000)).toBeUndefined();
    expect(refusalOf(0, 1, false, 2_000)).toMatchObject({ details: { limit: 2_000 } });
    expect(refusalOf(64_990, 0, true, 10)).toBeUndefined();
    expect(refusalOf(64_990, 0, true, 11)).toMatchObject({ details: { limit: 65_000 } });
  });
});

describe('an account that has yanked as many versions as it may', () => {
  let registry: TestRegistry;
  let hoarder: string;
  let other: string;
  const one = createPublisher('one-1');
  const two = createPublisher('two-1');
  const yankOf = (name: string, version: string): string => `/v1/packs/${name}/-/${version}/yank`;
  const body = { reason: 'x' };

  beforeAll(async () => {
    registry = await startRegistry();
    for (const [account, publisher] of [['one', one] as const, ['two', two] as const]) {
      await delegate(registry.call, publisher, [`vendor.${account}.*`]);
      const scopes = ['packs:yank', 'packs:yank-revert', 'packs:publish'];
      const token = await accountWith(registry.call, account, scopes);
      if (account === 'one') hoarder = token;
      else other = token;
      const claim = { namespace: `vendor.${account}`, account };
      await registry.call('POST', '/access/namespaces', { body: claim });
      for (const version of ['1.0.0', '1.0.1', '1.0.2']) {
        const name = `vendor.${account}.tools`;
        const bytes = await publisher.pack({ name, version });
        const published = await registry.call('PUT', addressOf(name, version), { body: bytes });
        expect(published.status).toBe(201);
      }
    }
    // As many versions as the account may yank, but for one.
    await registry.sql`
      insert into versions (name_key, version, tree, name, digest, size, manifest, key_id, facts, files, warnings,
        publisher, published_at, event_id, yanked)
      select name_key, '2.0.' || n, tree, name, sha256(('v' || n)::bytea), size, manifest, key_id, facts, files,
        warnings, publisher, published_at, event_id,
        jsonb_build_object('reason', 'x', 'yankedBy', 'one', 'yankedAt', '2026-01-01T00:00:00.000Z')
      from versions, generate_series(1, 1999) as n where name = 'vendor.one.tools' and version = '1.0.0'`;
  });
  afterAll(() => registry.stop());

  const yank = (token: string | undefined, account: string, version: string, method = 'POST') =>
    registry.call(method, yankOf(`vendor.${account}.tools`, version), {
      ...(token === undefined ? {} : { token }),
      body,
    });

  it('is refused the next one with the cure, and nothing is stored', async () => {
    expect((await yank(hoarder, 'one', '1.0.0')).status).toBe(200);
    const before = await registry.stored();
    const refused = await yank(hoarder, 'one', '1.0.1');
    expect([refused.status, refused.json.error, refused.json.details.limit]).toEqual([
      400,
      'validation_error',
      2_000,
    ]);
    expect(refused.json.message).toMatch(/Take back a yank .* or ask the operator/);
    const [row] = await registry.sql`
      select yanked from versions where name = 'vendor.one.tools' and version = '1.0.1'`;
    expect(row?.['yanked']).toBeNull();
    expect(await registry.stored()).toEqual(before);
  });

  it('unpublishes nothing more either, since that is listed too; but for what it has yanked', async () => {
    const unpublish = (version: string) =>
      registry.call('DELETE', `/v1/packs/vendor.one.tools/-/${version}`, { token: hoarder });
    const before = await registry.stored();
    expect((await unpublish('1.0.1')).json.details.limit).toBe(2_000);
    expect(await registry.stored()).toEqual(before);
    expect((await unpublish('2.0.7')).status).toBe(200);
  });

  it('hinders nobody else: others yank, and the operator does so for it', async () => {
    expect((await yank(other, 'two', '1.0.0')).status).toBe(200);
    expect((await yank(undefined, 'one', '1.0.1')).status).toBe(200);
  });

  it('may yank another when it has taken one back', async () => {
    expect((await yank(hoarder, 'one', '1.0.0', 'DELETE')).status).toBe(200);
    expect((await yank(hoarder, 'one', '1.0.2')).status).toBe(200);
  });
});
