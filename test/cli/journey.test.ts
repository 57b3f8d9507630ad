// From an empty folder to an installed pack: a publisher's commands, then a host's.
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parsePublicKeyPem } from '../../keys/key.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { takeApart } from '../world/packs.ts';
import {
  DISCOVERY,
  discoveryOf,
  emptyRegistry,
  type Lie,
  type StaticRegistry,
} from '../world/static-registry.ts';

const NAME = 'vendor.acme.tools';
const FILE = `${NAME}-1.0.0.tgz`;

interface Upload {
  readonly method: string | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A registry that lists one key and takes every tarball that is sent to it, once. */
const takingRegistry = async (publicKeyPem: Buffer) => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  const listing = {
    keyId: 'acme-1',
    publicKeyUrl: '/keys/acme-1.pub',
    permittedNamespaces: ['vendor.acme.*'],
  };
  registry.setJson(DISCOVERY, { ...discoveryOf([]), signingKeys: [listing] });
  registry.files.set('/keys/acme-1.pub', publicKeyPem);
  const uploads: Upload[] = [];
  const take: Lie = async (response, _honest, request) => {
    const path = request.url ?? '';
    uploads.push({ method: request.method, path, headers: request.headers });
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const again = registry.files.has(path);
    const tree = path.startsWith('/v2') ? 'v2' : 'v1';
    if (!again) registry.add(await takeApart(Buffer.concat(chunks), tree, 'acme-1'));
    response.writeHead(again ? 200 : 201).end('{"signed":true}');
  };
  registry.lieAbout(/\.tgz$/, (response, honest, request) => {
    if (request.method === 'PUT') take(response, honest, request);
    else response.writeHead(honest.length > 0 ? 200 : 404).end(honest);
  });
  return { registry, uploads };
};

const scaffolded = async (): Promise<Shell> => {
  // Each command starts the program and ends it, as they do for a publisher.
  const shell = await newShell({ ATTESTRY_TOKEN: 'att_test' }, { anew: true });
  await shell.run('new', NAME);
  await shell.run('keygen', '--key-id', 'acme-1');
  return shell;
};

const pack = (shell: Shell, ...more: readonly string[]) =>
  shell.run('pack', NAME, '--key', 'acme-1.pem', ...more);

describe.each(['v1', 'v2'])('a new pack in the %s tree', { timeout: 60_000 }, (tree) => {
  it('goes from "new" to "install" without a word from anybody', async () => {
    const shell = await scaffolded();
    const pem = await readFile(join(shell.folder, 'acme-1.pub'));
    const { registry, uploads } = await takingRegistry(pem);
    expect(await pack(shell, '--tree', tree)).toMatchObject({ code: 0, stderr: '' });
    const published = await shell.run('publish', FILE, '--url', registry.url);
    expect(published.stdout).toContain(`Published ${NAME}@1.0.0 (${tree})`);
    expect(uploads[0]).toMatchObject({
      method: 'PUT',
      path: `/${tree}/packs/${NAME}/-/1.0.0.tgz`,
      headers: { authorization: 'Bearer att_test', 'content-type': 'application/gzip' },
    });
    expect((await shell.run('publish', FILE, '--url', registry.url)).stdout).toContain('Already there');
    const verified = await shell.run('verify', `${NAME}@1.0.0`, '--url', registry.url);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain('  ✓ the named key made the signature\n');
    expect(verified.stdout).toMatch(/ {2}– the log records this version: not checked, .+\n/);
    expect(verified.stdout).toContain('Assurance: manifest (');
    const args = ['install', `${NAME}@^1`, '--dir', 'packs', '--url', registry.url];
    expect((await shell.json(...args)).document).toMatchObject({ ok: true, packs: [{ installed: true }] });
    expect((await shell.json(...args)).document).toMatchObject({ packs: [{ installed: false }] });
    expect(await readdir(join(shell.folder, 'packs'))).toEqual([NAME]);
  });

  it('is the same bytes wherever and whenever it is packed', async () => {
    const shell = await scaffolded();
    const one = await shell.json('pack', NAME, '--key', 'acme-1.pem', '--tree', tree);
    const two = await shell.json('pack', NAME, '--key', 'acme-1.pem', '--tree', tree, '--out', 'a/gain');
    expect(one.document.integrity).toBe(two.document.integrity);
    expect(one.document).toMatchObject({ name: NAME, version: '1.0.0', tree, keyId: 'acme-1' });
  });
});

