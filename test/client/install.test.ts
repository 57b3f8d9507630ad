// What an install does to a directory, and what it never does.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  installPacks,
  loadInstalled,
  memoryTrustStore,
  Refusal,
  RequestInvalid,
} from '../../src/client/index.ts';
import { packWith } from '../world/archives.ts';
import { makePack } from '../world/packs.ts';
import { yank } from '../world/static-registry.ts';
import { acme, newHost, registryWith, TOOLS, tempFolder } from './host.ts';

const NAME = 'vendor.acme.tools';
const versions = (...all: readonly string[]) =>
  Promise.all(all.map((version) => makePack(acme, { version })));

describe('an install', () => {
  it('puts the files in place, for reading only to others and without execute bits, with a record', async () => {
    const host = await newHost();
    const [pack] = await versions('1.0.0');
    if (pack === undefined) throw new Error('no pack');
    await host.install(await registryWith([pack]), TOOLS);
    const { marker, files, manifest } = await loadInstalled(host.dir, NAME);
    expect([...files.keys()].sort()).toEqual([...pack.files.keys()].sort());
    expect(manifest['name']).toBe(NAME);
    expect(marker).toMatchObject({ name: NAME, version: '1.0.0', keyId: 'acme-1', assurance: 'manifest' });
    const { mode } = await stat(join(host.dir, NAME, 'index.mjs'));
    expect((mode & 0o777).toString(8)).toBe('644');
    expect(await readdir(host.dir)).toEqual([NAME]);
  });

  it('gives files the mode 644 whatever the umask of who installs', async () => {
    const host = await newHost();
    const before = process.umask(0o077);
    await host
      .install(await registryWith(await versions('1.0.0')), TOOLS)
      .finally(() => process.umask(before));
    const { mode } = await stat(join(host.dir, NAME, 'index.mjs'));
    expect((mode & 0o777).toString(8)).toBe('644');
  });

  it('of a version that was damaged puts it right again, and says what had been changed', async () => {
    const host = await newHost();
    const registry = await registryWith(await versions('1.0.0'));
    await host.install(registry, TOOLS);
    await writeFile(join(host.dir, NAME, 'index.mjs'), 'evil');
    expect(await host.install(registry, TOOLS)).toMatchObject([
      { installed: true, repaired: { code: 'installed_file_changed', paths: ['index.mjs'] } },
    ]);
    await expect(loadInstalled(host.dir, NAME)).resolves.toBeDefined();
    await writeFile(join(host.dir, NAME, 'more.mjs'), 'evil');
    expect(await host.install(registry, TOOLS)).toMatchObject([
      { repaired: { code: 'installed_file_added', paths: ['more.mjs'] } },
    ]);
    expect(await host.install(registry, TOOLS)).toEqual([
      expect.not.objectContaining({ repaired: expect.anything() }),
    ]);
  });

  it('of a range takes the highest version that it admits and that was not yanked', async () => {
    const host = await newHost();
    const packs = await versions('1.0.0', '1.2.0', '1.3.0', '2.0.0', '1.4.0-beta.1');
    const registry = await registryWith(packs);
    const [, , yanked] = packs;
    if (yanked !== undefined) yank(registry, yanked, 'it was broken');
    expect(await host.install(registry, `${NAME}@^1.0`)).toMatchObject([{ version: '1.2.0' }]);
    expect(await host.install(registry, NAME)).toMatchObject([{ version: '2.0.0' }]);
  });

  it('of a yanked version pinned exactly goes through, with a warning', async () => {
    const packs = await versions('1.0.0');
    const registry = await registryWith(packs);
    for (const pack of packs) yank(registry, pack, 'it was broken');
    const [installed] = await (await newHost()).install(registry, TOOLS);
    expect(installed?.verified?.warnings).toContain('this version was yanked: it was broken');
    expect(installed?.verified?.warnings.join()).toContain('keeps no log');
    expect((await (await newHost()).refusal(registry, `${NAME}@*`)).code).toBe('no_version_satisfies');
  });

  it('of a range is refused where the index hides that the version was yanked', async () => {
    const packs = await versions('1.0.0');
    const registry = await registryWith(packs);
    const path = `/v1/packs/${NAME}/index.json`;
    const honest = registry.json(path);
    for (const pack of packs) yank(registry, pack, 'it was broken');
    registry.setJson(path, honest);
    const { code, question } = await (await newHost()).refusal(registry, `${NAME}@^1`);
    expect({ code, question }).toEqual({ code: 'pack_version_yanked', question: 'lifecycle' });
  });

  it('is refused where the pack does not admit the protocol version of the host', async () => {
    const registry = await registryWith(await versions('1.0.0'));
    const policy = { protocolMajor: 2 };
    const { code, question } = await (await newHost()).refusal(registry, TOOLS, { policy });
    expect({ code, question }).toEqual({ code: 'pack_engine_unsupported', question: 'engines' });
  });

  it('of several packs installs all or none', async () => {
    const host = await newHost();
    const registry = await registryWith(await versions('1.0.0'));
    const requests = [TOOLS, 'vendor.acme.missing@1.0.0'];
    await expect(host.install(registry, requests)).rejects.toMatchObject({ code: 'pack_not_found' });
    await expect(readdir(host.dir)).rejects.toThrow('ENOENT');
  });

  it('refuses requests that make no sense before asking anybody', async () => {
    const host = await newHost();
    const registry = await registryWith([]);
    for (const request of ['tools', '../../etc@1.0.0', `${NAME}@latest`, `${NAME}@`, 'local.acme.x@1.0.0'])
      await expect(host.install(registry, request)).rejects.toBeInstanceOf(RequestInvalid);
    expect(registry.requests).toEqual([]);
  });

  it.skipIf(!existsSync('/proc'))('below a place where no directory can be made fails at once', async () => {
    const { url } = await registryWith(await versions('1.0.0'));
    const install = installPacks({ url, dir: '/proc/nope/packs', requests: [TOOLS] });
    await expect(install).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/nope' });
  });

  it('makes every directory on the way, and takes them away again where nothing was installed', async () => {
    const folder = await tempFolder();
    const dir = join(folder, 'some', 'way', 'down');
    const { url } = await registryWith(await versions('1.0.0'));
    const install = (request: string) =>
      installPacks({ url, dir, store: memoryTrustStore(), requests: [request] });
    await expect(install(`${NAME}@3.0.0`)).rejects.toBeInstanceOf(Refusal);
    expect(await readdir(folder)).toEqual([]);
    await install(TOOLS);
    expect(await readdir(dir)).toEqual([NAME]);
  });

  it('prefers the v2 tree where the version is served there, unless told otherwise', async () => {
    const registry = await registryWith([await makePack(acme), await makePack(acme, { tree: 'v2' })]);
    const [two] = await (await newHost()).install(registry, TOOLS);
    const [one] = await (await newHost()).install(registry, TOOLS, { policy: { tree: 'v1' } });
    expect([two?.verified?.tree, one?.verified?.tree]).toEqual(['v2', 'v1']);
  });

  it('finds its way at a registry without a discovery document, and says what it could not check', async () => {
    const registry = await registryWith(await versions('1.0.0'));
    registry.files.delete('/.well-known/openwop-registry.json');
    const [installed] = await (await newHost()).install(registry, TOOLS);
    const unchecked = installed?.verified?.questions.filter(({ answer }) => answer === 'not_checked');
    expect(unchecked?.map(({ question }) => question)).toContain('delegation');
  });

  it('waits for another install in the same directory, and both succeed', async () => {
    const host = await newHost();
    const registry = await registryWith(await versions('1.0.0', '2.0.0'));
    const both = [host.install(registry, TOOLS), host.install(registry, `${NAME}@2.0.0`)];
    await Promise.all(both);
    expect(['1.0.0', '2.0.0']).toContain((await loadInstalled(host.dir, NAME)).marker.version);
    expect(await readdir(host.dir)).toEqual([NAME]);
  });

  it('gives up with the holder’s name where the other one does not end', async () => {
    const host = await newHost();
    await mkdir(host.dir);
    const holder = { pid: process.pid, host: hostname(), token: 'x' };
    await writeFile(join(host.dir, '.attestry-lock'), JSON.stringify(holder));
    const registry = await registryWith(await versions('1.0.0'));
    const { code, evidence } = await host.refusal(registry, TOOLS, { lockWaitMs: 100 });
    expect(code).toBe('install_locked');
    expect(String(evidence['holder'])).toContain(String(process.pid));
  });
});

