// An operator's commands for mirrors, against a real registry and a plain upstream on loopback.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAll, startMirror, upstreamOf } from '../mirror/mirroring.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { partOf, type StaticRegistry } from '../world/static-registry.ts';

const publisher = createPublisher('cli-1');
let registry: TestRegistry;
let upstream: StaticRegistry;
beforeAll(async () => {
  const packs = [
    await makePack(publisher, { name: 'vendor.cli.good' }),
    await makePack(publisher, { name: 'vendor.cli.bad' }),
  ] as const;
  registry = await startMirror();
  upstream = await upstreamOf([{ publisher, namespaces: ['vendor.cli.*'] }], packs);
  upstream.files.set(partOf(packs[1], 'sig'), new Uint8Array(64));
});
afterAll(async () => {
  await registry.stop();
  await upstream.close();
});

const shell = (): Promise<Shell> =>
  newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });

describe('attestry mirror', { timeout: 60_000 }, () => {
  it('adds an upstream, and waits for the first sync where it is asked to', async () => {
    const { code, stdout } = await (await shell()).run('mirror', 'add', upstream.url, '--once');
    expect(code).toBe(0);
    expect(stdout).toContain('2 of 2 packs, 1 added, 1 refused; complete');
    expect(stdout).toContain('1 flaw: attestry mirror list --flaws');
  });

  it('lists what is mirrored, and what is not served and why', async () => {
    const { stdout } = await (await shell()).run('mirror', 'list');
    expect(stdout).toContain(upstream.url);
    const flaws = await (await shell()).run('mirror', 'list', '--flaws');
    expect(flaws.stdout).toContain('vendor.cli.bad');
    expect(flaws.stdout).toContain('pack_signature_invalid');
  });

  it('syncs at once, with --json one line for each step', async () => {
    const { code, stdout } = await (await shell()).run('mirror', 'sync', upstream.url, '--json');
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ url: upstream.url, outcome: 'complete', turn: 2 });
  });

  it('syncs again where it is added again, and says what stands in both trees', async () => {
    const [v1, v2] = [
      await makePack(publisher, { name: 'vendor.cli.twin', tree: 'v1' }),
      await makePack(publisher, { name: 'vendor.cli.twin', tree: 'v2' }),
    ];
    upstream.add(v1, v2);
    listAll(upstream, [v1, v2]);
    const { code, stdout } = await (await shell()).run('mirror', 'add', upstream.url, '--once');
    expect(code).toBe(0);
    expect(stdout).toContain('1 added');
    expect(stdout).toContain('1 version that it has in both trees: each is served from one, v1 before v2');
    const flaws = await (await shell()).run('mirror', 'list', '--flaws');
    expect(flaws.stdout).toMatch(/vendor\.cli\.twin +1\.0\.0 +v2 +in_other_tree +Upstream has .* --trees/);
    expect(flaws.stdout).toContain('It is served from v1');
  });

  it('refuses what it cannot ask for before anything is asked', async () => {
    const own = await shell();
    const before = await registry.stored();
    expect((await own.run('mirror', 'add', upstream.url, '--trees', 'v3')).code).toBe(2);
    expect((await own.run('mirror', 'add', 'foo')).code).toBe(2);
    expect(await registry.stored()).toEqual(before);
  });

  it('says of an upstream that does not answer that it stays, and how it is taken off the list', async () => {
    const own = await shell();
    const nobody = 'http://127.0.0.1:9';
    const added = await own.run('mirror', 'add', nobody, '--once');
    expect(added.code).toBe(1);
    expect(added.stdout).toContain(`attestry mirror remove ${nobody}`);
    expect((await own.run('mirror', 'sync', nobody, '--json')).code).toBe(1);
    expect(await own.json('mirror', 'add', nobody)).toMatchObject({
      code: 1,
      document: { ok: false, outcome: 'failed' },
    });
    expect((await own.run('mirror', 'remove', nobody)).code).toBe(0);
  });

  it('says that nothing is new, or mirrored, or wrong, where that is so', async () => {
    const fresh = await startMirror();
    const packs = [await makePack(publisher, { name: 'vendor.cli.fine' })];
    const fine = await upstreamOf([{ publisher, namespaces: ['vendor.cli.*'] }], packs);
    try {
      const own = await newShell({ ATTESTRY_URL: fresh.url, ATTESTRY_TOKEN: fresh.adminToken });
      expect((await own.run('mirror', 'list')).stdout).toContain('Nothing is mirrored here');
      expect((await own.run('mirror', 'list', '--flaws')).stdout).toContain('Nothing is mirrored here');
      await own.run('mirror', 'add', fine.url, '--once');
      expect((await own.run('mirror', 'list', '--flaws')).stdout).toBe(`${fine.url}: no flaws\n`);
    } finally {
      await Promise.all([fresh.stop(), fine.close()]);
    }
  });

  it('removes one, and says what is wrong with one that is not there', async () => {
    const removed = await (await shell()).json('mirror', 'remove', upstream.url);
    expect(removed).toMatchObject({ code: 0, document: { removed: upstream.url, versions: 2 } });
    const again = await (await shell()).run('mirror', 'sync', upstream.url);
    expect([again.code, again.stderr.includes('attestry mirror list')]).toEqual([2, true]);
  });
});
