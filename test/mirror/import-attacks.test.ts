// What can be done to an export on its way: bytes changed, versions and entries left out, heads forged, histories forked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEntries, entriesPath } from '../../src/protocol/tiles.ts';
import { auditedRegistry } from '../client/audited.ts';
import { otherLeaf, type TestLog, testLog } from '../client/test-log.ts';
import { publisher } from '../client/trusted.ts';
import { NOW } from '../keys/trust-world.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { DISCOVERY, discoveryOf, indexOf, partOf } from '../world/static-registry.ts';
import { exported, exportOf, filesIn, importInto, rootQuery, send } from './exporting.ts';
import { flawsOf, listing, startMirror, upstreamOf } from './mirroring.ts';

const CHECKPOINT = '/transparency/checkpoint';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror({ mirroring: (deps) => ({ ...deps, now: () => NOW }) });
});
afterAll(() => registry.stop());

const counts = async () => {
  const { versions, blobs } = await registry.stored();
  return { versions, blobs };
};

/** A registry with two versions of a tool, one of them yanked, and its export. */
const world = async (tool: string) => {
  const name = `vendor.acme.${tool}`;
  const packs = [
    await makePack(publisher, { name, version: '1.0.0' }),
    await makePack(publisher, { name, version: '2.0.0' }),
  ] as const;
  const upstream = await auditedRegistry(...packs);
  upstream.yank(packs[0]);
  await upstream.serve();
  const query = rootQuery(upstream.files.get('/trust/root.json') ?? new Uint8Array());
  const take = () => exported(upstream.url, { now: () => NOW });
  const files = await filesIn(await take());
  return { upstream, packs, query, files, take, seal: () => exportOf(upstream.url, files) };
};
type World = Awaited<ReturnType<typeof world>>;

