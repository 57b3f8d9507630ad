// What a restore refuses: half of a backup, one that was tampered with, a place that holds something, a log that would shrink.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSeedFile } from '../../keys/signers/seed.ts';
import { applyMigrations } from '../../src/database/migrate.ts';
import { readMigrations } from '../../src/database/migration-files.ts';
import { checkpointText } from '../../src/protocol/checkpoint.ts';
import { formatNote, signNoteLine } from '../../src/protocol/signed-note.ts';
import { makeBackup } from '../../src/upkeep/backup/backup.ts';
import { restoreBackup } from '../../src/upkeep/backup/restore.ts';
import { REFUSALS, type RefusalCode } from '../../src/upkeep/refused.ts';
import { bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { blobOf, removeObject, run, writeObject } from './corruption.ts';
import {
  emptyPlace,
  logVkey,
  newWorld,
  ORIGIN,
  type Original,
  originalOf,
  signers,
  type UpkeepWorld,
  worldAt,
} from './upkeep-world.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
let original: Original;
let world: UpkeepWorld;
let target: UpkeepWorld;
let folder: string;
const keysOf = (of: UpkeepWorld): string => join(of.dataDir, 'keys');
beforeAll(async () => {
  original = await originalOf(await newWorld(300));
});
afterAll(() => original.clear());
beforeEach(async () => {
  world = await original.copy();
  await mkdir(keysOf(world));
  await createSeedFile(join(keysOf(world), 'attestry-log.pem'));
  target = await worldAt(await emptyPlace());
  folder = await mkdtemp(join(tmpdir(), 'attestry-backup-'));
});
afterEach(async () => {
  await world.clear();
  await target.clear();
  await rm(folder, { recursive: true, force: true });
});

const common = (of: UpkeepWorld) => ({
  sql: of.sql,
  blobs: of.blobs,
  keyFolder: keysOf(of),
  now: () => new Date(),
  progress: () => undefined,
});

const backup = (blobs = world.blobs) => makeBackup({ ...common(world), blobs })({ folder, withKeys: true });

const restore = (newerCheckpoint?: string, despiteDamage = false) =>
  restoreBackup({ ...common(target), migrations: MIGRATIONS })({ folder, newerCheckpoint, despiteDamage });

const rowsIn = async (of: UpkeepWorld): Promise<number> =>
  (
    await of.sql<{ n: number }[]>`select (select count(*) from events) + (select count(*) from accounts) as n`
  )[0]?.n ?? -1;

/** All that a restore may leave behind: rows, objects with their size, key files with their text. */
const stateOf = async (of: UpkeepWorld) => {
  const objects: string[] = [];
  for await (const { key, size } of of.blobs.list('')) objects.push(`${key} ${size}`);
  const names = await readdir(keysOf(of)).catch(() => []);
  const keys = await Promise.all(names.map((name) => readFile(join(keysOf(of), name), 'utf8')));
  return { rows: await rowsIn(of), objects, names, keys };
};

const shown = new Set<RefusalCode>();

/** Every refusal leaves database, blob store and keys as they were. */
const refuses = async (code: RefusalCode, newerCheckpoint?: string) => {
  const before = await stateOf(target);
  const refusal = await restore(newerCheckpoint).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toMatchObject({ name: 'UpkeepRefused', code });
  expect(await stateOf(target)).toEqual(before);
  shown.add(code);
  return refusal as Error & { cure: string; details: Record<string, unknown> };
};

/** By the key of the log. */
const signedCheckpoint = async (size: number, root: Uint8Array): Promise<string> => {
  const text = checkpointText({ origin: ORIGIN, size, root });
  return formatNote(text, [await signNoteLine(text, logVkey, signers.log.sign)]);
};

type Parts = Record<string, { path: string; sha256: string; bytes: number }>;

/** Edits the rows of a table, and the manifest so that it does not show. */
const forge = async (table: string, edit: (rows: string) => string): Promise<void> => {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const part = manifest.tables.find((each: { table: string }) => each.table === table);
  const before = gunzipSync(await readFile(join(folder, part.path))).toString('utf8');
  const packed = gzipSync(edit(before));
  expect(edit(before)).not.toBe(before);
  await writeFile(join(folder, part.path), packed);
  Object.assign(part, { sha256: digestOf(packed), bytes: packed.length } satisfies Partial<Parts[string]>);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
};

describe('a backup is refused', () => {
  it('that broke off', async () => {
    const dying = { ...world.blobs, get: () => Promise.reject(new Error('killed')) };
    await expect(backup(dying)).rejects.toThrow('killed');
    await refuses('backup_unfinished');
  });

  it('that is none', async () => {
    await writeFile(join(folder, 'manifest.json'), '{');
    await refuses('backup_form');
  });

  it('of another format', async () => {
    await backup();
    const manifest = await readFile(join(folder, 'manifest.json'), 'utf8');
    await writeFile(
      join(folder, 'manifest.json'),
      manifest.replace('attestry-backup/v1', 'attestry-backup/v9'),
    );
    await refuses('backup_version');
  });

  it('of a newer program', async () => {
    await backup();
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    manifest.migrations.push({ name: '9999_future.sql', sha256: '0'.repeat(64) });
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await target.sql.unsafe('drop schema public cascade; create schema public');
    const tables = () => target.sql`select from pg_tables where schemaname = 'public'`;
    await expect(restore()).rejects.toMatchObject({
      code: 'backup_version',
      details: { migration: '9999_future.sql' },
    });
    shown.add('backup_version');
    expect(await tables()).toHaveLength(0);
  });

  it('whose rows were edited', async () => {
    const { tables } = await backup();
    const path = join(folder, tables.find(({ table }) => table === 'versions')?.path ?? '');
    const bytes = await readFile(path);
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const { details } = await refuses('backup_damaged');
    expect(details['part']).toMatch(/versions\.gz$/);
  });

  it('with a flipped byte in a blob', async () => {
    await backup();
    // What the store wrote lately it would heal by itself.
    await rm(join(folder, 'objects/journal'), { recursive: true, force: true });
    const objects = join(folder, 'objects/blobs/sha256');
    const [path = ''] = (await readdir(objects, { recursive: true })).filter((name) => name.length > 60);
    const bytes = await readFile(join(objects, path));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(join(objects, path), bytes);
    await refuses('backup_damaged');
  });

  it('with a missing tile', async () => {
    await backup();
    await unlink(join(folder, 'objects/log/tile/0/000'));
    await refuses('backup_damaged');
  });

  it('whose events were edited together with the manifest', async () => {
    await backup();
    await forge('events', (rows) => {
      const [leaf = ''] = /(?<="leaf": ?")\\\\x7b22616374[0-9a-f]+/.exec(rows) ?? [];
      return rows.replace(
        leaf,
        leaf.replace(/.$/, (digit) => (digit === 'd' ? 'e' : 'd')),
      );
    });
    await refuses('backup_unproven');
  });

  it('whose versions were edited together with the manifest', async () => {
    await backup();
    await forge('versions', (rows) => rows.replace('"publisher": "operator"', '"publisher": "filler-1"'));
    const { details } = await refuses('backup_of_damage');
    expect(JSON.stringify(details)).toContain('version_differs');
  });

  it('whose tokens were given more than their event says', async () => {
    await backup();
    await forge('tokens', (rows) => rows.replace('"packs:read"', '"everything"'));
    await refuses('backup_of_damage');
  });

  it('that kept damage, unless it is asked for all the same', async () => {
    await run(world, "update versions set publisher = 'nobody' where version = '1.1.0'");
    await backup();
    await refuses('backup_of_damage');
    expect((await restore(undefined, true)).findings.map(({ code }) => code)).toContain('publisher_unknown');
  });
});

describe('a place is refused', () => {
  it('with rows in its database', async () => {
    await backup();
    await target.sql`insert into accounts (name, created_at) values ('somebody', now())`;
    expect((await refuses('database_not_empty')).details).toEqual({ found: 'accounts' });
  });

  it('with other keys under the names of the backup', async () => {
    await backup();
    await mkdir(keysOf(target));
    await createSeedFile(join(keysOf(target), 'attestry-log.pem'));
    const { details, cure } = await refuses('keys_taken');
    expect(details).toEqual({ folder: keysOf(target), names: ['attestry-log.pem'] });
    expect(cure).toContain('Move them away');
  });

  it('with another tile, or other bytes of a blob, where the backup has one', async () => {
    await backup();
    await mkdir(join(target.dataDir, 'blobs/log/tile/0'), { recursive: true });
    await writeObject(target, 'log/tile/0/000', new Uint8Array(8_192));
    expect((await refuses('log_would_fork')).details).toMatchObject({ found: 'log/tile/0/000' });
    await removeObject(target, 'log/tile/0/000');
    const blob = await blobOf(world, '1.1.0');
    await mkdir(join(target.dataDir, 'blobs', blob, '..'), { recursive: true });
    await writeObject(target, blob, 'torn');
    expect((await refuses('store_not_empty')).details).toMatchObject({ found: blob });
  });

  it('with a table of somebody else in its database', async () => {
    await backup();
    await target.sql`create table theirs (a text)`;
    await target.sql`insert into theirs values ('x')`;
    await refuses('database_not_empty');
  });

  it('with other objects in its blob store', async () => {
    await backup();
    const bytes = Buffer.from('theirs');
    await target.blobs.put(blobKey(digestOf(bytes)), bytesSource(bytes));
    await refuses('store_not_empty');
  });
});

describe('a refusal', () => {
  it('is in the way of no other backup', async () => {
    await run(world, "update versions set publisher = 'nobody' where version = '1.1.0'");
    await backup();
    await refuses('backup_of_damage');
    await rm(folder, { recursive: true });
    await run(world, "update versions set publisher = 'operator' where version = '1.1.0'");
    await rm(keysOf(world), { recursive: true });
    await mkdir(keysOf(world));
    await createSeedFile(join(keysOf(world), 'attestry-log.pem'));
    await world.publish({ version: '7.0.0' });
    await world.settle();
    await world.reissue();
    await backup();
    expect((await restore()).findings).toEqual([]);
  });
});

describe('a restore that broke off', () => {
  it('can be begun again', async () => {
    await backup();
    const breaking = {
      ...target.blobs,
      put: (() => {
        let left = 3;
        return (...given: Parameters<typeof target.blobs.put>) => {
          left -= 1;
          return left < 0 ? Promise.reject(new Error('killed')) : target.blobs.put(...given);
        };
      })(),
    };
    const the = { ...common(target), blobs: breaking, migrations: MIGRATIONS };
    await expect(
      restoreBackup(the)({ folder, newerCheckpoint: undefined, despiteDamage: false }),
    ).rejects.toThrow('killed');
    expect(await rowsIn(target)).toBe(0);
    expect((await restore()).findings).toEqual([]);
  });

  it('can be begun again where it ended between two migrations', async () => {
    await backup();
    await target.sql.unsafe('drop schema public cascade; create schema public');
    const [first] = await readMigrations(MIGRATIONS);
    if (first === undefined) throw new Error('there are no migrations');
    await applyMigrations(target.sql, [first]);
    expect((await restore()).findings).toEqual([]);
  });

  it('can be begun again where it ended right before its commit', async () => {
    await backup();
    const the = { ...common(target), migrations: MIGRATIONS };
    await cp(join(folder, 'objects/blobs'), join(target.dataDir, 'blobs/blobs'), { recursive: true });
    await cp(keysOf(world), keysOf(target), { recursive: true });
    const options = { folder, newerCheckpoint: undefined, despiteDamage: false };
    expect(await restoreBackup(the)(options)).toMatchObject({ findings: [], keys: ['attestry-log.pem'] });
  });
});

describe('a backup without keys', () => {
  it('does not take the place of one with keys', async () => {
    const { keys } = await backup();
    const making = makeBackup(common(world))({ folder, withKeys: false });
    await expect(making).rejects.toMatchObject({
      code: 'backup_drops_keys',
      cure: expect.stringMatching(/--with-keys.*another folder/),
    });
    shown.add('backup_drops_keys');
    expect(await restore()).toMatchObject({ keys: ['attestry-log.pem'], manifest: { keys } });
  });
});

describe('a log never goes back unnoticed:', () => {
  const grown = async () => {
    await backup();
    await world.publish({ version: '7.0.0' });
    return world.settle();
  };

  it('a blob store that shows more than the backup is refused, and the operator told what he can do', async () => {
    await grown();
    await cp(join(world.dataDir, 'blobs'), join(target.dataDir, 'blobs'), { recursive: true });
    const { cure, details } = await refuses('log_would_shrink');
    expect(details).toMatchObject({ found: 314, backup: 313 });
    expect(cure).toContain('use a newer backup');
  });

  it('so are tiles beyond the backup, also without a checkpoint', async () => {
    await backup();
    await world.fill(600);
    await world.settle();
    await cp(join(world.dataDir, 'blobs/log'), join(target.dataDir, 'blobs/log'), { recursive: true });
    await removeObject(target, 'log/checkpoint');
    await refuses('log_would_shrink');
  });

  it('so is a checkpoint that somebody else has seen', async () => {
    const head = await grown();
    const { details } = await refuses('log_would_shrink', head.checkpoint);
    expect(details).toMatchObject({ found: 314, backup: 313, where: 'the newer checkpoint' });
  });

  it('a checkpoint as old as the backup, or older, is no hindrance', async () => {
    const { checkpoint } = await backup();
    expect((await restore(checkpoint)).findings).toEqual([]);
  });

  it('a checkpoint of the same size, or smaller, over another history is a fork', async () => {
    await backup();
    const root = new Uint8Array(32).fill(3);
    for (const size of [313, 100])
      expect((await refuses('log_would_fork', await signedCheckpoint(size, root))).details).toMatchObject({
        found: size,
        where: 'the newer checkpoint',
      });
  });

  it('a text that is no checkpoint of this log shows nothing, and is refused', async () => {
    await backup();
    await refuses('checkpoint_unreadable', 'no checkpoint');
  });

  it('the folder of a backup that is ahead is not written over', async () => {
    await grown();
    await backup();
    const old = await original.copy();
    const making = makeBackup(common(old))({ folder, withKeys: false });
    await expect(making).rejects.toMatchObject({ code: 'backup_ahead' });
    shown.add('backup_ahead');
    await old.clear();
  });

  it('nor is that of another log', async () => {
    await backup();
    const other = await newWorld(400);
    await expect(makeBackup(common(other))({ folder, withKeys: false })).rejects.toMatchObject({
      code: 'backup_of_another',
    });
    shown.add('backup_of_another');
    await other.clear();
  });

  it('a registry whose database was set back while its blob store was not refuses to seal', async () => {
    await grown();
    await restore();
    const behind = await worldAt({ database: target.database, dataDir: world.dataDir });
    await behind.publish({ version: '9.0.0' });
    const sealer = behind.seal();
    await expect
      .poll(() => behind.troubles.map(String))
      .toContainEqual(expect.stringContaining('The database is older than the log in the blob store'));
    await sealer.stop();
    const [head] = await target.sql<{ size: number }[]>`select size from log_head`;
    expect(head?.size).toBe(313);
  });
});

/** Refusals that no restore and no backup of this file can show, and where they are shown. */
const SHOWN_ELSEWHERE: Partial<Record<RefusalCode, string>> = {
  database_behind: 'gc: only garbage is told by what the database does not name',
  no_registry: 'operator-commands: a restore makes what is not there',
  other_schema: 'operator-commands: asked before any command but a restore',
  sealer_running: 'fsck-running: a restored registry does not run',
  log_unsound: 'backup: only a backup reads rows of a registry that has them',
};

describe('the refusals', () => {
  it('are all shown, here or elsewhere', () => {
    expect([...shown, ...Object.keys(SHOWN_ELSEWHERE)].sort()).toEqual(Object.keys(REFUSALS).sort());
  });
});
