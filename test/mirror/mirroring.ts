// A registry that mirrors others on loopback, and upstreams made of files with whole lists of packs.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Overrides } from '../../src/compose.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import type { MadePack } from '../world/packs.ts';
import type { Publisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { indexOf, type KeyListing, plainRegistry, type StaticRegistry } from '../world/static-registry.ts';

/** Nothing is waited for longer than a test can wait. */
export const QUICK = { documentMs: 4_000, idleMs: 2_000, retryMs: [10], failures: 3 };

export const startMirror = (overrides: Overrides = {}): Promise<TestRegistry> =>
  startRegistry({ allowPrivateAddresses: true, rateLimits: 'off' }, { mirrorLimits: QUICK, ...overrides });

/** Lists what the files hold, as registries do: the index of each tree, and the bytes in each list of versions. */
export const listAll = (upstream: StaticRegistry, packs: readonly MadePack[]): void => {
  for (const tree of ['v1', 'v2'] as const) {
    const names = [...new Set(packs.filter((pack) => pack.tree === tree).map(({ name }) => name))];
    upstream.setJson(`/${tree}/index.json`, {
      packCount: names.length,
      packs: names.map((name) => ({ name })),
    });
  }
  for (const pack of packs) {
    const index = upstream.json(indexOf(pack));
    const versions = (index['versions'] as readonly JsonObject[]).map((row) =>
      row['version'] === pack.version ? { ...row, integrity: integrityOf(digestOf(pack.tarball)) } : row,
    );
    upstream.setJson(indexOf(pack), { ...index, versions });
  }
};

export const upstreamOf = async (
  keys: readonly KeyListing[],
  packs: readonly MadePack[],
): Promise<StaticRegistry> => {
  const upstream = await plainRegistry(keys, packs);
  listAll(upstream, packs);
  return upstream;
};

export const listing = (publisher: Publisher, ...namespaces: readonly string[]): KeyListing => ({
  publisher,
  ...(namespaces.length === 0 ? {} : { namespaces }),
});

const WAIT_MS = 110_000;

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
type Json = any;

export const waitForTurn = async (registry: TestRegistry, id: string, turn: number): Promise<Json> => {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const { json } = await registry.call('GET', `/mirror/upstreams/${id}`);
    if (json.turn >= turn) return json;
    if (Date.now() > until) throw new Error(`no end of the sync: ${JSON.stringify(json)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

/** Adds the upstream and waits for its first sync. */
export const mirror = async (registry: TestRegistry, url: string, more: object = {}): Promise<Json> => {
  const added = await registry.call('POST', '/mirror/upstreams', { body: { url, ...more } });
  if (added.status !== 201) throw new Error(added.bytes.toString());
  return waitForTurn(registry, added.json.id, 1);
};

/** Asks for one more sync, and waits for it. */
export const syncAgain = async (registry: TestRegistry, id: string): Promise<Json> => {
  const begun = await registry.call('POST', `/mirror/upstreams/${id}/sync`);
  if (begun.status !== 202) throw new Error(begun.bytes.toString());
  return waitForTurn(registry, id, begun.json.turn + 1);
};

export const flawsOf = async (registry: TestRegistry, id: string): Promise<Record<string, string>> => {
  const { json } = await registry.call('GET', `/mirror/upstreams/${id}/flaws`);
  return Object.fromEntries(json.flaws.map(({ name, version, code }: Json) => [`${name}@${version}`, code]));
};
