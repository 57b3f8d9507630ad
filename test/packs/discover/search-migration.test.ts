// Bringing search to a database: what was published before is found too, and what is missing there is named.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeConnection, connect } from '../../../src/database/connect.ts';
import { applyMigrations, migrate } from '../../../src/database/migrate.ts';
import { MigrationRefused, readMigrations } from '../../../src/database/migration-files.ts';
import { listWaiting } from '../../../src/packs/discover/listing-store.ts';
import { ownDatabase } from '../../world/database.ts';
import { rowOf, seedVersions } from '../../world/pack-rows.ts';
import { ROOT } from '../../world/source.ts';

describe('a database that had packs before there was a search', () => {
  it('has them listed as those are that come later', async () => {
    const { sql, drop } = await ownDatabase();
    await sql`drop schema public cascade`;
    await sql`create schema public`;
    const files = await readMigrations(join(ROOT, 'migrations'));
    await applyMigrations(
      sql,
      files.filter(({ name }) => name < '0014'),
    );
    const rows = [
      rowOf('vendor.acme.old', { version: '1.0.0', manifest: { nodes: [{ typeId: 'old.id' }] } }),
      rowOf('vendor.acme.old', { version: '2.0.0', yanked: true }),
      rowOf('vendor.acme.gone', { unpublished: true }),
      rowOf('private.host.secret', { manifest: { nodes: [{ typeId: 'secret.id' }] } }),
      rowOf('vendor.acme.connects', { manifest: { kind: 'node', connector: { id: 'acme' } } }),
    ];
    const bare = rows.map((row) => {
      const { connector: _, ...facts } = row.facts;
      return { ...row, facts };
    });
    await seedVersions(sql, bare);
    await migrate(sql, join(ROOT, 'migrations'));
    const listed = () =>
      Promise.all([
        sql`select tree, name, version, rank, yanked, deprecated from pack_latest order by tree, name`,
        sql`select tree, name, kind, connector, found::text from pack_search order by tree, name`,
        sql`select id, name_key, version, is_agent from provided_ids order by id`,
        sql`select word, letters from pack_words order by word`,
      ]).then((tables) => tables.map((table) => [...table]));
    const migrated = await listed();
    expect(migrated[0]?.map(({ name, version }) => [name, version])).toEqual([
      ['vendor.acme.connects', '1.0.0'],
      ['vendor.acme.old', '1.0.0'],
    ]);
    await sql`truncate versions, pack_latest, pack_search, provided_ids, pack_words`;
    await seedVersions(sql, rows);
    expect(await listWaiting(sql)(10)).toBe(2);
    expect(await listed()).toEqual(migrated);
    expect(await listWaiting(sql)(10)).toBe(0);
    await drop();
  });
});

describe('a Postgres that lets nobody make the extension', () => {
  it('is told apart from a broken migration, with what its administrator has to run', async () => {
    const { sql, url, drop } = await ownDatabase();
    await sql`drop schema public cascade`;
    await sql`create schema public`;
    const name = `poor_${randomBytes(4).toString('hex')}`;
    await sql.unsafe(`create role ${name} login password 'poor'; grant all on schema public to ${name}`);
    const address = new URL(url);
    [address.username, address.password] = [name, 'poor'];
    const poor = connect({ url: address.href, max: 1 });
    const refused: unknown = await migrate(poor, join(ROOT, 'migrations')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MigrationRefused);
    expect(refused).toMatchObject({
      problem: 'failed',
      file: '0014_search.sql',
      message: expect.stringContaining('run "create extension pg_trgm" in this database'),
    });
    await sql`create extension pg_trgm`;
    const { applied } = await migrate(poor, join(ROOT, 'migrations'));
    expect(applied[0]).toBe('0014_search.sql');
    await closeConnection(poor);
    await sql.unsafe(`drop owned by ${name} cascade; drop role ${name}`);
    await drop();
  });
});
