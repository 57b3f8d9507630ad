// Mirrors of registries that keep a log: what the log does not record is refused, and a log with two histories is left.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openRegistry, verifyVersion } from '../../src/client/index.ts';
import { loggedRegistry, proofOf } from '../client/logged.ts';
import { otherLeaf, testLog } from '../client/test-log.ts';
import { publisher } from '../client/trusted.ts';
import { NOW } from '../keys/trust-world.ts';
import { makePack } from '../world/packs.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { partOf } from '../world/static-registry.ts';
import { flawsOf, listAll, mirror, startMirror, syncAgain } from './mirroring.ts';

describe('another Attestry', { timeout: 60_000 }, () => {
  let upstream: TestRegistry;
  let registry: TestRegistry;
  const own = createPublisher('upstream-1', randomBytes(32));
  const name = 'vendor.acme.tools';
  let id: string;
  beforeAll(async () => {
    [upstream, registry] = await Promise.all([startRegistry({ rateLimits: 'off' }), startMirror()]);
    await delegate(upstream.call, own, ['vendor.acme.*']);
    await publish('1.0.0');
  });
  afterAll(() => Promise.all([upstream.stop(), registry.stop()]));

  const publish = async (version: string, tree: 'v1' | 'v2' = 'v1'): Promise<Buffer> => {
    const body = await own.pack({ name, version, tree });
    const answer = await upstream.call('PUT', addressOf(name, version, tree), { body });
    expect(answer.status).toBeLessThan(300);
    return body;
  };

  it('is mirrored with its log, and followed as it publishes and yanks', async () => {
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, flaws: 0, evidence: null });
    expect(row.logSize).toBeGreaterThan(0);
    id = row.id;
    const body = await publish('2.0.0', 'v2');
    await upstream.call('POST', `/v1/packs/${name}/-/1.0.0/yank`, { body: { reason: 'leaks' } });
    expect(await syncAgain(registry, id)).toMatchObject({
      outcome: 'complete',
      progress: { added: 1, changed: 1 },
    });
    const served = await registry.call('GET', addressOf(name, '2.0.0', 'v2'), { token: null });
    expect(served.bytes.equals(body)).toBe(true);
    const yanked = await registry.call('GET', addressOf(name, '1.0.0', 'v1', 'json'), { token: null });
    expect(yanked.json).toMatchObject({ yanked: true, yankedReason: 'leaks' });
  });

  it('is asked for nothing but its log while that says that nothing happened', async () => {
    const row = await syncAgain(registry, id);
    expect(row).toMatchObject({ outcome: 'complete', progress: { packs: 0 } });
  });

  it('is asked for those packs only that its feed names', async () => {
    for (const other of ['vendor.acme.cards', 'vendor.acme.forms']) {
      const body = await own.pack({ name: other });
      expect((await upstream.call('PUT', addressOf(other), { body })).status).toBe(201);
    }
    // Each pack may stand in either tree.
    const row = await syncAgain(registry, id);
    expect(row).toMatchObject({ outcome: 'complete', flaws: 0, progress: { packs: 4, added: 2 } });
  });

  it('is verified at the mirror by a client that knows only the mirror', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attestry-host-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const opened = await openRegistry({ url: registry.url, statePath: join(folder, 'state.json') });
    const verified = await verifyVersion({ registry: opened })(name, '2.0.0');
    expect(verified).toMatchObject({
      keyId: 'upstream-1',
      recorded: { mirrored: { upstream: upstream.url } },
    });
    expect(verified.warnings).toContainEqual(expect.stringContaining(`mirrored from ${upstream.url}`));
  });
});

describe('an upstream whose log', { timeout: 60_000 }, () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startMirror({ mirroring: (deps) => ({ ...deps, now: () => NOW }) });
  });
  afterAll(() => registry.stop());

  const world = async (tool: string) => {
    const packs = [await makePack(publisher, { name: `vendor.acme.${tool}` })] as const;
    const upstream = await loggedRegistry(...packs);
    upstream.files.set('/keys/publisher.pub', Buffer.from(publisher.publicKeyPem));
    listAll(upstream, packs);
    onTestFinished(() => upstream.close());
    return { upstream, pack: packs[0] };
  };

  it('shows two histories is mirrored no more, and both heads are kept', async () => {
    const { upstream, pack } = await world('fork');
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1 });
    const before = Buffer.from(upstream.files.get('/transparency/checkpoint') ?? []).toString();
    const fork = testLog([
      ...upstream.log.leaves.slice(0, 2),
      ...[1, 2, 3].map((each) => otherLeaf(`evil ${each}`)),
    ]);
    await upstream.serveLog(fork);
    const stopped = await syncAgain(registry, row.id);
    expect(stopped).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('log_fork') });
    expect(stopped.evidence.remembered.note).toBe(before);
    expect(stopped.evidence.found.note).toBe(await fork.head());
    const refused = await registry.call('POST', `/mirror/upstreams/${row.id}/sync`);
    expect(refused.json).toMatchObject({ error: 'validation_error' });
    expect((await registry.call('GET', partOf(pack, 'tgz'), { token: null })).status).toBe(200);
  });

  it('is shorter than before is mirrored no more', async () => {
    const { upstream } = await world('shorter');
    const row = await mirror(registry, upstream.url);
    await upstream.serveLog(upstream.log, 2);
    expect(await syncAgain(registry, row.id)).toMatchObject({ outcome: 'stopped' });
  });

  it('does not record a version has that version refused', async () => {
    const { upstream, pack } = await world('unlogged');
    const other = await makePack(publisher, { name: pack.name, version: '2.0.0' });
    upstream.add(other);
    listAll(upstream, [pack, other]);
    const row = await mirror(registry, upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${pack.name}@2.0.0`]: 'proof_missing' });
    expect((await registry.call('GET', partOf(other, 'tgz'), { token: null })).status).toBe(404);
  });

  it('records another tarball has that version refused', async () => {
    const { upstream, pack } = await world('other');
    const other = await makePack(publisher, { name: pack.name, version: '2.0.0' });
    upstream.add(other);
    listAll(upstream, [pack, other]);
    upstream.record(other, { change: { sha256: '0'.repeat(64) } });
    await upstream.serveLog();
    await upstream.serveKeyring({});
    expect(upstream.files.has(proofOf(other))).toBe(true);
    const row = await mirror(registry, upstream.url);
    expect(await flawsOf(registry, row.id)).toEqual({ [`${pack.name}@2.0.0`]: 'leaf_digest_mismatch' });
  });
});
