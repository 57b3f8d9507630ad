// What is looked up for many at once: a session that met small tables still looks into their indexes when they have grown.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';
import { foldFinder } from '../../src/knowledge/versions/entry-store.ts';
import { listWaiting } from '../../src/packs/discover/listing-store.ts';
import { othersProviding } from '../../src/packs/provided-store.ts';
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import type { PackName } from '../../src/protocol/pack-id.ts';
import { type Head, nextUnsealed } from '../../src/transparency/log-store.ts';
import { planForLookups } from '../../src/transparency/sealer-store.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { rowOf, seedVersions } from '../world/pack-rows.ts';

const SHARED = 'vendor.acme.node.shared';
const MANY = 3_000;
const LONG = 5_000;
/** More often than a session plans a statement anew before it keeps a plan. */
const OFTEN = 8;
const BASE = 'kb:acme.example:claims:grown' as BaseId;

let database: OwnDatabase;
let sql: Sql;
let sealer: Sql;

beforeAll(async () => {
  database = await ownDatabase();
  sql = connect({ url: database.url, max: 1, applicationName: 'planned for many' });
  sealer = connect({ url: database.url, max: 1, applicationName: 'seals many' });
  // As it is between two visits of those who count rows.
  await database.sql`alter table versions set (autovacuum_enabled = off)`;
  for (const table of [
    'provided_ids',
    'pack_latest',
    'packs_to_list',
    'knowledge_entries',
    'events',
    'leaves',
  ])
    await database.sql.unsafe(`alter table ${table} set (autovacuum_enabled = off)`);
});

afterAll(async () => {
  await closeConnection(sql);
  await closeConnection(sealer);
  await database.drop();
});

const nodes = { kind: 'node', nodes: [{ typeId: SHARED }] };
const pack = (at: number) => rowOf(`vendor.acme.p${String(at).padStart(5, '0')}`, { manifest: nodes });
const asked = { ids: [SHARED], own: 'vendor.acme.p01500' as PackName };

/** Rows and entries of indexes that were read of some tables so far. */
const readOf = async (...tables: string[]): Promise<number> => {
  for (const session of [sql, sealer]) await session`select pg_stat_force_next_flush()`;
  const [row] = await sql<{ read: number }[]>`
    select ((select sum(seq_tup_read) from pg_stat_user_tables where relname = any(${tables}::text[]))
      + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = any(${tables}::text[])))::bigint as read`;
  return row?.read ?? 0;
};

const readDuring = async (work: () => Promise<unknown>, ...tables: string[]): Promise<number> => {
  const before = await readOf(...tables);
  await work();
  return (await readOf(...tables)) - before;
};

const entry = (from: number, to: number) => database.sql`
  insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
  select ${BASE}, 'p/' || n, 1, 'P/' || n, sha256('entry'), sha256('blob'), 1, 'text/plain'
  from generate_series(${from}::integer, ${to}::integer) as n`;

const registerBase = async (): Promise<void> => {
  await database.sql`insert into accounts (name, created_at) values ('acme', now())`;
  await database.sql`
    insert into workforces (id, steward, registered_at, event_id) values ('acme.example:claims', 'acme', now(), 'none')`;
  await database.sql`
    insert into knowledge_bases (id, workforce, registration, sensitivity, policy, policy_version, registered_at, event_id)
    values (${BASE}, 'acme.example:claims', '{}', 'internal', '{}', 1, now(), 'none')`;
};

/** What an acceptance writes where it removes one entry and nothing else. */
const removeEntry = async (path: string, seq: number): Promise<void> => {
  const chain = { id: BASE, policy_version: 1, generation: seq - 1, last_seq: seq - 1 };
  const chains = JSON.stringify([{ ...chain, to_generation: seq, to_seq: seq }]);
  const entries = JSON.stringify([{ base: BASE, seq: seq + 1, path, entry: null }]);
  await sql`
    select accept_contributions(${chains}::text::json, '[]', '[]', '[]', ${entries}::text::json, '[]', '[]', '[]', '[]',
      '[]', true)`;
};

/** Events of which all but the last three are in the log. */
const seal = async (from: number, to: number): Promise<void> => {
  await database.sql`
    insert into events (id, kind, subject, at, leaf)
    select 'event-' || n, 'namespace.claimed', 'namespace:vendor.acme', now(), 'leaf'
    from generate_series(${from}::integer, ${to}::integer) as n`;
  await database.sql`
    insert into leaves (position, event_id)
    select row_number() over (order by xact, ordinal) - 1, id from events on conflict do nothing`;
  await database.sql`delete from leaves where position >= ${to - 3}`;
};

