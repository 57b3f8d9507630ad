// The mirroring of a whole registry of files into a fresh one: how fast, and whether its memory stays flat.
//
// Thousands of versions are served from memory by plain node:http; a registry of its own process with a database of its own
// takes them over in one sync: each is fetched, opened, verified, stored durably and recorded in the log. Beside the rate
// stands a bare download and SHA-256 of the same tarballs on as many connections as a sync has; beside the memory of the
// first tenth of the time that of the last.
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { DEFAULT_LIMITS } from '../../src/mirror/limits.ts';
import { listAll } from '../mirror/mirroring.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { caller } from '../world/registry.ts';
import { partOf, plainRegistry, type StaticRegistry } from '../world/static-registry.ts';
import { startInstaller } from './installer.ts';
import { residentMiB } from './log.ts';
import { type Comparison, compare } from './rounds.ts';
import { type Bench, startScript } from './service.ts';

const DATABASE = 'bench_mirror';
const VERSIONS_OF_A_PACK = 10;
const LOOK_MS = 200;
const FLAT = 0.6;
const FILES = { 'README.md': 'What this pack does. '.repeat(200) };

interface Upstream {
  readonly served: StaticRegistry;
  readonly tarballs: readonly string[];
}

const makeUpstream = async (count: number): Promise<Upstream> => {
  const publisher = createPublisher('many-1');
  const packs = [];
  for (let number = 0; number < count; number += 1) {
    const name = `vendor.many.p${Math.floor(number / VERSIONS_OF_A_PACK)}`;
    const version = `1.${number % VERSIONS_OF_A_PACK}.0`;
    packs.push(await makePack(publisher, { name, version, tree: 'v2', kind: 'prompt', files: FILES }));
  }
  const served = await plainRegistry([{ publisher, namespaces: ['vendor.many.*'] }], packs);
  listAll(served, packs);
  return { served, tarballs: packs.map((pack) => partOf(pack, 'tgz')) };
};

const freshDatabase = async (databaseUrl: string): Promise<string> => {
  const sql = connect({ url: databaseUrl, max: 1 });
  await sql`create database ${sql(DATABASE)}`;
  await closeConnection(sql);
  const address = new URL(databaseUrl);
  address.pathname = `/${DATABASE}`;
  return address.href;
};

const standing = (name: string, rate: number) => ({ name, median: rate, lowest: rate, highest: rate });

interface Mirrored {
  readonly perSecond: number;
  /** MiB, from the first look to the last. */
  readonly held: readonly number[];
}

/** One sync, from the order to its end. */
const mirrorAll = async (call: ReturnType<typeof caller>, pid: number, url: string, count: number) => {
  const started = performance.now();
  const added = await call('POST', '/mirror/upstreams', { body: { url } });
  if (added.status !== 201) throw new Error(added.bytes.toString('utf8'));
  const held: number[] = [];
  for (;;) {
    held.push(await residentMiB(pid));
    const { json } = await call('GET', `/mirror/upstreams/${added.json.id}`);
    if (json.turn >= 1) {
      if (json.versions !== count || json.flaws !== 0) throw new Error(`not whole: ${JSON.stringify(json)}`);
      return { perSecond: count / ((performance.now() - started) / 1_000), held } satisfies Mirrored;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

const inFreshRegistry = async (bench: Bench, url: string, count: number): Promise<Mirrored> => {
  const dataDir = join(bench.folder, 'mirror');
  await mkdir(dataDir, { recursive: true });
  const order = JSON.stringify({ dataDir, databaseUrl: await freshDatabase(bench.databaseUrl) });
  const registry = await startScript('./mirroring-registry.ts', order);
  try {
    const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
    return await mirrorAll(caller(registry.url, token), registry.child.pid ?? 0, url, count);
  } finally {
    registry.child.kill('SIGTERM');
    await once(registry.child, 'exit');
  }
};

const bareRate = async (bench: Bench, { served, tarballs }: Upstream): Promise<number> => {
  const installer = startInstaller();
  const nothing = { folder: join(bench.folder, 'bare-mirror'), requests: [] };
  await mkdir(nothing.folder, { recursive: true });
  const connections = DEFAULT_LIMITS.lanes;
  const order = { ...nothing, what: 'download', url: served.url, tarballs, connections } as const;
  const { wall } = await installer.perform(order);
  await installer.stop();
  return tarballs.length / (wall / 1_000);
};

export async function* benchMirror(bench: Bench): AsyncGenerator<Comparison> {
  const count = bench.milliseconds < 1_000 ? 500 : 5_000;
  const upstream = await makeUpstream(count);
  const bare = await bareRate(bench, upstream);
  const { perSecond, held } = await inFreshRegistry(bench, upstream.served.url, count).finally(
    upstream.served.close,
  );
  const tenth = Math.ceil(held.length / 10);
  const [early, late] = [Math.max(...held.slice(0, tenth)), Math.max(...held.slice(-tenth))];
  yield compare(
    `mirroring ${count} versions into a fresh registry (it held ${early} MiB in the first tenth, ${late} MiB in the last)`,
    standing('mirrored, verified, sealed', perSecond),
    standing(`download and SHA-256 on ${DEFAULT_LIMITS.lanes} connections`, bare),
  );
  yield compare(
    'memory while mirroring',
    standing('first tenth, MiB', early),
    standing('last tenth, MiB', late),
    FLAT,
  );
}
