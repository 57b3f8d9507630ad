// A whole registry as one file: exported where a network is, imported where none is, and served from there as a mirror.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpTransport } from '../../src/client/network/http-transport.ts';
import type { Transport } from '../../src/client/network/transport.ts';
import { newShell } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { exported, importInto, rootQuery, send, temporary } from './exporting.ts';
import { mirror, startMirror, syncAgain } from './mirroring.ts';

describe('a registry in one file', { timeout: 60_000 }, () => {
  let upstream: TestRegistry;
  let registry: TestRegistry;
  let root: Buffer;
  const own = createPublisher('export-1', randomBytes(32));
  const name = 'vendor.acme.tools';
  const bodies = new Map<string, Buffer>();

  const publish = async (version: string, tree: 'v1' | 'v2' = 'v1'): Promise<void> => {
    const body = await own.pack({ name, version, tree });
    bodies.set(version, body);
    const answer = await upstream.call('PUT', addressOf(name, version, tree), { body });
    expect(answer.status).toBeLessThan(300);
  };

  beforeAll(async () => {
    [upstream, registry] = await Promise.all([startRegistry({ rateLimits: 'off' }), startMirror()]);
    await delegate(upstream.call, own, ['vendor.acme.*']);
    await publish('1.0.0');
    await publish('1.1.0');
    await publish('2.0.0', 'v2');
    await upstream.call('POST', `/v1/packs/${name}/-/1.0.0/yank`, { body: { reason: 'leaks' } });
    root = (await upstream.call('GET', '/trust/root.json', { token: null })).bytes;
  });
  afterAll(() => Promise.all([upstream.stop(), registry.stop()]));

  it('is carried over on the command line, and installed from by a client that knows only the mirror', async () => {
    const there = await newShell({ ATTESTRY_URL: upstream.url });
    const out = join(there.folder, 'registry.tar');
    const made = await there.json('mirror', 'export', '--out', out);
    expect(made).toMatchObject({
      code: 0,
      document: {
        registry: upstream.url,
        packs: 1,
        versions: 3,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    await writeFile(join(there.folder, 'root.json'), root);
    const here = { ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken };
    const operator = await newShell(here);
    const imported = await operator.run('mirror', 'import', out, '--root', join(there.folder, 'root.json'));
    expect(imported).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 added, 0 refused; complete'),
    });
    expect(imported.stderr).toContain(made.document.sha256);
    const host = await newShell({ ATTESTRY_URL: registry.url });
    const installed = await host.run('install', `${name}@2.0.0`, '--dir', 'packs');
    expect(installed).toMatchObject({ code: 0 });
    const served = await registry.call('GET', addressOf(name, '1.1.0'), { token: null });
    expect(served.bytes.equals(bodies.get('1.1.0') ?? Buffer.alloc(0))).toBe(true);
    const yanked = await registry.call('GET', addressOf(name, '1.0.0', 'v1', 'json'), { token: null });
    expect(yanked.json).toMatchObject({ yanked: true, yankedReason: 'leaks' });
  });

  it('is the same bytes as often as it is made', async () => {
    expect((await exported(upstream.url)).equals(await exported(upstream.url))).toBe(true);
  });

  it('brings nothing when it is imported again, and only what is new when it is newer', async () => {
    const again = await importInto(registry, await exported(upstream.url));
    expect(again).toMatchObject({ outcome: 'complete', dueAt: null, progress: { added: 0, changed: 0 } });
    await publish('2.1.0', 'v2');
    await upstream.call('POST', `/v1/packs/${name}/-/1.1.0/yank`, { body: { reason: 'leaks too' } });
    const newer = await importInto(registry, await exported(upstream.url));
    expect(newer).toMatchObject({ outcome: 'complete', versions: 4, progress: { added: 1, changed: 1 } });
  });

  it('is refused where it is older than the last one, and the next is taken all the same', async () => {
    const older = await exported(upstream.url);
    await publish('2.2.0', 'v2');
    await importInto(registry, await exported(upstream.url));
    const before = await registry.stored();
    const refused = await importInto(registry, older);
    expect(refused).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('checkpoint_rollback'),
      evidence: null,
    });
    expect(await registry.stored()).toEqual(before);
    expect(await importInto(registry, await exported(upstream.url))).toMatchObject({ outcome: 'complete' });
  });

  it('leaves out what was unpublished', async () => {
    await publish('3.0.0');
    const gone = await upstream.call('DELETE', addressOf(name, '3.0.0').replace('.tgz', ''), {
      body: { reason: 'by mistake' },
    });
    expect(gone.status).toBeLessThan(300);
    const bytes = await exported(upstream.url);
    expect(bytes.includes(bodies.get('3.0.0') ?? Buffer.alloc(1))).toBe(false);
    expect(await importInto(registry, bytes)).toMatchObject({ outcome: 'complete', progress: { added: 0 } });
  });

  it('is never asked for over the network', async () => {
    const { json } = await registry.call('GET', '/mirror/upstreams');
    const [row] = json.upstreams;
    const refused = await registry.call('POST', `/mirror/upstreams/${row.id}/sync`);
    expect(refused.json).toMatchObject({ error: 'validation_error' });
    const added = await registry.call('POST', '/mirror/upstreams', { body: { url: upstream.url } });
    expect(added.json).toMatchObject({ error: 'validation_error' });
    const operator = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
    expect((await operator.run('mirror', 'sync')).code).toBe(0);
  });

  it('is believed from a root that was handed over, and from nothing else', async () => {
    const other = await startMirror();
    try {
      const bytes = await exported(upstream.url);
      const before = await other.stored();
      const blind = await send(other, bytes);
      expect(blind.json).toMatchObject({ error: 'validation_error', details: { field: 'root' } });
      const foreign = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
      const refused = await send(other, bytes, rootQuery(foreign));
      expect(refused.json).toMatchObject({
        error: 'validation_error',
        details: { reason: 'root_anchor_invalid' },
      });
      expect(await other.stored()).toEqual(before);
      expect((await other.call('GET', '/mirror/upstreams')).json.upstreams).toEqual([]);
      expect(await importInto(other, bytes, rootQuery(root))).toMatchObject({ outcome: 'complete' });
    } finally {
      await other.stop();
    }
  });

  it('is exported again from where it was imported, with the keys of those who signed it', async () => {
    const third = await startMirror();
    try {
      const there = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
      const row = await importInto(third, await exported(registry.url), rootQuery(there));
      expect(row).toMatchObject({ outcome: 'complete', flaws: 0 });
      const served = await third.call('GET', addressOf(name, '2.0.0', 'v2'), { token: null });
      expect(served.bytes.equals(bodies.get('2.0.0') ?? Buffer.alloc(0))).toBe(true);
    } finally {
      await third.stop();
    }
  });

  it('is held against the root that is believed already, whatever root is handed over with a later one', async () => {
    const target = await startMirror();
    const stranger = await startRegistry({ rateLimits: 'off' });
    try {
      const { versions } = await importInto(target, await exported(upstream.url), rootQuery(root));
      const other = (await stranger.call('GET', '/trust/root.json', { token: null })).bytes;
      const claiming = await exported(stranger.url, { publicUrl: upstream.url });
      const row = await importInto(target, claiming, rootQuery(other));
      expect(row).toMatchObject({ outcome: 'failed', versions });
      expect(row.reason).toContain('export_refused');
      expect(await importInto(target, await exported(upstream.url))).toMatchObject({ outcome: 'complete' });
    } finally {
      await Promise.all([target.stop(), stranger.stop()]);
    }
  });

  it('is of one moment, also where the registry changes while it is exported', async () => {
    const transport = httpTransport({ registry: upstream.url });
    let asked = 0;
    const busy: Transport = {
      ...transport,
      get: async (url, rules) => {
        if (url.endsWith('/index.json')) asked += 1;
        if (asked === 4) {
          asked += 1;
          await publish('4.0.0', 'v2');
          await upstream.call('POST', `/v2/packs/${name}/-/2.0.0/yank`, { body: { reason: 'old' } });
        }
        return transport.get(url, rules);
      },
    };
    const row = await importInto(registry, await exported(upstream.url, { transport: busy }));
    expect(asked).toBeGreaterThan(4);
    expect(row).toMatchObject({ outcome: 'complete', progress: { added: 1, changed: 1 } });
  });

  it('is a way to bring over at once what is mirrored over the network from then on', async () => {
    const other = await startMirror();
    try {
      expect(await mirror(other, upstream.url)).toMatchObject({ outcome: 'complete' });
      const row = await importInto(other, await exported(upstream.url));
      expect(row).toMatchObject({ outcome: 'complete', dueAt: expect.any(String), progress: { added: 0 } });
      expect(await syncAgain(other, row.id)).toMatchObject({ outcome: 'complete' });
    } finally {
      await other.stop();
    }
  });

  it('leaves a mirror over the network as it stood where it is refused, and whoever sent it learns why', async () => {
    const other = await startMirror();
    try {
      const older = await exported(upstream.url);
      await publish('4.1.0', 'v2');
      const before = await mirror(other, upstream.url);
      const stored = await other.stored();
      const { turn, progress, ...row } = await importInto(other, older);
      expect(progress.importRefused).toContain('checkpoint_rollback');
      const { turn: turnBefore, progress: _progress, ...rowBefore } = before;
      expect([row, turn]).toEqual([rowBefore, turnBefore + 1]);
      expect(await other.stored()).toEqual(stored);
      const shell = await newShell({ ATTESTRY_URL: other.url, ATTESTRY_TOKEN: other.adminToken });
      await writeFile(join(shell.folder, 'older.tar'), older);
      const refused = await shell.run('mirror', 'import', 'older.tar');
      expect([refused.code, refused.stdout.includes('goes on as before')]).toEqual([1, true]);
      expect((await shell.run('mirror', 'import', 'older.tar', '--json')).code).toBe(1);
      expect((await shell.run('mirror', 'add', upstream.url)).code).toBe(0);
      const synced = await shell.run('mirror', 'sync', upstream.url);
      expect(synced).toMatchObject({ code: 0, stdout: `${upstream.url}: nothing new; complete\n` });
    } finally {
      await other.stop();
    }
  });

  it('is taken from the operator alone', async () => {
    const bytes = await exported(upstream.url);
    const before = await registry.stored();
    expect((await send(registry, bytes, rootQuery(root), null)).status).toBe(401);
    expect(await registry.stored()).toEqual(before);
  });

  it('is not written where something is already, and where an export was meant for a folder as well', async () => {
    const shell = await newShell({ ATTESTRY_URL: upstream.url });
    const out = join(await temporary(), 'mine.tar');
    await writeFile(out, 'mine');
    expect((await shell.run('mirror', 'export', '--out', out)).code).toBe(1);
    expect(await readFile(out, 'utf8')).toBe('mine');
    expect((await shell.run('mirror', 'export')).code).toBe(2);
    expect((await shell.run('mirror', 'export', '--out', 'a', '--dir', 'b')).code).toBe(2);
  });
});
