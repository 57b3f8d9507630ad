// Commands that are stopped: nothing half-written stays, the exit code says so, and so does what goes on elsewhere.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { shellIn } from '../world/cli.ts';
import { ROOT } from '../world/source.ts';

const NAME = 'vendor.acme.tools';

/** Answers what it is told to, and of everything else nothing, ever. */
const slowRegistry = async (answers: Readonly<Record<string, unknown>> = {}): Promise<string> => {
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`];
    if (answer !== undefined) response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const world = async (url: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-stopped-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pack = { name: NAME, version: '1.0.0', integrity: `sha256-${'A'.repeat(43)}=` };
  const lock = { lockfileVersion: 1, generatedAt: '2026-01-01T00:00:00Z', registry: url, packs: [pack] };
  await writeFile(join(folder, 'pack-lock.json'), JSON.stringify(lock));
  return folder;
};

const started = (folder: string, url: string, args: readonly string[]): ChildProcess => {
  const env = { HOME: folder, PATH: '', ATTESTRY_URL: url };
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/attestry.cjs'), ...args], { env, cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

const stderrOf = (child: ChildProcess) => {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += String(chunk);
  });
  return () => text;
};

const partsIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.part'));

const BUNDLE = ['bundle', '--lock', 'pack-lock.json', '--out', 'x.bundle'];
const EXPORT = ['mirror', 'export', '--out', 'x.bundle'];

describe('a command that writes a file', { timeout: 60_000 }, () => {
  it.each([
    ['bundle', 'SIGINT', 130, BUNDLE],
    ['bundle', 'SIGTERM', 143, BUNDLE],
    ['mirror export', 'SIGINT', 130, EXPORT],
  ] as const)('leaves nothing of it once it is stopped: %s, %s', async (_name, signal, expected, args) => {
    const url = await slowRegistry();
    const folder = await world(url);
    const child = started(folder, url, args);
    const said = stderrOf(child);
    await expect.poll(() => partsIn(folder), { timeout: 20_000 }).toHaveLength(1);
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect({ code, said: said() }).toEqual({ code: expected, said: expect.stringContaining('Stopped') });
    expect(await readdir(folder)).toEqual(['pack-lock.json']);
  });

  it('takes away what one of before left that was killed', async () => {
    const url = await slowRegistry();
    const folder = await world(url);
    const child = started(folder, url, BUNDLE);
    await expect.poll(() => partsIn(folder), { timeout: 20_000 }).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'close');
    const [part = ''] = await partsIn(folder);
    await utimes(join(folder, part), 1, 1);
    const shell = await shellIn(folder, { ATTESTRY_URL: 'http://127.0.0.1:9' });
    expect((await shell.run(...BUNDLE)).code).toBe(1);
    expect(await partsIn(folder)).toEqual([]);
  });
});

describe('a command that waits for the registry', { timeout: 60_000 }, () => {
  it('says that the registry goes on where it is stopped itself', async () => {
    const row = { id: 'u1', url: 'https://packs.example', turn: 1, dueAt: '2026-01-01T00:00:00Z' };
    const url = await slowRegistry({
      'GET /mirror/upstreams': { upstreams: [row] },
      'POST /mirror/upstreams/u1/sync': row,
      'GET /mirror/upstreams/u1': row,
    });
    const folder = await world(url);
    const child = started(folder, url, ['mirror', 'sync', '--json']);
    const said = stderrOf(child);
    const [first] = await once(child.stdout ?? child, 'data');
    expect(String(first)).toContain('packs.example');
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect({ code, said: said() }).toEqual({
      code: 130,
      said: expect.stringContaining('the registry goes on'),
    });
  });
});
