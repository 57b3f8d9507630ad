// A backup of a registry that runs, and what a restore makes of it: the same bytes, the same checkpoint, a log that goes on.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSeedFile } from '../../keys/signers/seed.ts';
import { treeRoot } from '../../src/protocol/tiles.ts';
import { readHead } from '../../src/transparency/log-store.ts';
import { readTile } from '../../src/transparency/log-tiles.ts';
import { makeBackup } from '../../src/upkeep/backup/backup.ts';
import { restoreBackup } from '../../src/upkeep/backup/restore.ts';
import { digestOf } from '../../storage/digest.ts';
import { collectBytes } from '../../storage/verify-bytes.ts';
import { meanwhile } from '../world/meanwhile.ts';
import { blobOf, checked, damageIn, run } from './corruption.ts';
import {
  barePlace,
  emptyPlace,
  newWorld,
  type Original,
  originalOf,
  type UpkeepWorld,
  worldAt,
} from './upkeep-world.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
let original: Original;
let world: UpkeepWorld;
let scratch: string;
let folder: string;
const made: UpkeepWorld[] = [];
beforeAll(async () => {
  original = await originalOf(await newWorld(300));
});
afterAll(() => original.clear());
beforeEach(async () => {
  world = await original.copy();
  scratch = await mkdtemp(join(tmpdir(), 'attestry-backup-'));
  folder = scratch;
});
afterEach(async () => {
  await world.clear();
  for (const each of made.splice(0)) await each.clear();
  await rm(scratch, { recursive: true, force: true });
});

const common = (of: UpkeepWorld) => ({
  sql: of.sql,
  blobs: of.blobs,
  keyFolder: join(of.dataDir, 'keys'),
  now: () => new Date(),
  progress: () => undefined,
});

const backup = (of = world) => makeBackup(common(of))({ folder, withKeys: false });

const fresh = async (place = emptyPlace()): Promise<UpkeepWorld> => {
  const target = await worldAt(await place);
  made.push(target);
  return target;
};

const restore = async (target: UpkeepWorld, newerCheckpoint?: string) =>
  restoreBackup({ ...common(target), migrations: MIGRATIONS })({
    folder,
    newerCheckpoint,
    despiteDamage: false,
  });