const headAt = async (size: number): Promise<Head> => {
  const [last] = await database.sql<{ xact: string; ordinal: number }[]>`
    select xact::text as xact, ordinal from leaves join events on events.id = event_id where position = ${size - 1}`;
  const unsigned = { root: new Uint8Array(32), checkpoint: '', sealedAt: new Date(0) };
  return { ...unsigned, size, last: last ?? { xact: '0', ordinal: -1 } };
};

describe('a session that has met small tables, when they have grown', () => {
  beforeAll(async () => {
    await registerBase();
    await entry(1, OFTEN);
    await seal(1, 6);
    await planForLookups(sealer);
    // As if there were more new events than there are: then it seems dear to look for each.
    await sealer`select set_config('random_page_cost', '1000', false)`;
    const small = await headAt(3);
    for (let at = 0; at < OFTEN; at += 1) {
      await seedVersions(sql, [pack(at)]);
      await listWaiting(sql)(10);
      await othersProviding(sql)(asked);
      await foldFinder(sql)({ base: BASE, seq: 1, folds: ['P/1'] });
      expect((await nextUnsealed(sealer, small, 256)).events).toHaveLength(3);
      await removeEntry(`p/${at + 1}`, at + 1);
    }
    await seedVersions(
      database.sql,
      Array.from({ length: MANY }, (_, at) => pack(OFTEN + at)),
    );
    while ((await listWaiting(database.sql)(1_000)) > 0);
    await entry(OFTEN + 1, MANY);
    await seal(7, LONG);
    await database.sql`analyze events, leaves`;
  });

  it('finds the events that wait for their seal without reading those that have it', async () => {
    const large = await headAt(LONG - 3);
    for (let times = 0; times < OFTEN; times += 1) await nextUnsealed(sealer, large, 256);
    const read = await readDuring(
      async () => expect((await nextUnsealed(sealer, large, 256)).events).toHaveLength(3),
      'events',
      'leaves',
    );
    expect(read).toBeLessThan(20);
  });

  it('finds who else has an id by one look, of however many that have it', async () => {
    const found: unknown[] = [];
    const work = async () => found.push(await othersProviding(sql)(asked));
    expect(await readDuring(work, 'provided_ids', 'versions')).toBeLessThan(20);
    expect(found).toEqual([new Map([[SHARED, 'vendor.acme.p00000']])]);
  });

  it('finds it behind its own name where nobody stands before it', async () => {
    const first = await othersProviding(sql)({ ...asked, own: 'vendor.acme.p00000' as PackName });
    expect(first).toEqual(new Map([[SHARED, 'vendor.acme.p00001']]));
  });

  it('passes over its own versions, however many they are', async () => {
    const own = Array.from({ length: 500 }, (_, at) => ({ ...pack(0), version: `2.0.${at}` }));
    await seedVersions(database.sql, own);
    const work = () => othersProviding(sql)({ ...asked, own: 'vendor.acme.p00000' as PackName });
    expect(await readDuring(work, 'provided_ids', 'versions')).toBeLessThan(20);
  });

  it('lists a new version without reading the others', async () => {
    const work = () => seedVersions(sql, [pack(OFTEN + MANY)]);
    expect(await readDuring(work, 'pack_latest', 'packs_to_list', 'provided_ids')).toBeLessThan(20);
  });

  it('lists it for search without reading the others', async () => {
    await seedVersions(sql, [pack(OFTEN + MANY + 1)]);
    const work = async () => expect(await listWaiting(sql)(10)).toBeGreaterThan(0);
    expect(await readDuring(work, 'pack_latest', 'versions')).toBeLessThan(20);
  });

  it('ends an entry that an acceptance removes without reading the others of the base', async () => {
    const work = () => removeEntry('p/1234', OFTEN + 1);
    expect(await readDuring(work, 'knowledge_entries')).toBeLessThan(20);
    const [row] = await sql`select to_seq from knowledge_entries where base = ${BASE} and path = 'p/1234'`;
    expect(row).toEqual({ to_seq: OFTEN + 2 });
  });

  it('finds the entries of some paths without reading the others of the base', async () => {
    const work = async () =>
      expect(await foldFinder(sql)({ base: BASE, seq: 1, folds: ['P/7', 'P/2999'] })).toHaveLength(2);
    expect(await readDuring(work, 'knowledge_entries')).toBeLessThan(20);
  });
});