describe('what stands in the place of a pack', () => {
  it.each([
    ['a symbolic link to somewhere else', (path: string, elsewhere: string) => symlink(elsewhere, path)],
    ['a symbolic link to nowhere', (path: string) => symlink('/nowhere/at/all', path)],
    ['a file', (path: string) => writeFile(path, 'mine')],
    ['a directory of somebody else’s', (path: string) => mkdir(path)],
  ])('is never written through nor removed: %s', async (_name, plant) => {
    const host = await newHost();
    const elsewhere = await tempFolder();
    await mkdir(host.dir);
    await plant(join(host.dir, NAME), elsewhere);
    const { code } = await host.refusal(await registryWith(await versions('1.0.0')), TOOLS);
    expect(code).toBe('install_target_foreign');
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await readdir(host.dir)).length).toBe(1);
  });

  it('may be planted for the next version too: the link stays, and nothing is behind it', async () => {
    const host = await newHost();
    const elsewhere = await tempFolder();
    await mkdir(host.dir);
    await symlink(elsewhere, join(host.dir, '.attestry-new-planted'));
    await symlink(elsewhere, join(host.dir, '.attestry-old-vendor.acme.other'));
    await writeFile(join(elsewhere, 'mine'), 'mine');
    await host.install(await registryWith(await versions('1.0.0')), TOOLS);
    expect(await readFile(join(elsewhere, 'mine'), 'utf8')).toBe('mine');
    expect(await readlink(join(host.dir, 'vendor.acme.other'))).toBe(elsewhere);
    await expect(loadInstalled(host.dir, 'vendor.acme.other')).rejects.toBeInstanceOf(Refusal);
  });
});

it('a pack cannot bring the record of its own install along', async () => {
  const tarball = packWith({ name: '.attestry.json', bytes: '{}' });
  const registry = await registryWith([{ ...(await makePack(acme)), tarball }]);
  const host = await newHost();
  expect((await host.refusal(registry, TOOLS)).code).toBe('archive_invalid');
});

it('the lock of a process that died is taken over', async () => {
  const host = await newHost();
  await mkdir(host.dir);
  const dead = execFile(process.execPath, ['-e', '']);
  await new Promise((resolve) => dead.once('exit', resolve));
  const holder = { pid: dead.pid, host: hostname(), token: 'x' };
  await writeFile(join(host.dir, '.attestry-lock'), JSON.stringify(holder));
  const { url } = await registryWith(await versions('1.0.0'));
  await installPacks({ url, dir: host.dir, store: host.store, requests: [TOOLS], lockWaitMs: 1_000 });
  expect(await readdir(host.dir)).toEqual([NAME]);
});