/** Everything that readers and auditors are served, as far as bytes in the store and rows make it. */
const contentOf = async (of: UpkeepWorld) => {
  const objects = new Map<string, string>();
  for await (const { key } of of.blobs.list('')) {
    const found = await of.blobs.get(key);
    objects.set(key, digestOf(found ? await collectBytes(found.body) : new Uint8Array()));
  }
  const tables: Record<string, string[]> = {};
  const names = await of.sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'applied_migrations'`;
  for (const { name } of names) {
    const rows = await of.sql<{ row: string }[]>`select t::text as row from ${of.sql(name)} as t order by 1`;
    tables[name] = rows.map(({ row }) => row);
  }
  return { objects, tables };
};

describe('backup and restore', () => {
  it('give back every row, every object and the same checkpoint', async () => {
    const { size } = await backup();
    const target = await fresh();
    const restored = await restore(target);
    expect(restored).toMatchObject({ manifest: { size }, keys: [], findings: [] });
    expect(await contentOf(target)).toEqual(await contentOf(world));
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('need no table to restore into', async () => {
    await backup();
    const target = await fresh(barePlace());
    await restore(target);
    expect((await contentOf(target)).tables).toEqual((await contentOf(world)).tables);
  });

  it('go on with the log where it was, with what was not sealed yet first', async () => {
    await world.fill(3);
    const { size } = await backup();
    const target = await fresh();
    await restore(target);
    const before = await readHead(target.sql);
    await target.publish({ version: '7.0.0' });
    const after = await target.settle();
    expect(after.size).toBe(size + 4);
    expect(Buffer.from(await treeRoot(size, readTile(target)))).toEqual(before?.root);
    await target.reissue();
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('bring events of a cluster whose transaction ids are far ahead', async () => {
    await world.fill(2);
    await run(
      world,
      `update events set xact = (xact::text::bigint + 1000000000000)::text::xid8;
       update log_head set last_xact = (last_xact::text::bigint + 1000000000000)::text::xid8`,
    );
    const { size } = await backup();
    const target = await fresh();
    await restore(target);
    await target.publish({ version: '7.0.0' });
    expect((await target.settle()).size).toBe(size + 3);
    const [first] = await target.sql<{ subject: string }[]>`
      select subject from leaves join events on id = event_id where position = ${size + 2}`;
    expect(first?.subject).toBe('pack:vendor.acme.tools@7.0.0');
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('hold one moment of a registry that goes on publishing', async () => {
    const sealer = world.seal();
    const publish = (at: number) => world.publish({ version: `8.0.${at}` });
    const [first, second] = await meanwhile(publish, async () => [await backup(), await backup()] as const);
    await sealer.stop();
    expect(second.size).toBeGreaterThanOrEqual(first.size);
    const target = await fresh();
    await restore(target);
    await target.settle();
    await target.reissue();
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('copy again only what is new, and leave one snapshot', async () => {
    await backup();
    const [key = ''] = (await contentOf(world)).objects.keys();
    const before = await stat(join(folder, 'objects', key));
    await world.publish({ version: '7.0.0' });
    await world.settle();
    await backup();
    const after = await stat(join(folder, 'objects', key));
    expect(after.mtimeMs).toBe(before.mtimeMs);
    expect((await readdir(folder)).filter((name) => name.startsWith('snapshot-'))).toHaveLength(1);
    const target = await fresh();
    await restore(target);
    for (const [path, digest] of (await contentOf(target)).objects)
      expect([path, digest]).toEqual([path, (await contentOf(world)).objects.get(path)]);
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('copy a blob again whose copy has become shorter', async () => {
    await backup();
    const copy = join(folder, 'objects', await blobOf(world, '1.1.0'));
    await truncate(copy, 100);
    await backup();
    await fresh().then(restore);
    expect((await stat(copy)).size).toBeGreaterThan(100);
  });

  it('leave a good copy as it was where the row is wrong about its size', async () => {
    await backup();
    const copy = join(folder, 'objects', await blobOf(world, '1.1.0'));
    const before = await readFile(copy);
    await run(world, "update versions set size = size + 1 where version = '1.1.0'");
    await expect(backup()).rejects.toMatchObject({ code: 'source_mismatch' });
    expect(await readFile(copy)).toEqual(before);
    await fresh().then(restore);
  });

  it('are for their owner alone, and hold no private key', async () => {
    folder = join(folder, 'not', 'there', 'yet');
    const { tables, objects, snapshot } = await backup();
    const folders = ['..', '.', snapshot, join(snapshot, 'tables')];
    const files = ['manifest.json', objects.path, ...tables.map((table) => table.path)];
    for (const path of [...folders, ...files]) expect((await stat(join(folder, path))).mode & 0o077).toBe(0);
    expect((await readFile(join(folder, 'manifest.json'), 'utf8')).includes('PRIVATE')).toBe(false);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.pem'))).toEqual([]);
  });

  it('are refused where the rows of the log do not make its head', async () => {
    await run(world, "update log_head set root = sha256('x')");
    await expect(backup()).rejects.toMatchObject({ code: 'log_unsound' });
    expect(damageIn((await checked(world)).report.counts())).toContain('head_root');
  });

  it('are refused as unsound, not as of another log, where rows behind the last backup are damaged', async () => {
    await backup();
    await run(
      world,
      `update events set leaf = 'x' where id = (select event_id from leaves where position = 5)`,
    );
    await expect(backup()).rejects.toMatchObject({ code: 'log_unsound' });
  });

  it('with keys give the keys back to the same names, closed to others', async () => {
    const keys = join(world.dataDir, 'keys');
    await mkdir(keys);
    await createSeedFile(join(keys, 'attestry-log.pem'));
    const manifest = await makeBackup(common(world))({ folder, withKeys: true });
    expect(manifest.keys).toHaveLength(1);
    const target = await fresh();
    expect(await restore(target)).toMatchObject({ keys: ['attestry-log.pem'] });
    const path = join(target.dataDir, 'keys', 'attestry-log.pem');
    expect(await readFile(path)).toEqual(await readFile(join(keys, 'attestry-log.pem')));
    expect((await stat(path)).mode & 0o077).toBe(0);
  });
});
