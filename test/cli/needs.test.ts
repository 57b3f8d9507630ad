// What packs need of others, at the command line: doubted when it is published, and passed over where it fits with nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell } from '../world/cli.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const APP = 'community.demo.app';
const ITSELF = 'is the pack itself';
let registry: TestRegistry;

beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** A folder with a pack, and its key is listed. */
const workshop = async (name: string): Promise<Shell> => {
  const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
  const keyId = `${name.split('.').at(-1)}-1`;
  await shell.run('new', name);
  await shell.run('keygen', '--key-id', keyId);
  const listed = await shell.json('keys', 'add', '--key', `${keyId}.pem`, '--namespaces', name);
  expect(listed).toMatchObject({ code: 0, document: { ok: true, keyId } });
  return shell;
};

const edit = async (shell: Shell, name: string, version: string, dependencies: object): Promise<void> => {
  const path = join(shell.folder, name, 'pack.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...manifest, version, dependencies }));
};

const pack = (shell: Shell, name: string) =>
  shell.run('pack', name, '--key', `${name.split('.').at(-1)}-1.pem`);

/** Version 1.0.0 needs nothing, 1.3.0 itself. */
const withBoth = async (name: string): Promise<Shell> => {
  const shell = await workshop(name);
  await pack(shell, name);
  expect(await shell.json('publish', `${name}-1.0.0.tgz`)).toMatchObject({
    document: { ok: true, created: true },
  });
  await edit(shell, name, '1.3.0', { [name]: '^1' });
  await pack(shell, name);
  await shell.run('publish', `${name}-1.3.0.tgz`);
  return shell;
};

describe('needs that nothing can meet', { timeout: 120_000 }, () => {
  it('are named by pack and by publish, stored with the version, and no reason to refuse it', async () => {
    const name = 'community.demo.hopeless';
    const shell = await workshop(name);
    await edit(shell, name, '1.0.0', { [name]: '^1', hello: '^1', 'community.demo.base': '^^1' });
    const packed = await pack(shell, name);
    expect(packed.code).toBe(0);
    const published = await shell.run('publish', `${name}-1.0.0.tgz`);
    expect(published.code).toBe(0);
    for (const { stdout } of [packed, published]) {
      expect(stdout).toContain(`Note: /dependencies/${name}: ${ITSELF}`);
      expect(stdout).toContain('Note: /dependencies/hello: is no name that a pack can have');
      expect(stdout).toContain('Note: /dependencies/community.demo.base: "^^1" is no range of versions');
    }
    const { document } = await shell.json('publish', `${name}-1.0.0.tgz`);
    expect(document).toMatchObject({ ok: true, created: false });
    expect(document.warnings).toHaveLength(3);
  });
});

describe('a version that needs itself', { timeout: 120_000 }, () => {
  it('gives way to a lower one, and install and lock say so', async () => {
    const shell = await withBoth(APP);
    const { code, stdout } = await shell.run('install', `${APP}@^1`, '--dir', 'packs');
    expect([code, stdout]).toEqual([0, expect.stringContaining('  Passed over 1.3.0: it needs itself')]);
    expect(stdout).toContain(`Installed ${APP}@1.0.0`);
    const installed = await shell.json('install', `${APP}@^1`, '--dir', 'packs');
    const passed = { version: '1.3.0', rule: 'dependencies', message: 'it needs itself' };
    expect(installed.document.packs).toMatchObject([{ version: '1.0.0', passed: [passed] }]);
    const locked = await shell.json('lock', `${APP}@^1`);
    expect(locked.document).toMatchObject({
      packs: [{ version: '1.0.0' }],
      passedOver: [{ name: APP, ...passed }],
    });
    expect((await shell.run('lock')).stdout).toContain(`${APP}: Passed over 1.3.0: it needs itself`);
  });

  it('is refused where it is the only one asked for, and machines get the cure too', async () => {
    const shell = await withBoth('community.demo.round');
    const { code, document } = await shell.json('lock', 'community.demo.round@1.3.0');
    expect(code).toBe(1);
    expect(document).toMatchObject({
      ok: false,
      error: 'pack_dependency_cycle',
      cure: expect.stringContaining('ask for another range'),
    });
  });
});

it('a pack that was changed on disk is repaired, and that is said', { timeout: 120_000 }, async () => {
  const name = 'community.demo.mended';
  const shell = await withBoth(name);
  await shell.run('install', `${name}@1.0.0`, '--dir', 'packs');
  await writeFile(join(shell.folder, 'packs', name, 'index.mjs'), 'evil');
  const { code, stdout } = await shell.run('install', `${name}@1.0.0`, '--dir', 'packs');
  expect([code, stdout]).toEqual([0, expect.stringContaining(`Repaired ${name}@1.0.0`)]);
  expect(stdout).toContain('An installed file was changed. (index.mjs)');
});

it('a path that is not there has a code of ours, and a cure', { timeout: 60_000 }, async () => {
  const { code, document } = await (await newShell()).json('publish', 'gone.tgz');
  expect(code).toBe(1);
  expect(document).toEqual({
    ok: false,
    error: 'file_not_found',
    message: 'There is no such file or directory: gone.tgz',
    cure: 'Check the path.',
  });
});
