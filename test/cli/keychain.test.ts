// A publisher's keys from the command line: one follows another, and a stolen one is taken back with what it signed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell } from '../world/cli.ts';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let token: string;
const NAME = 'community.cli.keys';
beforeAll(async () => {
  registry = await startRegistry();
  token = await accountWith(registry.call, 'cli', ['namespaces:claim', 'keys:manage', 'packs:publish']);
  await registry.call('POST', '/access/namespaces', { token, body: { namespace: 'community.cli' } });
});
afterAll(() => registry.stop());

const workshop = async (): Promise<Shell> => {
  const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: token });
  await shell.run('new', NAME);
  for (const keyId of ['cli-1', 'cli-2']) await shell.run('keygen', '--key-id', keyId);
  const added = await shell.run('keys', 'add', '--key', 'cli-1.pem', '--namespaces', 'community.cli.*');
  expect(added.stderr).toBe('');
  await shell.run('pack', NAME, '--key', 'cli-1.pem');
  expect((await shell.run('publish', `${NAME}-1.0.0.tgz`)).code).toBe(0);
  return shell;
};

describe('what is not there to be revoked', { timeout: 60_000 }, () => {
  it('is named, with the command that lists what is', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: token });
    const key = await shell.run('keys', 'revoke', '--key-id', 'unknown', '--reason', 'stolen');
    expect(key.stderr).toMatch(/No key of that id[\s\S]*attestry keys list[\s\S]*keyId: unknown/);
    const ended = await shell.run('token', 'revoke', 'unknown');
    expect(ended.stderr).toMatch(/No token of that id[\s\S]*attestry token list[\s\S]*token: unknown/);
    expect([key.code, ended.code]).toEqual([1, 1]);
  });
});

describe('keys rotate, keychain and keys compromise', { timeout: 120_000 }, () => {
  it('link two keys, show the chain, and take back what a stolen key signed', async () => {
    const shell = await workshop();
    const started = new Date(Date.now() - 60 * 60 * 1_000).toISOString();
    const pair = ['--old-key', 'cli-1.pem', '--key', 'cli-2.pem', '--pack', NAME];
    const rotated = await shell.run('keys', 'rotate', ...pair);
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    expect(rotated.stdout).toContain('cli-2 follows cli-1');
    const pem = await readFile(join(shell.folder, 'cli-2.pem'), 'utf8');
    expect(rotated.stdout).not.toContain(pem.split('\n')[1]);

    const { document } = await shell.json('keychain', NAME);
    expect(document.keys).toMatchObject([
      { kid: 'cli-1', status: 'rotated', rotatedTo: 'cli-2' },
      { kid: 'cli-2', status: 'active', rotatedFrom: 'cli-1' },
    ]);
    expect((await shell.run('keychain', NAME)).stdout).toMatch(/KID +STATUS[\s\S]+cli-1 +rotated/);

    const again = await shell.run('keys', 'rotate', ...pair);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('followed by cli-2 already')]);

    const asked = ['--key-id', 'cli-1', '--since', started, '--reason', 'stolen laptop'];
    const tried = await shell.run('keys', 'compromise', ...asked, '--dry-run');
    expect(tried.stdout).toMatch(
      /community\.cli\.keys +1\.0\.0[\s\S]+signed 1 version then; without --dry-run/,
    );
    const done = await shell.json('keys', 'compromise', ...asked);
    expect(done.document).toMatchObject({
      rotatedTo: 'cli-2',
      versions: [{ version: '1.0.0', yanked: true }],
    });
    const last = await shell.run('keys', 'compromise', ...asked);
    expect(last.stdout).toMatch(/Revoked cli-1 and yanked 1 version[\s\S]+cli-2 followed it/);
  });

  it('name the cure where they are refused, and the option that is missing', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: token });
    for (const keyId of ['far-1', 'far-2']) await shell.run('keygen', '--key-id', keyId);
    const pair = ['--old-key', 'far-1.pem', '--key', 'far-2.pem', '--pack', NAME];
    const unknown = await shell.run('keys', 'rotate', ...pair);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--old-key-id')]);
    const absent = await shell.run(
      'keys',
      'compromise',
      '--key-id',
      'x',
      '--since',
      '2026-01-01T00:00:00Z',
      '--reason',
      'y',
    );
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('attestry keys list')]);
    expect((await shell.run('keys', 'rotate', '--key', 'far-2.pem')).code).toBe(2);
    expect((await shell.run('keychain', 'community.cli.absent')).code).toBe(1);
  });
});
