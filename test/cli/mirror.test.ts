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

  it('removes one, and says what is wrong with one that is not there', async () => {
    const removed = await (await shell()).json('mirror', 'remove', upstream.url);
    expect(removed).toMatchObject({ code: 0, document: { removed: upstream.url, versions: 2 } });
    const again = await (await shell()).run('mirror', 'sync', upstream.url);
    expect([again.code, again.stderr.includes('attestry mirror list')]).toEqual([2, true]);
  });
});
