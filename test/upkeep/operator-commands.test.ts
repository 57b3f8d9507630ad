// The operator's commands in a shell: what they print, what they answer machines, and a registry that comes back elsewhere.
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../src/compose.ts';
import { applyMigrations } from '../../src/database/migrate.ts';
import { readMigrations } from '../../src/database/migration-files.ts';
import { appliedMigrations } from '../../src/upkeep/backup/backup-store.ts';
import { MIGRATIONS } from '../../src/upkeep/places.ts';
import { scratchFolder } from '../database/scratch.ts';
import { type Json, newShell } from '../world/cli.ts';
import { helpOf, lastLineOf } from '../world/help.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { caller, startRegistry, type TestRegistry, testConfig } from '../world/registry.ts';
import { barePlace } from './upkeep-world.ts';

let registry: TestRegistry;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  const body = await acme.pack();
  expect((await registry.call('PUT', addressOf(), { body })).status).toBe(201);
});
afterAll(() => registry.stop());

const shellHere = () => newShell({ DATABASE_URL: registry.databaseUrl, ATTESTRY_DATA_DIR: registry.dataDir });

const blobPath = async (): Promise<string> => {
  const [row] = await registry.sql<{ hex: string }[]>`select encode(digest, 'hex') as hex from versions`;
  return join(registry.dataDir, 'blobs/blobs/sha256', row?.hex.slice(0, 2) ?? '', row?.hex ?? '');
};

