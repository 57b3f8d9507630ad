// A host's set at the command line: locked, looked at, installed as it was locked, and what is said where it cannot be.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell, shellIn } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const [APP, LIB] = ['vendor.acme.app', 'vendor.acme.lib'];
const LOCK = 'pack-lock.json';
const acme = createPublisher();
let registry: TestRegistry;

const publish = async (name: string, version: string, dependencies = {}): Promise<void> => {
  const body = await acme.pack({ name, version, edits: { '/dependencies': dependencies } });
  expect((await registry.call('PUT', addressOf(name, version), { body })).status).toBe(201);
};

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await publish(LIB, '1.0.0');
  await publish(APP, '1.0.0', { [LIB]: '^1.0.0' });
});
afterAll(() => registry.stop());

const locked = async (): Promise<Shell> => {
  const shell = await newShell({ ATTESTRY_URL: registry.url });
  const made = await shell.run('lock', `${APP}@^1`);
  expect(made).toMatchObject({ code: 0, stderr: expect.not.stringContaining('rror') });
  expect(made.stdout).toContain(`+ ${LIB}@1.`);
  expect(made.stdout).toContain(`Wrote ${LOCK}: 2 packs`);
  return shell;
};

const read = (shell: Shell, file = LOCK): Promise<string> => readFile(join(shell.folder, file), 'utf8');

describe('attestry lock', { timeout: 120_000 }, () => {
  it('remembers what was asked for, follows what was published since, and install goes by it', async () => {
    const shell = await locked();
    const before = await read(shell);
    expect((await shell.run('lock')).stdout).toContain(`Nothing changed in ${LOCK}`);
    const { document: first } = await shell.json('lock');
    await publish(LIB, '1.1.0');
    const { stdout } = await shell.run('outdated');
    expect(stdout).toMatch(/vendor\.acme\.lib +1\.0\.0 +1\.1\.0 +1\.1\.0/);
    expect((await shell.run('lock')).stdout).toContain(`${LIB}  1.0.0 → 1.1.0`);
    const size = String(first.logs[0].size);
    expect((await shell.run('lock', '--at', size)).stdout).toContain(`As of ${size} entries`);
    expect(await read(shell)).toBe(before);
    const installed = await shell.run('install', '--dir', 'packs');
    expect(installed.stdout).toContain(`Going by ${LOCK}`);
    expect(installed.stdout).toContain(`Installed ${LIB}@1.0.0`);
  });

  it('overrides a version for everybody, and keeps to that', async () => {
    await publish(LIB, '1.0.5');
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    await shell.run('lock', APP, '--override', `${LIB}@1.0.5`);
    const { document } = await shell.json('lock');
    expect(document.packs).toMatchObject([{ name: APP }, { name: LIB, version: '1.0.5' }]);
    expect(JSON.parse(await read(shell)).overrides).toEqual({ [LIB]: '1.0.5' });
    const refused = await shell.json('lock', APP, '--override', `${LIB}@9.0.0`);
    expect(refused).toMatchObject({ code: 1, document: { error: 'pack_dependency_conflict' } });
  });

  it('says of an override that nobody admits what would admit it, and that is true', async () => {
    await publish(LIB, '3.0.0');
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const override = ['--override', `${LIB}@3.0.0`];
    const refused = await shell.run('lock', APP, ...override);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain(`Nobody who asks for ${LIB} admits the override 3.0.0`);
    expect(refused.stderr).toContain(`with ${LIB}@3.0.0 before --override`);
    const { document } = await shell.json('lock', APP, `${LIB}@3.0.0`, ...override);
    expect(document.packs).toMatchObject([{ name: APP }, { name: LIB, version: '3.0.0' }]);
  });

  it('accuses nobody where an earlier state is asked about that never was, or that had less', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const long = await shell.run('lock', APP, '--at', '99999');
    expect(long).toMatchObject({ code: 1, stderr: expect.stringContaining('log_too_short') });
    expect(long.stderr).not.toContain('saved');
    const early = await shell.run('lock', APP, '--at', '1');
    expect(early).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no ${APP} when its log had 1 entry`),
    });
    expect(early.stderr).toContain('--at');
  });

  it('leaves the lockfile as it is where nothing fits together, and names who asks for what', async () => {
    await publish(LIB, '2.0.0');
    await publish('vendor.acme.rival', '1.0.0', { [LIB]: '^2.0.0' });
    const shell = await locked();
    const before = await read(shell);
    const { code, stderr } = await shell.run('lock', APP, 'vendor.acme.rival');
    expect(code).toBe(1);
    expect(stderr).toContain('vendor.acme.rival@1.0.0 asks for ^2.0.0');
    expect(stderr).toContain('attestry lock --override');
    expect(await read(shell)).toBe(before);
  });
});

describe('attestry install --frozen', { timeout: 120_000 }, () => {
  it('takes a lockfile of another tool, and refuses what is not in it', async () => {
    const shell = await locked();
    await rm(join(shell.folder, 'pack-lock.attestry.json'));
    expect((await shell.run('install', '--frozen', '--dir', 'packs')).code).toBe(0);
    expect((await readdir(join(shell.folder, 'packs'))).sort()).toEqual([APP, LIB]);
    const elsewhere = await shellIn(shell.folder);
    expect((await elsewhere.run('install', '--frozen', '--dir', 'followed')).code).toBe(0);
    const mirror = registry.url.replace('127.0.0.1', 'localhost');
    const mirrored = await elsewhere.json('install', '--frozen', '--dir', 'mirrored', '--url', mirror);
    expect(mirrored.document.packs).toMatchObject([{ verified: { registry: mirror } }, { installed: true }]);
    expect(mirrored.document.askedInstead).toEqual([{ lockfile: registry.url, asked: mirror, packs: 2 }]);
    const again = await elsewhere.run('install', '--frozen', '--dir', 'mirrored', '--url', mirror);
    expect(again.stderr).toContain(`has 2 packs from ${registry.url}, and ${mirror} is asked`);
    expect((await shell.run('install', '--frozen', '--dir', 'packs')).stderr).toBe('');
    const other = await shell.json('install', 'vendor.acme.other', '--frozen', '--dir', 'packs');
    expect(other).toMatchObject({ code: 1, document: { error: 'pack_lockfile_incomplete' } });
  });

  it('refuses other bytes than the locked ones', async () => {
    const shell = await locked();
    const lock = (await read(shell)).replace(/sha256-[^"]+/g, `sha256-${'A'.repeat(43)}=`);
    await writeFile(join(shell.folder, LOCK), lock);
    const refused = await shell.json('install', '--frozen', '--dir', 'packs');
    expect(refused).toMatchObject({ code: 1, document: { error: 'pack_integrity_mismatch' } });
    const { stderr } = await shell.run('install', '--frozen', '--dir', 'packs');
    expect(stderr).toContain(`The lockfile names other bytes for`);
    expect(stderr).toContain('Compare the lockfile');
    expect(stderr).not.toContain('operator');
  });
});

describe('wrong use:', { timeout: 60_000 }, () => {
  it.each([
    ['nothing was ever locked', ['lock']],
    ['an override that is a range', ['lock', APP, '--override', `${LIB}@^1`]],
  ])('%s', async (_name, args) => {
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    expect((await shell.run(...args)).code).toBe(2);
    expect(await readdir(shell.folder)).toEqual([]);
  });
});