describe('verify', { timeout: 60_000 }, () => {
  it('shows the question that failed, its code and both digests, and ends with exit code 1', async () => {
    const shell = await scaffolded();
    await pack(shell);
    const { registry } = await takingRegistry(await readFile(join(shell.folder, 'acme-1.pub')));
    await shell.run('publish', FILE, '--url', registry.url);
    tamper(registry);
    const { code, stderr } = await shell.run('verify', `${NAME}@1.0.0`, '--url', registry.url);
    expect(code).toBe(1);
    expect(stderr).toContain('✗ the tarball has the digest that the registry names');
    expect(stderr).toMatch(/code: pack_integrity_mismatch\n {2}expected: sha256-.+\n {2}found: sha256-/);
  });
});

const tamper = (registry: StaticRegistry): void => {
  const path = `/v2/packs/${NAME}/-/1.0.0.tgz`;
  const bytes = Buffer.from(registry.files.get(path) ?? []);
  registry.files.set(path, Buffer.concat([bytes, Buffer.from('x')]));
};

describe('keygen', { timeout: 30_000 }, () => {
  it('writes a private key for its owner alone, and never over another one', async () => {
    const shell = await scaffolded();
    expect((await stat(join(shell.folder, 'acme-1.pem'))).mode & 0o777).toBe(0o600);
    const pem = await readFile(join(shell.folder, 'acme-1.pub'), 'utf8');
    expect(parsePublicKeyPem(pem)).toHaveLength(32);
    const before = await readFile(join(shell.folder, 'acme-1.pem'), 'utf8');
    const { code, stderr } = await shell.run('keygen', '--key-id', 'acme-1');
    expect(code).toBe(1);
    expect(stderr).toContain('never overwritten');
    expect(await readFile(join(shell.folder, 'acme-1.pem'), 'utf8')).toBe(before);
  });
});

describe('pack', { timeout: 30_000 }, () => {
  it('lists every violation before it signs anything', async () => {
    const shell = await scaffolded();
    const path = join(shell.folder, NAME, 'pack.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    manifest.nodes[0].inputSchemaRef = 'schemas/missing.json';
    manifest.runtime.entry = 'missing.mjs';
    manifest.version = '1.0';
    await writeFile(path, JSON.stringify(manifest));
    const { code, stderr } = await pack(shell);
    expect(code).toBe(1);
    for (const found of ['/version', '/nodes/0/inputSchemaRef', '/runtime/entry'])
      expect(stderr).toContain(found);
    expect(await readdir(shell.folder)).not.toContain(FILE);
  });

  it('never packs a private key, hidden files or links', async () => {
    const shell = await scaffolded();
    await writeFile(join(shell.folder, NAME, '.env'), 'SECRET=1');
    expect((await pack(shell)).code).toBe(0);
    const made = await takeApart(await readFile(join(shell.folder, FILE)), 'v2', 'acme-1');
    expect([...made.files.keys()]).not.toContain('.env');
    await symlink('/etc/passwd', join(shell.folder, NAME, 'link'));
    expect((await pack(shell)).stderr).toContain('no links');
    await writeFile(join(shell.folder, NAME, 'k.pem'), await readFile(join(shell.folder, 'acme-1.pem')));
    expect((await pack(shell)).stderr).toContain('k.pem: The file holds a private key');
  });

  it('refuses a key file that others can read, and says what to run', async () => {
    const shell = await scaffolded();
    await chmod(join(shell.folder, 'acme-1.pem'), 0o644);
    expect((await pack(shell)).stderr).toContain('chmod 600 acme-1.pem');
  });
});

describe('keys add', { timeout: 30_000 }, () => {
  it('never sends a private key to anyone', async () => {
    const shell = await scaffolded();
    const registry = await emptyRegistry();
    onTestFinished(() => registry.close());
    const names = ['--key-id', 'acme-1', '--namespaces', 'vendor.acme.*'];
    const { code, stderr } = await shell.run(
      'keys',
      'add',
      ...names,
      '--public',
      'acme-1.pem',
      '--url',
      registry.url,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('never leaves this machine');
    expect(registry.requests).toEqual([]);
  });
});