describe('attestry fsck', { timeout: 60_000 }, () => {
  it('says in a line that a running registry is whole', async () => {
    const { code, stdout, stderr } = await (await shellHere()).run('fsck');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^The registry is whole; its log has \d+ entries\.\n$/);
  });

  it('names what is damaged, what was expected, and what to do, and ends with exit code 1', async () => {
    const path = await blobPath();
    const bytes = await readFile(path);
    await unlink(path);
    const shell = await shellHere();
    const { code, stdout } = await shell.run('fsck');
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✗ vendor.acme.tools@1.0.0: The tarball of a version is not in the blob store. (blob_missing)',
    );
    expect(stdout).toContain('    restore from a backup: this blob');
    expect(stdout).toContain('The registry is damaged: 1 finding.');
    const { document } = await shell.json('fsck');
    expect(document).toMatchObject({ ok: false, whole: false, counts: { blob_missing: 1 } });
    expect(document.findings[0]).toMatchObject({
      code: 'blob_missing',
      severity: 'damage',
      plan: { kind: 'restore' },
    });
    await writeFile(path, bytes);
    expect((await shell.run('fsck')).code).toBe(0);
  });

  it('does not mend by looking what it is to judge, though a journal still holds it', async () => {
    const path = await blobPath();
    const bytes = await readFile(path);
    const flipped = Buffer.from(bytes);
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    await writeFile(path, flipped);
    const shell = await shellHere();
    expect((await shell.run('gc')).code).toBe(0);
    const { code, document } = await shell.json('fsck');
    expect({ code, counts: document.counts }).toMatchObject({ code: 1, counts: { blob_digest: 1 } });
    expect(await readFile(path)).toEqual(flipped);
    await writeFile(path, bytes);
  });

  it('does not repair what a running registry seals', async () => {
    const { code, stderr } = await (await shellHere()).run('fsck', '--repair');
    expect(code).toBe(1);
    expect(stderr).toContain('Stop every "attestry serve"');
  });

  it('does not make a registry where there is none', async () => {
    const shell = await newShell();
    const { code, stderr } = await shell.run('fsck');
    expect(code).toBe(1);
    expect(stderr).toContain('There is no registry in that folder.');
    expect(stderr).toContain('ATTESTRY_DATA_DIR');
  });

  it('does not bring a database of another shape to its own', async () => {
    const [first] = await readMigrations(MIGRATIONS);
    if (first === undefined) throw new Error('there are no migrations');
    const { database, dataDir } = await barePlace();
    try {
      await applyMigrations(database.sql, [first]);
      const shell = await newShell({ DATABASE_URL: database.url, ATTESTRY_DATA_DIR: dataDir });
      const { code, stderr } = await shell.run('fsck');
      expect(code).toBe(1);
      expect(stderr).toContain('The database has another shape than this program expects.');
      expect(await appliedMigrations(database.sql)).toHaveLength(1);
    } finally {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it.each([
    ['a sample of nothing', ['fsck', '--sample', '0'], 'whole number'],
    ['a sample of all', ['fsck', '--sample', '5', '--all'], 'cannot be used with'],
    ['a grace that is none', ['gc', '--grace', 'soon'], '90m, 24h or 7d'],
    ['a backup to nowhere', ['backup'], "required option '--to <dir>'"],
    ['a restore from nowhere', ['restore'], "required option '--from <dir>'"],
  ])('is used wrongly with %s', async (_name, args, sentence) => {
    const { code, stderr } = await (await newShell()).run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe('help', () => {
  it.each(['fsck', 'gc', 'backup', 'restore'])('of "%s" ends with an example of it', (command) => {
    expect(lastLineOf(helpOf(command))).toContain(`attestry ${command}`);
  });

  it.each([
    ['gc', '--grace', '24h'],
    ['log watch', '--interval', '10s'],
    ['root init', '--expires', '5y'],
    ['root rotate', '--expires', '5y'],
  ])('of "%s" shows the default of %s as it would be typed', (command, option, usual) => {
    const [, shown] =
      helpOf(command)
        .replaceAll(/\s+/g, ' ')
        .match(new RegExp(`${option} .*?\\(default: ([^)]*)\\)`)) ?? [];
    expect(shown).toBe(usual);
  });
});

describe('attestry gc', { timeout: 60_000 }, () => {
  it('names garbage and leaves it, until it is told to delete it', async () => {
    const name = `blobs/sha256/aa/aa${'0'.repeat(62)}`;
    const path = join(registry.dataDir, 'blobs', name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'garbage');
    const shell = await shellHere();
    expect((await shell.run('gc')).stdout).toBe('There is no garbage.\n');
    const told = await shell.run('gc', '--grace', '0m');
    expect(told.stdout).toContain(`${name}  blob, 7 bytes, `);
    expect(told.stdout).toContain('Nothing was removed');
    const { code, document } = await shell.json('gc', '--grace', '0m', '--delete');
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      deleted: true,
      removed: 1,
      garbage: [{ name, fate: 'removed' }],
    });
    expect((await shell.run('gc', '--grace', '0m')).stdout).toBe('There is no garbage.\n');
  });
});

describe('attestry backup and restore', { timeout: 180_000 }, () => {
  const served = async (call: TestRegistry['call']) => {
    const paths = [
      addressOf(),
      addressOf('vendor.acme.tools', '1.0.0', 'v1', 'json'),
      '/trust/root.json',
      '/trust/keyring.json',
    ];
    return Promise.all(paths.map(async (path) => (await call('GET', path)).bytes.toString('base64')));
  };

  it('bring a registry back in another cluster: the same bytes, the same checkpoint, and a log that goes on', async () => {
    const folder = await scratchFolder('attestry-restored-');
    try {
      const shell = await shellHere();
      const backup = join(shell.folder, 'backup');
      const { code, stdout } = await shell.run('backup', '--to', backup);
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('It holds no private keys'),
      });
      const manifest: Json = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8'));

      // As a checkpoint shows it, since that is what one is told to compare it with.
      const [, , root] = String(manifest.checkpoint).split('\n');
      expect(stdout).toContain(`, root ${root}, `);

      const there = await newShell({ ATTESTRY_DATA_DIR: folder });
      const checkpoint = `${registry.url}/transparency/checkpoint`;
      const restored = await there.json('restore', '--from', backup, '--newer-checkpoint', checkpoint);
      expect(restored).toMatchObject({
        code: 0,
        document: { ok: true, size: manifest.size, root, keys: [] },
      });
      expect(await there.json('fsck')).toMatchObject({
        code: 0,
        document: { whole: true, size: manifest.size },
      });
      const again = await there.run('restore', '--from', backup);
      expect(again).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('The database holds something already.'),
      });

      await cp(join(registry.dataDir, 'keys'), join(folder, 'keys'), { recursive: true });
      const { blobUrl } = testConfig(folder, '');
      const config = { ...testConfig(folder, ''), databaseUrl: undefined, blobUrl };
      const second = await compose(config, pino({ level: 'silent' }));
      second.server.listen(0, '127.0.0.1');
      await once(second.server, 'listening');
      try {
        const token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
        const call = caller(second.url(), token);
        expect(await served(call)).toEqual(await served(registry.call));
        const body = await acme.pack({ version: '2.0.0' });
        const published = await call('PUT', addressOf('vendor.acme.tools', '2.0.0'), { body });
        expect(published.status).toBe(201);
        expect(published.json.receipt.index).toBeGreaterThanOrEqual(manifest.size);
        expect(await there.json('fsck')).toMatchObject({ code: 0, document: { whole: true } });
      } finally {
        second.server.closeAllConnections();
        second.server.close();
        await second.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('make nothing where there is no finished backup', async () => {
    const shell = await newShell({ ATTESTRY_DATA_DIR: 'data' });
    const { code, stderr } = await shell.run('restore', '--from', '.');
    expect(code).toBe(1);
    expect(stderr).toContain('The folder holds no finished backup');
    expect(await readdir(shell.folder)).not.toContain('data');
  });

  it('are refused where the log would go back, and say what can be done', async () => {
    const shell = await shellHere();
    await shell.run('backup', '--to', 'backup');
    const body = await acme.pack({ version: '3.0.0' });
    expect((await registry.call('PUT', addressOf('vendor.acme.tools', '3.0.0'), { body })).status).toBe(201);
    const checkpoint = `${registry.url}/transparency/checkpoint`;
    const folder = await scratchFolder('attestry-refused-');
    const there = await newShell({ ATTESTRY_DATA_DIR: folder });
    const backup = join(shell.folder, 'backup');
    const { code, stderr } = await there.run('restore', '--from', backup, '--newer-checkpoint', checkpoint);
    expect(code).toBe(1);
    expect(stderr).toContain('A larger log than the one in the backup was signed already');
    expect(stderr).toContain('use a newer backup');
    await rm(folder, { recursive: true, force: true });
  });
});
