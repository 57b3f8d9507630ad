// A lockfile taken over an air gap at the command line: bundled with a network, installed where none is asked.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerAt, tamper } from '../client/bundle-parts.ts';
import { newShell, type Shell, shellIn } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry } from '../world/registry.ts';

const [APP, LIB] = ['vendor.acme.app', 'vendor.acme.lib'];
const OUT = 'packs.bundle';
const INSTALL = ['install', '--bundle', OUT, '--dir', 'packs'];
const WITH_ROOT = [...INSTALL, '--root', 'root.json'];

const carried: Record<string, Buffer> = {};
let said = '';

/** All that is carried over, and the registry is gone. */
beforeAll(async () => {
  const registry = await startRegistry();
  const acme = createPublisher();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  const publish = async (name: string, dependencies = {}) => {
    const body = await acme.pack({ name, version: '1.0.0', edits: { '/dependencies': dependencies } });
    expect((await registry.call('PUT', addressOf(name, '1.0.0'), { body })).status).toBe(201);
  };
  await publish(LIB);
  await publish(APP, { [LIB]: '^1.0.0' });
  const folder = await mkdtemp(join(tmpdir(), 'attestry-carried-'));
  const shell = await shellIn(folder, { ATTESTRY_URL: registry.url });
  expect((await shell.run('lock', APP)).code).toBe(0);
  const made = await shell.run('bundle', '--lock', 'pack-lock.json', '--out', OUT);
  expect(made).toMatchObject({ code: 0 });
  said = made.stdout;
  const again = await shell.run('bundle', '--lock', 'pack-lock.json', '--out', OUT);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing is overwritten') });
  expect((await shell.run('bundle', APP, '--lock', 'pack-lock.json', '--out', 'x')).code).toBe(2);
  expect((await shell.run('bundle', '--out', 'x')).code).toBe(2);
  carried['root.json'] = Buffer.from(await (await fetch(`${registry.url}/trust/root.json`)).arrayBuffer());
  for (const file of [OUT, 'pack-lock.json', 'pack-lock.attestry.json'])
    carried[file] = await readFile(join(shell.folder, file));
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

/** Ends the command at its first try to reach anybody. */
const CUT = `import net from 'node:net';
net.Socket.prototype.connect = () => { process.stderr.write('a network call was made'); process.exit(99); };`;
const CUT_OFF = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(CUT)}` };

const across = async (...files: readonly string[]): Promise<Shell> => {
  const shell = await newShell(CUT_OFF, { anew: true });
  for (const file of files) await writeFile(join(shell.folder, file), carried[file] ?? '');
  return shell;
};

const nothingIn = async ({ folder }: Shell): Promise<void> =>
  expect(await readdir(folder)).not.toContain('packs');

describe('attestry bundle --lock', () => {
  it('says what each pack rests on, and what to type on the other side', () => {
    expect(said).toContain(`${LIB}@1.0.0: log+manifest`);
    expect(said).toMatch(/Wrote packs\.bundle: 2 packs, \d+ answers, \d+ bytes/);
    expect(said).toContain(`attestry install --bundle ${OUT} --root ROOT --dir DIR`);
  });
});

describe('attestry install --bundle', { timeout: 60_000 }, () => {
  it('installs all that is locked when the registry is gone, and states the assurance', async () => {
    const shell = await across(OUT, 'root.json', 'pack-lock.json', 'pack-lock.attestry.json');
    const { code, stdout } = await shell.run(...WITH_ROOT, '--lock', 'pack-lock.json');
    expect(code).toBe(0);
    expect(stdout).toContain(`Installed ${LIB}@1.0.0`);
    expect(stdout).toContain('assurance: log+manifest');
    expect(stdout).toMatch(/As of 2\S+Z, .+; later yanks and revocations are not in it/);
    const { document } = await shell.json(...WITH_ROOT);
    expect(document).toMatchObject({ ok: true, packs: [{ name: APP, installed: false }, { name: LIB }] });
  });

  it('has no network there, which whoever asks a registry finds out', async () => {
    const shell = await across('pack-lock.json');
    const { code, stderr } = await shell.run('install', '--frozen', '--dir', 'packs');
    expect({ code, stderr }).toMatchObject({ code: 99, stderr: expect.stringContaining('network call') });
  });

  it('takes nothing on the word of the bundle alone', async () => {
    const shell = await across(OUT);
    const { code, stderr } = await shell.run(...INSTALL);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--root FILE') });
    await nothingIn(shell);
  });

  it('refuses a tampered bundle by name, and less than is asked for', async () => {
    const shell = await across(OUT, 'root.json');
    const less = await shell.json(...WITH_ROOT, '--require', 'log+bytes');
    expect(less).toMatchObject({ code: 1, document: { error: 'assurance_too_low' } });
    await tamper(join(shell.folder, OUT), (parts) => {
      answerAt(parts, `/v1/packs/${LIB}/-/1.0.0.tgz`).body = Buffer.from('other');
    });
    const refused = await shell.json(...WITH_ROOT);
    expect(refused).toMatchObject({ code: 1, document: { error: 'pack_integrity_mismatch' } });
    await nothingIn(shell);
  });

  it('honours the policy of the folder, and no option loosens it', async () => {
    const shell = await across(OUT, 'root.json');
    const policy = { attestryPolicy: 1, mode: 'allowlist', allow: { namespaces: ['core.*'] } };
    await writeFile(join(shell.folder, 'attestry.policy.json'), JSON.stringify(policy));
    const refused = await shell.json(...WITH_ROOT);
    expect(refused).toMatchObject({ code: 1, document: { error: 'policy_refused' } });
    expect((await shell.run(...WITH_ROOT, '--allow-unsigned')).code).toBe(2);
    await nothingIn(shell);
  });

  it('is told as of when, which was not before the bundle was made', async () => {
    const shell = await across(OUT, 'root.json');
    const { code, stderr } = await shell.run(...WITH_ROOT, '--at', '2020-11-20T00:00:00Z');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('ask as of then') });
    await nothingIn(shell);
  });

  it('is the command for this file, which "verify --bundle" says', async () => {
    const shell = await across(OUT, 'root.json');
    const { code, stderr } = await shell.run('verify', '--bundle', OUT, '--root', 'root.json');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('a whole lockfile') });
    expect(stderr).toContain('attestry install --bundle FILE');
  });

  it('has a registry without a root named only where it has none', async () => {
    const shell = await across(OUT, 'root.json');
    const { registries } = JSON.parse(String(carried[OUT]).split('\n', 1)[0] ?? '');
    const { code, stderr } = await shell.run(...INSTALL, '--from', registries[0]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('has one') });
    expect((await shell.run(...WITH_ROOT, '--from', 'https://other.example')).code).toBe(2);
    await nothingIn(shell);
  });

  it('refuses the bundle of another lockfile than the one at hand', async () => {
    const shell = await across(OUT, 'root.json', 'pack-lock.json');
    const path = join(shell.folder, 'pack-lock.json');
    const lock = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...lock, packs: lock.packs.slice(1) }));
    const refused = await shell.json(...WITH_ROOT);
    expect(refused).toMatchObject({ code: 1, document: { error: 'bundle_mismatch' } });
    await nothingIn(shell);
  });
});
