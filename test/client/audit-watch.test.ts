// A watch follows the log as it grows, bears with a network that fails, and raises an alarm for everything false.
import { describe, expect, it } from 'vitest';
import { type Observation, type WatchOptions, watchRegistry } from '../../src/client/audit/watch.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { type AuditedRegistry, auditedRegistry, packNamed } from './audited.ts';
import { testLog } from './test-log.ts';
import { at } from './trusted.ts';

interface Watch {
  readonly seen: Observation[];
  readonly kinds: () => readonly string[];
  readonly ended: Promise<boolean>;
  stop(): Promise<boolean>;
}

const watch = (registry: AuditedRegistry, more: Partial<WatchOptions> = {}): Watch => {
  const quit = new AbortController();
  const seen: Observation[] = [];
  const ended = watchRegistry({
    url: registry.url,
    store: memoryTrustStore(),
    settleMs: 0,
    intervalMs: 15,
    signal: quit.signal,
    onObservation: (observation) => void seen.push(observation),
    ...at(),
    ...more,
  });
  return {
    seen,
    kinds: () => seen.map(({ kind }) => kind),
    ended,
    stop: async () => {
      quit.abort();
      return ended;
    },
  };
};

const heads = ({ seen }: Watch) => seen.flatMap((each) => (each.kind === 'head' ? [each] : []));
const alarms = ({ seen }: Watch): readonly string[] =>
  seen.flatMap((each) => (each.kind === 'alarm' ? [each.code] : []));

describe('a watch over an honest registry', () => {
  it('ends after one look where it is told to', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    const one = watch(registry, { once: true });
    expect(await one.ended).toBe(false);
    expect(one.seen).toMatchObject([{ kind: 'head', size: 5, read: 5, events: [] }]);
  });

  it('ends after that look also where the registry does not answer, and says that it asks no more', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    registry.lieAbout(/checkpoint/, (response) => void response.writeHead(503).end());
    const one = watch(registry, { once: true, keepGoing: true });
    expect(await one.ended).toBe(true);
    const code = 'pack_registry_unreachable';
    expect(one.seen).toMatchObject([{ kind: 'trouble', code, retryInMs: null }]);
  });

  it('tells of what is new, and of nothing twice', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    const running = watch(registry);
    await expect.poll(() => heads(running).length).toBeGreaterThan(1);
    registry.publish(await packNamed('vendor.acme.cards'));
    await registry.serve();
    await expect.poll(() => heads(running).at(-1)?.size).toBe(6);
    expect(await running.stop()).toBe(false);
    const news = heads(running).flatMap(({ events }) => events);
    expect(news).toEqual([{ position: 5, kind: 'pack.published', subject: 'pack:vendor.acme.cards@1.0.0' }]);
    expect(alarms(running)).toEqual([]);
  });

  it('bears with a network that fails, and waits longer each time', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    let down = true;
    registry.lieAbout(/checkpoint/, (response, honest) => {
      response.writeHead(down ? 503 : 200);
      response.end(honest);
    });
    const running = watch(registry);
    await expect.poll(() => running.seen.length).toBeGreaterThan(2);
    down = false;
    await expect.poll(() => heads(running).length).toBeGreaterThan(0);
    await running.stop();
    const waits = running.seen.flatMap((each) => (each.kind === 'trouble' ? [each.retryInMs] : []));
    expect(waits.slice(0, 3)).toEqual([30, 60, 120]);
    expect(alarms(running)).toEqual([]);
  });

  it('goes on where it was when the network fails in the middle of the log', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    for (let number = 0; number < 600; number += 1)
      registry.record('token.created', `token:${number}`, { number });
    await registry.serve();
    let failures = 2;
    registry.lieAbout(/entries\/001/, (response, honest) => {
      failures -= 1;
      response.writeHead(failures >= 0 ? 500 : 200);
      response.end(honest);
    });
    const running = watch(registry);
    await expect.poll(() => heads(running).length, { timeout: 5_000 }).toBeGreaterThan(0);
    await running.stop();
    expect(alarms(running)).toEqual([]);
    expect(heads(running)[0]).toMatchObject({ size: 605, read: 605 });
  });
});

describe('a watch raises an alarm for', () => {
  const fork = async (registry: AuditedRegistry): Promise<void> => {
    const other = testLog([...registry.log.leaves.slice(0, -1), Buffer.from('{"id":"other","v":1}')]);
    registry.files.set('/transparency/checkpoint', Buffer.from(await other.head()));
    for (const [path, bytes] of other.tiles()) registry.files.set(`/transparency/${path}`, bytes);
    registry.serveEntries(other.leaves);
  };

  it('a fork, and ends', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    const store = memoryTrustStore();
    const running = watch(registry, { store });
    await expect.poll(() => heads(running).length).toBeGreaterThan(0);
    await fork(registry);
    expect(await running.ended).toBe(true);
    expect(alarms(running)).toEqual(['log_fork']);
    expect(store.evidence).toHaveLength(1);
  });

  it('a rollback, also one that happened while nobody watched', async () => {
    const registry = await auditedRegistry(
      await packNamed('vendor.acme.tools'),
      await packNamed('vendor.acme.cards'),
    );
    const store = memoryTrustStore();
    await watch(registry, { store, once: true }).ended;
    const shorter = testLog(registry.log.leaves.slice(0, 5));
    registry.files.set('/transparency/checkpoint', Buffer.from(await shorter.head()));
    const later = watch(registry, { store });
    expect(await later.ended).toBe(true);
    expect(alarms(later)).toEqual(['checkpoint_rollback']);
  });

  it('a version that appears without an entry, though nothing else happens', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    const running = watch(registry);
    await expect.poll(() => heads(running).length).toBeGreaterThan(0);
    registry.add(await packNamed('vendor.acme.tools', '6.6.6'));
    expect(await running.ended).toBe(true);
    expect(alarms(running)).toEqual(['version_unlogged']);
  });

  it('a new entry that is served otherwise', async () => {
    const pack = await packNamed('vendor.acme.tools');
    const registry = await auditedRegistry(pack);
    const running = watch(registry);
    await expect.poll(() => heads(running).length).toBeGreaterThan(0);
    const late = await packNamed('vendor.acme.cards');
    registry.publish(late);
    registry.files.set('/v1/packs/vendor.acme.cards/-/1.0.0.sig', new Uint8Array(64));
    await registry.serve();
    expect(await running.ended).toBe(true);
    expect(alarms(running)).toEqual(['version_signature']);
  });

  it('everything in turn, where it is told to keep going', async () => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    const running = watch(registry, { keepGoing: true });
    await expect.poll(() => heads(running).length).toBeGreaterThan(0);
    await fork(registry);
    await expect.poll(() => alarms(running).length).toBe(1);
    await registry.serve();
    const before = heads(running).length;
    await expect.poll(() => heads(running).length).toBeGreaterThan(before);
    registry.add(await packNamed('vendor.acme.tools', '6.6.6'));
    await expect.poll(() => alarms(running).length).toBeGreaterThan(1);
    const looks = () => registry.requests.filter((path) => path === '/transparency/checkpoint').length;
    const soFar = looks();
    await expect.poll(looks, { timeout: 5_000 }).toBeGreaterThan(soFar + 2);
    expect(await running.stop()).toBe(true);
    expect(alarms(running)).toEqual(['log_fork', 'version_unlogged']);
  });
});
