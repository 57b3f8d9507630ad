// Bundles at the command line: made with a network, checked without one, and what somebody is told who cannot.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loggedRegistry } from '../client/logged.ts';
import { publisher } from '../client/trusted.ts';
import { newShell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';

const TOOLS = 'vendor.acme.tools@1.0.0';
const OUT = 'tools.bundle.json';
const FAR = '2096-01-01T00:00:00Z';

/** Fresh by the clock of the machine, which is the command line's. */
const freshRegistry = async () => {
  const pack = await makePack(publisher);
  const registry = await loggedRegistry(pack);
  await registry.serveRoot({ expires: FAR });
  await registry.serveKeyring({ expires: FAR });
  await registry.serveWithdrawals({ expires: FAR });
  await registry.serveStatement(pack);
  return registry;
};

const bundled = async () => {
  const registry = await freshRegistry();
  const shell = await newShell();
  const root = join(shell.folder, 'root.json');
  await writeFile(root, registry.files.get('/trust/root.json') ?? '');
  const made = await shell.run('bundle', TOOLS, '--out', OUT, '--url', registry.url);
  expect(made).toMatchObject({ code: 0 });
  await registry.close();
  return { shell, made, registry };
};

describe('attestry bundle', { timeout: 60_000 }, () => {
  it('writes one file from which the version is verified when the registry is gone', async () => {
    const { shell, made } = await bundled();
    expect(made.stdout).toContain(`attestry verify --bundle ${OUT}`);
    const { code, stdout } = await shell.run('verify', '--bundle', OUT, '--root', 'root.json');
    expect(code).toBe(0);
    expect(stdout).toContain('Assurance: log+bytes');
    expect(stdout).toContain('Recorded as leaf 3 of 4');
    expect(stdout).toContain('that key spoke for this namespace and stood in force when the log recorded it');
    expect(stdout).toMatch(/As of 2\S+Z \(4 log entries\), as the bundle says; later yanks and revocations/);
    expect(stdout).not.toContain('Warning');
  });

  it('remembers nothing of an offline check, unless it is told where', async () => {
    const { shell } = await bundled();
    await shell.run('verify', '--bundle', OUT, '--state', 'state.json');
    const state = JSON.parse(await readFile(join(shell.folder, 'state.json'), 'utf8'));
    expect(state.checkpoint.size).toBe(4);
  });

  it('never overwrites a file', async () => {
    const { shell } = await bundled();
    const registry = await freshRegistry();
    const { code, stderr } = await shell.run('bundle', TOOLS, '--out', OUT, '--url', registry.url);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing is overwritten'),
    });
  });
});

describe('attestry verify --bundle', { timeout: 60_000 }, () => {
  it('says how to ask as of an earlier time once the bundle has expired', async () => {
    const { shell } = await bundled();
    const late = ['verify', '--bundle', OUT, '--root', 'root.json', '--at', '2097-01-01T00:00:00Z'];
    const { code, stderr } = await shell.run(...late);
    expect(code).toBe(1);
    const [, at = ''] = /--at (\S+),/.exec(stderr) ?? [];
    expect((await shell.run(...late.slice(0, -1), at)).code).toBe(0);
  });

  it('starts from the root that is remembered here, where none is named, and says so', async () => {
    const { shell, registry } = await bundled();
    const { stdout } = await shell.run('verify', '--bundle', OUT);
    expect(stdout).toContain(`Starting from the root of ${registry.url} that is remembered here`);
    expect(stdout).not.toContain('trusted on first use');
    const elsewhere = await newShell();
    await writeFile(join(elsewhere.folder, OUT), await readFile(join(shell.folder, OUT)));
    expect((await elsewhere.run('verify', '--bundle', OUT)).stdout).toContain('trusted on first use');
  });

  it('tells nothing of a time before the bundle was made', async () => {
    const { shell } = await bundled();
    const early = ['verify', '--bundle', OUT, '--root', 'root.json', '--at', '2020-11-20T00:00:00Z'];
    const { code, stderr } = await shell.run(...early);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('ask as of then') });
  });

  it('is the command for this file, which "install --bundle" says', async () => {
    const { shell } = await bundled();
    const { code, stderr } = await shell.run('install', '--bundle', OUT, '--root', 'root.json', '--dir', 'x');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('of one version') });
    expect(stderr).toContain('attestry verify --bundle FILE');
  });

  it('refuses a tampered bundle and names the question', async () => {
    const { shell } = await bundled();
    const path = join(shell.folder, OUT);
    const bundle = JSON.parse(await readFile(path, 'utf8'));
    bundle.answers['/v1/packs/vendor.acme.tools/-/1.0.0.tgz'].body = 'AAAA';
    await writeFile(path, JSON.stringify(bundle));
    const { code, document } = await shell.json('verify', '--bundle', OUT, '--root', 'root.json');
    expect({ code, document }).toMatchObject({
      code: 1,
      document: { error: 'pack_integrity_mismatch', question: 'digest' },
    });
  });

  it.each([
    ['another version than the bundle holds', ['vendor.acme.tools@9.0.0', '--bundle', OUT]],
    ['a time without a bundle', [TOOLS, '--at', '2026-06-01T00:00:00Z']],
    ['a time that is none', ['--bundle', OUT, '--at', 'yesterday']],
    ['neither a version nor a bundle', []],
    ['an assurance that is none', ['--bundle', OUT, '--require', 'certainty']],
  ])('is used wrongly with %s', async (_name, args) => {
    const { shell } = await bundled();
    expect((await shell.run('verify', ...args)).code).toBe(2);
  });
});

describe('attestry verify --require', { timeout: 60_000 }, () => {
  it('refuses what rests on less, and says what that is', async () => {
    const registry = await freshRegistry();
    registry.files.delete('/v1/packs/vendor.acme.tools/-/1.0.0.intoto.json');
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    expect((await shell.run('verify', TOOLS, '--require', 'log+manifest')).code).toBe(0);
    const { code, stderr } = await shell.run('verify', TOOLS, '--require', 'log+bytes');
    expect(code).toBe(1);
    expect(stderr).toContain('asks for the assurance log+bytes, and the pack has log+manifest');
    expect(stderr).toContain('--require');
  });
});

describe('attestry install', { timeout: 60_000 }, () => {
  it('warns where less vouches for a pack than its log allows, unless something was asked for', async () => {
    const registry = await freshRegistry();
    registry.files.delete('/v1/packs/vendor.acme.tools/-/1.0.0.intoto.json');
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const { code, stdout } = await shell.run('install', TOOLS, '--dir', 'packs');
    expect(code).toBe(0);
    expect(stdout).toMatch(/warning: this rests on log\+manifest .+--require log\+bytes/);
    const asked = await shell.run('install', TOOLS, '--dir', 'other', '--require', 'log+manifest');
    expect(asked.stdout).not.toContain('--require');
    const { stdout: verified } = await shell.run('verify', TOOLS);
    expect(verified).toContain('not checked, the registry serves none for it');
  });

  it('says so where what should be remembered in a file would be in a directory', async () => {
    const registry = await freshRegistry();
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const { code, stderr } = await shell.run('verify', TOOLS, '--state', shell.folder);
    expect(code).toBe(1);
    expect(stderr).toContain(`${shell.folder} is a directory`);
  });
});