const flipped = (bytes: Uint8Array | undefined, at: number): Uint8Array => {
  const changed = Uint8Array.from(bytes ?? []);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

const json = ({ files }: World, path: string) =>
  JSON.parse(Buffer.from(files.get(path) ?? Buffer.from('{}')).toString());
const setJson = ({ files }: World, path: string, value: unknown) =>
  void files.set(path, Buffer.from(JSON.stringify(value)));

const bundleOf = ({ log }: { readonly log: TestLog }): string =>
  `/transparency/${entriesPath(0, log.size())}`;

const withhold = (of: World, pack: MadePack): void => {
  for (const part of ['json', 'tgz', 'sig']) of.files.delete(partOf(pack, part));
  const index = json(of, indexOf(pack));
  const versions = index.versions.filter((row: { version: string }) => row.version !== pack.version);
  setJson(of, indexOf(pack), { ...index, versions });
};

const attacks: Readonly<Record<string, readonly [reason: string, attack: (of: World) => unknown]>> = {
  'a byte of a tarball is changed': [
    'export_inconsistent',
    ({ files, packs }) => files.set(partOf(packs[1], 'tgz'), flipped(files.get(partOf(packs[1], 'tgz')), 60)),
  ],
  'a tarball is left out': [
    'export_inconsistent',
    ({ files, packs }) => files.delete(partOf(packs[1], 'tgz')),
  ],
  'a version is withheld': ['export_inconsistent', (of) => withhold(of, of.packs[1])],
  'a signature is replaced': [
    'export_inconsistent',
    ({ files, packs }) => files.set(partOf(packs[1], 'sig'), new Uint8Array(64)),
  ],
  'a yank is hidden': [
    'export_inconsistent',
    (of) =>
      setJson(of, partOf(of.packs[0], 'json'), { ...json(of, partOf(of.packs[0], 'json')), yanked: false }),
  ],
  'an entry of the log is dropped': [
    'export_inconsistent',
    ({ upstream, files }) => files.set(bundleOf(upstream), encodeEntries(upstream.log.leaves.slice(0, -1))),
  ],
  'an entry of the log is replaced': [
    'export_inconsistent',
    ({ upstream, files }) =>
      files.set(bundleOf(upstream), encodeEntries([...upstream.log.leaves.slice(0, -1), otherLeaf('evil')])),
  ],
  'a tile is left out': [
    'export_inconsistent',
    ({ upstream, files }) => files.delete(`/transparency/tile/0/000.p/${upstream.log.size()}`),
  ],
  'the checkpoint is signed by another key': [
    'checkpoint_signature',
    async ({ upstream, files }) =>
      files.set(CHECKPOINT, Buffer.from(await testLog(upstream.log.leaves, 'other').head())),
  ],
  'the checkpoint is of another tree': [
    'export_inconsistent',
    async ({ upstream, files }) =>
      files.set(CHECKPOINT, Buffer.from(await upstream.log.head(upstream.log.size(), new Uint8Array(32)))),
  ],
  'the log is taken out of it': [
    'checkpoint_missing',
    (of) => {
      const { log: _, ...trust } = json(of, DISCOVERY).trust;
      setJson(of, DISCOVERY, discoveryOf([{ publisher }], { trust }));
    },
  ],
  'another key is listed': [
    'export_inconsistent',
    ({ files }) => files.set('/keys/publisher.pub', Buffer.from(createPublisher('evil').publicKeyPem)),
  ],
};

describe('an export is refused, and nothing of it is taken, where', { timeout: 60_000 }, () => {
  it.each(Object.entries(attacks))('%s', async (title, [reason, attack]) => {
    const of = await world(`a${Object.keys(attacks).indexOf(title)}`);
    const before = await counts();
    await attack(of);
    const row = await importInto(registry, of.seal(), of.query);
    expect(row).toMatchObject({ outcome: 'failed', versions: 0, flaws: 0 });
    expect(row.reason).toContain(reason);
    expect(await counts()).toEqual(before);
    // What was meant is taken after all: of the other one nothing is remembered.
    expect(await importInto(registry, await of.take(), of.query)).toMatchObject({
      outcome: 'complete',
      versions: 2,
    });
  });

  it('its trust is taken out of it, after it was believed once', async () => {
    const of = await world('untrusted');
    await importInto(registry, of.seal(), of.query);
    of.files.set(DISCOVERY, Buffer.from(JSON.stringify(discoveryOf([{ publisher }]))));
    const row = await importInto(registry, of.seal());
    expect(row).toMatchObject({ outcome: 'failed', versions: 2 });
    expect(row.reason).toContain('trust_documents_missing');
  });

  it('its keyring has expired on its way', async () => {
    const of = await world('late');
    const late = await startMirror({
      mirroring: (deps) => ({ ...deps, now: () => new Date(NOW.getTime() + 400 * 86_400_000) }),
    });
    try {
      const row = await importInto(late, of.seal(), of.query);
      expect(row).toMatchObject({ outcome: 'failed', versions: 0 });
      expect(row.reason).toContain('expired');
    } finally {
      await late.stop();
    }
  });
});

describe('an export of a registry that recorded what nobody believes', { timeout: 60_000 }, () => {
  it('has that version refused by its name, and the others taken', async () => {
    const of = await world('disbelieved');
    const stranger = await makePack(createPublisher('stranger'), {
      name: of.packs[0].name,
      version: '3.0.0',
    });
    of.upstream.publish(stranger);
    await of.upstream.serve();
    const row = await importInto(registry, await of.take(), of.query);
    expect(row).toMatchObject({ outcome: 'complete', versions: 2, flaws: 1 });
    expect(Object.keys(await flawsOf(registry, row.id))).toEqual([`${stranger.name}@3.0.0`]);
    expect((await registry.call('GET', partOf(stranger, 'tgz'), { token: null })).status).toBe(404);
  });
});

describe('an export of a log with another history', { timeout: 60_000 }, () => {
  it('is refused, both heads are kept, and nothing more is taken until the operator has looked', async () => {
    const of = await world('forked');
    const first = await importInto(registry, of.seal(), of.query);
    expect(first).toMatchObject({ outcome: 'complete', versions: 2 });
    const honest = Buffer.from(of.files.get(CHECKPOINT) ?? []).toString();
    const fork = testLog([
      ...of.upstream.log.leaves.slice(0, 4),
      ...[1, 2, 3, 4, 5].map((n) => otherLeaf(`evil ${n}`)),
    ]);
    of.files.set(CHECKPOINT, Buffer.from(await fork.head()));
    for (const [path, bytes] of fork.tiles()) of.files.set(`/transparency/${path}`, bytes);
    of.files.set(bundleOf({ log: fork }), encodeEntries(fork.leaves));
    const before = await counts();
    const forked = await importInto(registry, of.seal(), of.query);
    expect(forked).toMatchObject({ outcome: 'stopped', versions: 2 });
    expect(forked.reason).toContain('log_fork');
    expect(forked.evidence.remembered.note).toBe(honest);
    expect(forked.evidence.found.note).toBe(await fork.head());
    expect(await counts()).toEqual(before);
    const next = await send(registry, await of.take(), of.query);
    expect(next.json).toMatchObject({ error: 'validation_error' });
  });
});

describe('an export of a registry without a log', { timeout: 60_000 }, () => {
  const plain = async (name: string) => {
    const key = createPublisher(`plain-${name}`);
    const packs = [
      await makePack(key, { name: `vendor.plain.${name}` }),
      await makePack(key, { name: `vendor.plain.${name}`, version: '2.0.0' }),
    ] as const;
    const upstream = await upstreamOf([listing(key, 'vendor.plain.*')], packs);
    const files = await filesIn(await exported(upstream.url));
    await upstream.close();
    return { upstream, packs, files };
  };

  it('is taken where the operator says whose it is, each version by its own signature', async () => {
    const { upstream, packs, files } = await plain('good');
    const blind = await send(registry, exportOf(upstream.url, files));
    expect(blind.json).toMatchObject({ error: 'validation_error', details: { field: 'from' } });
    const other = await send(registry, exportOf(upstream.url, files), 'from=https://packs.example');
    expect(other.json).toMatchObject({ error: 'validation_error', details: { field: 'from' } });
    const row = await importInto(registry, exportOf(upstream.url, files), `from=${upstream.url}`);
    expect(row).toMatchObject({ outcome: 'complete', versions: 2, flaws: 0, logSize: null });
    const served = await registry.call('GET', partOf(packs[0], 'tgz'), { token: null });
    expect(served.bytes.equals(packs[0].tarball)).toBe(true);
  });

  it('has the version refused whose bytes were changed, and the others taken', async () => {
    const { upstream, packs, files } = await plain('bad');
    files.set(partOf(packs[1], 'tgz'), flipped(packs[1].tarball, 60));
    const row = await importInto(registry, exportOf(upstream.url, files), `from=${upstream.url}`);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, flaws: 1 });
    expect(await flawsOf(registry, row.id)).toEqual({
      [`${packs[1].name}@2.0.0`]: 'pack_integrity_mismatch',
    });
    expect((await registry.call('GET', partOf(packs[1], 'tgz'), { token: null })).status).toBe(404);
  });
});
