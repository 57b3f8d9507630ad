// Versions that are committed by one statement: each has an outcome of its own, whatever becomes of the others.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findVersion, holders } from '../../src/packs/pack-store.ts';
import { insertVersion } from '../../src/packs/publish/insert-store.ts';
import type { VersionRecord } from '../../src/packs/version-record.ts';
import { type EventFacts, recordEvent } from '../../src/protocol/event.ts';
import type { PackName, PackVersion } from '../../src/protocol/pack-id.ts';
import { digestOf } from '../../storage/digest.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let database: OwnDatabase;
let insert: ReturnType<typeof insertVersion>;
const now = new Date('2026-03-01T12:00:00.123Z');

beforeAll(async () => {
  database = await ownDatabase();
  const { sql } = database;
  insert = insertVersion(sql);
  await sql`insert into accounts (name, created_at) values ('acme', ${now})`;
  await sql`insert into namespace_claims (namespace, account, claimed_at) values ('vendor.acme', 'acme', ${now})`;
  for (const [id, ended] of [
    ['good', null],
    ['ended', now],
  ] as const) {
    await sql`insert into tokens (id, secret_hash, account, scopes, created_at, revoked_at)
      values (${id}, ${randomBytes(32)}, 'acme', '{}', ${now}, ${ended})`;
    await sql`insert into delegations (key_id, account, public_key, namespaces, not_before, not_after, issued_at, envelope)
      values (${id}, 'acme', ${randomBytes(32)}, '{}', '2026-01-01', ${ended ?? '2027-01-01'}, ${now}, '')`;
  }
});
afterAll(() => database.drop());

const VERSION = '1.0.0' as PackVersion;

const recordOf = (name: string, changes: Partial<VersionRecord> = {}): VersionRecord => ({
  name: `vendor.acme.${name}` as PackName,
  version: VERSION,
  tree: 'v1',
  digest: digestOf(Buffer.from(name)),
  size: 8_000,
  manifest: Buffer.from(`{"name":"${name}","text":"\u00e4 \\u0000 \u{1f600}"}`),
  signature: randomBytes(64),
  keyId: 'good',
  statement: null,
  facts: { kind: 'node', description: 'l\u2019\u00e9t\u00e9 "{}"' } as unknown as VersionRecord['facts'],
  files: [{ path: 'pack.json', size: 1, digest: digestOf(Buffer.from('file')) }],
  warnings: [],
  publisher: 'acme',
  publishedAt: now,
  ...changes,
});

const eventOf = ({ name }: VersionRecord, sealed = false) => {
  const facts: EventFacts = {
    kind: 'pack.published',
    actor: 'account:acme',
    subject: `pack:${name}`,
    data: {},
    sealed,
  };
  return recordEvent(randomUUID(), now, new Uint8Array(32), facts);
};

const countOf = async (table: 'versions' | 'events'): Promise<number> => {
  const [row] = await database.sql<{ rows: number }[]>`select count(*) as rows from ${database.sql(table)}`;
  return row?.rows ?? 0;
};

describe('versions that share a statement', () => {
  it('are stored, and read back, as they were', async () => {
    const records = ['one', 'two', 'three'].map((name) => recordOf(name));
    const outcomes = await Promise.all(
      records.map((record) => insert(record, eventOf(record, true), 'good')),
    );
    expect(outcomes).toEqual(['inserted', 'inserted', 'inserted']);
    for (const record of records)
      expect(await findVersion(database.sql, 'v1', record.name, VERSION)).toMatchObject(record);
  });

  it('each have an outcome of their own, and only what is inserted has an event', async () => {
    const before = [await countOf('versions'), await countOf('events')];
    const swept = recordOf('swept');
    await database.sql`
      insert into swept_blobs (digest, swept_at) values (decode(${swept.digest}, 'hex'), ${now})`;
    const given = [
      [recordOf('fine'), 'good'],
      [recordOf('twice'), 'good'],
      [recordOf('Twice'), 'good'],
      [recordOf('one'), 'good'],
      [recordOf('late-token'), 'ended'],
      [recordOf('late-key', { keyId: 'ended' }), 'good'],
      [recordOf('unsigned', { keyId: null, signature: null }), 'good'],
      [swept, 'good'],
    ] as const;
    const outcomes = await Promise.all(
      given.map(([record, token]) => insert(record, eventOf(record), token)),
    );
    expect([outcomes[1], outcomes[2]].sort()).toEqual(['inserted', 'taken']);
    expect([outcomes[0], ...outcomes.slice(3)]).toEqual([
      'inserted',
      'taken',
      'token_ended',
      'key_ended',
      'inserted',
      { swept: expect.any(Number) },
    ]);
    const after = [await countOf('versions'), await countOf('events')];
    expect(after.map((rows, at) => rows - (before[at] ?? 0))).toEqual([3, 3]);
  });

  it('are there although one among them cannot be stored', async () => {
    const broken = recordOf('broken', { signature: randomBytes(63) });
    const given = [recordOf('before'), broken, recordOf('after')];
    const settled = await Promise.allSettled(given.map((record) => insert(record, eventOf(record), 'good')));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const find = holders(database.sql);
    const found = await Promise.all(given.map(find));
    expect(found.map((each) => each?.name)).toEqual(['vendor.acme.before', undefined, 'vendor.acme.after']);
  });
});
