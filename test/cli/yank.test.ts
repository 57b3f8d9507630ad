// A publisher's last commands, against a real registry: state a release, publish it, withdraw it, offer it again.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell } from '../world/cli.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry({ allowUnsigned: true });
});
afterAll(() => registry.stop());

const fileOf = (name: string): string => `${name}-1.0.0.tgz`;
const statementOf = (name: string): string => `${fileOf(name)}.intoto.json`;

/** A folder with a pack and a key that is listed for it. */
const workshop = async (name: string): Promise<Shell> => {
  const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
  const keyId = `${name.split('.').at(-1)}-key`;
  await shell.run('new', name);
  await shell.run('keygen', '--key-id', keyId);
  const pem = `${keyId}.pem`;
  const added = await shell.run('keys', 'add', '--key-id', keyId, '--key', pem, '--namespaces', `${name}`);
  expect(added.stderr).toBe('');
  expect((await shell.run('pack', name, '--key', pem)).stderr).toBe('');
  return shell;
};

const statementFrom = (name: string) =>
  registry.call('GET', `/v2/packs/${name}/-/1.0.0.intoto.json`, { token: null });

describe('pack and publish', { timeout: 120_000 }, () => {
  it('state the release beside the tarball, and send the statement along', async () => {
    const name = 'community.cli.stated';
    const shell = await workshop(name);
    expect(await readdir(shell.folder)).toContain(statementOf(name));
    const { document } = await shell.json('publish', fileOf(name));
    expect(document).toMatchObject({ created: true, statement: `/v2/packs/${name}/-/1.0.0.intoto.json` });
    const kept = await readFile(join(shell.folder, statementOf(name)), 'utf8');
    expect((await statementFrom(name)).bytes.toString()).toBe(kept.trim());
  });

  it('say that a version without a statement stays so', async () => {
    const name = 'community.cli.silent';
    const shell = await workshop(name);
    expect((await shell.json('publish', fileOf(name), '--no-statement')).document.statement).toBeNull();
    const again = await shell.run('publish', fileOf(name));
    expect(again.stdout).toContain('Already there');
    expect(again.stdout).toContain('without a release statement before, and stays so');
    expect((await statementFrom(name)).status).toBe(404);
  });

  it('send nothing where the statement is about another tarball, and name the cure', async () => {
    const name = 'community.cli.misfit';
    const shell = await workshop(name);
    const other = await readFile(join(shell.folder, statementOf(name)), 'utf8');
    await writeFile(join(shell.folder, name, 'README.md'), 'changed');
    await shell.run('pack', name, '--key', 'misfit-key.pem', '--source', 'https://acme.example/1');
    await writeFile(join(shell.folder, 'other.json'), other);
    const before = await registry.stored();
    const { code, stderr } = await shell.run('publish', fileOf(name), '--statement', 'other.json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/about another tarball[\s\S]*sha256[\s\S]*--no-statement/);
    const { document } = await shell.json('publish', fileOf(name), '--statement', 'absent.json');
    expect(document.error).toBe('file_not_found');
    expect(await registry.stored()).toEqual(before);
    expect((await shell.run('publish', fileOf(name))).code).toBe(0);
    expect(Buffer.from((await statementFrom(name)).json.payload, 'base64').toString()).toContain(
      'acme.example/1',
    );
  });

  it('leave no statement beside a tarball that nobody signed', async () => {
    const name = 'community.cli.unsigned';
    const shell = await workshop(name);
    const { document } = await shell.json('pack', name, '--unsigned');
    expect(document).toMatchObject({ statement: null, tree: 'v1' });
    expect((await shell.run('publish', fileOf(name))).stdout).toContain(`Published ${name}@1.0.0 (v1)`);
    expect((await shell.run('pack', name, '--unsigned', '--tree', 'v2')).code).toBe(2);
    expect(await readdir(shell.folder)).not.toContain(statementOf(name));
  });
});

describe('yank and unyank', { timeout: 120_000 }, () => {
  it('withdraw a version and offer it again', async () => {
    const name = 'community.cli.yanked';
    const shell = await workshop(name);
    await shell.run('publish', fileOf(name));
    const yanked = await shell.run('yank', `${name}@1.0.0`, '--reason', 'leaks');
    expect(yanked).toMatchObject({ code: 0, stderr: '' });
    expect(yanked.stdout).toContain(`Yanked ${name}@1.0.0`);
    const advisory = ['--advisory-url', 'https://acme.example/a/1'];
    const again = await shell.json('yank', `${name}@1.0.0`, '--reason', 'another', ...advisory);
    expect(again.document).toMatchObject({ version: '1.0.0', yanked: { reason: 'leaks' } });
    const text = await shell.run('yank', `${name}@1.0.0`, '--reason', 'another');
    expect(text.stdout).toContain(`${name}@1.0.0 was yanked before; the reason stays: leaks`);
    const range = await shell.run('verify', `${name}@^1`);
    expect(range.stderr).toContain('yanked');
    expect((await shell.json('unyank', `${name}@1.0.0`)).document).toMatchObject({ yanked: false });
    expect((await shell.run('unyank', `${name}@1.0.0`)).stdout).toContain('was not yanked: nothing changed');
    await shell.run('yank', `${name}@1.0.0`, '--reason', 'leaks');
    expect((await shell.run('unyank', `${name}@1.0.0`)).stdout).toContain('is offered again');
  });

  it('take one version only, and a reason', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
    for (const wanted of ['community.cli.yanked', 'community.cli.yanked@^1']) {
      const { code, stderr } = await shell.run('yank', wanted, '--reason', 'x');
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('Name one version, as in community.cli.yanked@1.0.0'),
      ]);
    }
    expect((await shell.run('yank', 'community.cli.yanked@1.0.0')).stderr).toContain(
      "required option '--reason",
    );
  });

  it('of what is not there name the cure', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
    const { code, stderr } = await shell.run('unyank', 'community.cli.absent@1.0.0');
    expect(code).toBe(1);
    expect(stderr).toContain('Check the version');
  });
});
