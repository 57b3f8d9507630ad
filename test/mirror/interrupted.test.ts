// A slow, endless, broken or vanishing upstream costs a sync no more than its budget, and the next one goes on.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/mirror/limits.ts';
import { openUpstream, requireAllowed } from '../../src/mirror/upstream-fetch.ts';
import { storageError } from '../../storage/errors.ts';
import { cutOff, drippingBody, endlessBody, redirectTo, silentBody } from '../world/lying-registry.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { type Lie, partOf, type StaticRegistry } from '../world/static-registry.ts';
import { flawsOf, listing, mirror, QUICK, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

/** What the disk does; tests fill it up. */
const disk = { full: false };

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror({
    mirroring: (deps) => ({
      ...deps,
      blobs: {
        ...deps.blobs,
        put: async (key, source) => {
          if (disk.full) throw storageError('store_unavailable', { errno: 'ENOSPC' });
          return deps.blobs.put(key, source);
        },
      },
    }),
  });
});
afterAll(() => registry.stop());

interface Scene {
  readonly upstream: StaticRegistry;
  readonly packs: readonly [MadePack, MadePack];
}

const scene = async (org: string): Promise<Scene> => {
  const publisher = createPublisher(`${org}-1`);
  const packs = [
    await makePack(publisher, { name: `vendor.${org}.a` }),
    await makePack(publisher, { name: `vendor.${org}.b` }),
  ] as const;
  const upstream = await upstreamOf([listing(publisher, `vendor.${org}.*`)], packs);
  onTestFinished(() => upstream.close());
  return { upstream, packs };
};

/** Lies until it is told to stop. */
const lyingAbout = (upstream: StaticRegistry, path: RegExp, lie: Lie): { honest: boolean } => {
  const state = { honest: false };
  upstream.lieAbout(path, (response, honest, request) => {
    if (!state.honest) return lie(response, honest, request);
    response.writeHead(200);
    response.end(honest);
  });
  return state;
};

const status = async (pack: MadePack): Promise<number> =>
  (await registry.call('GET', partOf(pack, 'tgz'), { token: null })).status;

const PASSING: readonly (readonly [string, Lie])[] = [
  ['is cut off', cutOff],
  ['falls silent', silentBody],
  ['drips on for ever', drippingBody],
  ['answers 503', (response) => void response.writeHead(503).end()],
];

describe('a tarball that', { timeout: 30_000 }, () => {
  it.each(PASSING)('%s is asked for by the next sync, and holds nothing else up', async (name, lie) => {
    const { upstream, packs } = await scene(`t${name.replace(/\W/g, '')}`.toLowerCase());
    const state = lyingAbout(upstream, /\.a\/-\/1\.0\.0\.tgz$/, lie);
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'partial', versions: 1, flaws: 0 });
    expect([await status(packs[0]), await status(packs[1])]).toEqual([404, 200]);
    state.honest = true;
    expect(await syncAgain(registry, row.id)).toMatchObject({
      outcome: 'complete',
      versions: 2,
      reason: null,
    });
  });

  it('never ends is refused, and holds nothing else up', async () => {
    const { upstream } = await scene('endless');
    lyingAbout(upstream, /\.a\/-\/1\.0\.0\.tgz$/, endlessBody);
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1 });
    expect(await flawsOf(registry, row.id)).toEqual({ 'vendor.endless.a@1.0.0': 'too_large' });
  });
});

