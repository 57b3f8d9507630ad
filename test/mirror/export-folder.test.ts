// A registry that keeps a log, as plain files: what goes along, what such files lack, and who is told so.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';
import { emptyRegistry, type StaticRegistry } from '../world/static-registry.ts';

const NAME = 'vendor.acme.tools';
const STATEMENT = addressOf(NAME, '1.0.0', 'v1', 'intoto.json');
const own = createPublisher('folder-1', randomBytes(32));

let registry: TestRegistry;
let files: StaticRegistry;
let statement: string;
beforeAll(async () => {
  [registry, files] = await Promise.all([startRegistry({ rateLimits: 'off' }), emptyRegistry()]);
  await delegate(registry.call, own, ['vendor.acme.*']);
  const body = await own.pack({ name: NAME });
  const envelope = await stated(own, body);
  statement = envelopeText(envelope);
  await registry.call('PUT', addressOf(NAME), { body, headers: statementHeaders(envelope) });
});
afterAll(() => Promise.all([registry.stop(), files.close()]));

const serve = async (folder: string): Promise<void> => {
  for (const path of await readdir(folder, { recursive: true }))
    if ((await stat(join(folder, path))).isFile())
      files.files.set(`/${path}`, await readFile(join(folder, path)));
};

const host = async (): Promise<Shell> => newShell({ ATTESTRY_URL: files.url });

describe('a folder that a registry was exported to', { timeout: 60_000 }, () => {
  it('has the release statements, and says what it has not', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    for (let times = 0; times < 2; times += 1) {
      const { code, stdout } = await shell.run('mirror', 'export', '--dir', 'public');
      expect([code, stdout.includes('no log and no trust documents')]).toEqual([0, true]);
      expect(await readFile(join(shell.folder, 'public', STATEMENT), 'utf8')).toBe(statement);
    }
    await serve(join(shell.folder, 'public'));
  });

  it('is installed from with the assurance of its signatures, and a warning', async () => {
    const { code, stdout } = await (await host()).run('install', NAME, '--dir', 'packs');
    expect(code).toBe(0);
    expect(stdout).toContain('assurance: manifest');
    expect(stdout).toMatch(/warning: .+ keeps no log/);
  });

  it('is told apart from a registry that had trust documents', async () => {
    const shell = await host();
    const root = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
    await writeFile(join(shell.folder, 'root.json'), root);
    const refused = await shell.run('install', NAME, '--dir', 'packs', '--root', 'root.json');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('shows no trust documents');
    expect(refused.stderr).not.toContain('before');
    expect(refused.stderr).toContain('ask the registry that they were exported from');
  });

  it('is told apart from a registry that hides its log', async () => {
    const { code, stderr } = await (await host()).run('log', 'verify');
    expect([code, stderr.includes('offers no log')]).toEqual([1, true]);
  });

  it('cannot be searched, and whoever tries learns what to do', async () => {
    const { code, stderr } = await (await host()).run('search', 'tools');
    expect(code).toBe(1);
    expect(stderr).toContain('offers no search');
  });
});