describe('an upstream', { timeout: 30_000 }, () => {
  it('that is gone is asked again later, each time later', async () => {
    const { upstream } = await scene('vanished');
    await upstream.close();
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'failed', failures: 1, versions: 0 });
    expect(row.reason).toContain('unreachable');
    const again = await syncAgain(registry, row.id);
    const pause = (of: { dueAt: string; endedAt: string }) => Date.parse(of.dueAt) - Date.parse(of.endedAt);
    expect(pause(again)).toBeGreaterThan(pause(row));
  });

  it('that serves no registry fails, whatever it serves', async () => {
    const { upstream } = await scene('nonsense');
    lyingAbout(upstream, /registry|index\.json/, (response) => void response.end('<html>welcome</html>'));
    expect(await mirror(registry, upstream.url)).toMatchObject({ outcome: 'failed', versions: 0 });
  });

  it('whose index never ends fails', async () => {
    const { upstream } = await scene('longindex');
    lyingAbout(upstream, /^\/v1\/index\.json$/, drippingBody);
    expect(await mirror(registry, upstream.url)).toMatchObject({ outcome: 'failed', versions: 0 });
  });

  it('does not lead the mirror out of what it may ask', async () => {
    const { upstream } = await scene('scheme');
    lyingAbout(upstream, /\.tgz$/, redirectTo('file:///etc/passwd'));
    const row = await mirror(registry, upstream.url);
    expect(Object.values(await flawsOf(registry, row.id))).toEqual(['redirect_scheme', 'redirect_scheme']);
  });
});

describe('a disk that is full', () => {
  it('ends the sync, and the next one goes on', async () => {
    const { upstream } = await scene('disk');
    disk.full = true;
    const row = await mirror(registry, upstream.url).finally(() => {
      disk.full = false;
    });
    expect(row).toMatchObject({ outcome: 'failed', versions: 0 });
    expect(row.reason).toContain('store_unavailable');
    expect(await syncAgain(registry, row.id)).toMatchObject({ outcome: 'complete', versions: 2 });
  });
});

describe('the budget of a sync', () => {
  it('ends it, and the next one goes on where it stopped', { timeout: 30_000 }, async () => {
    const publisher = createPublisher('budget-1');
    const packs = await Promise.all(
      Array.from({ length: 12 }, (_, index) => makePack(publisher, { name: `vendor.budget.p${index}` })),
    );
    const upstream = await upstreamOf([listing(publisher, 'vendor.budget.*')], packs);
    const narrow = await startMirror({ mirrorLimits: { ...QUICK, bytes: 12_000, lanes: 1 } });
    onTestFinished(async () => {
      await upstream.close();
      await narrow.stop();
    });
    let row = await mirror(narrow, upstream.url);
    expect(row).toMatchObject({ outcome: 'partial' });
    expect(row.reason).toContain('budget_bytes');
    for (let turns = 0; row.outcome !== 'complete' && turns < 20; turns += 1)
      row = await syncAgain(narrow, row.id);
    expect(row).toMatchObject({ outcome: 'complete', versions: 12 });
  });
});

describe('an address that is not public', () => {
  it('is mirrored only where the operator allowed it', async () => {
    const strict = await startRegistry();
    onTestFinished(() => strict.stop());
    for (const url of ['http://127.0.0.1:9', 'http://[::1]:9', 'http://169.254.169.254/latest']) {
      const answer = await strict.call('POST', '/mirror/upstreams', { body: { url } });
      expect(answer.json).toMatchObject({
        error: 'validation_error',
        details: { reason: 'upstream_private' },
      });
    }
    expect((await strict.call('GET', '/mirror/upstreams')).json.upstreams).toEqual([]);
  });

  it('is found out also behind a name with a public one beside it', async () => {
    const lookup = async () => ['93.184.215.14', '127.0.0.1'];
    await expect(requireAllowed(new URL('http://both.example'), false, lookup)).rejects.toThrow('not public');
  });

  it('is not followed to by a redirect, nor by a name that moved there', async () => {
    const { upstream } = await scene('moved');
    const reader = openUpstream({
      base: upstream.url,
      allowPrivate: false,
      limits: { ...DEFAULT_LIMITS, ...QUICK },
      quit: new AbortController().signal,
    });
    await expect(reader.get('/v1/index.json', 1_000)).rejects.toThrow('not public');
    expect(upstream.requests).toEqual([]);
  });
});
