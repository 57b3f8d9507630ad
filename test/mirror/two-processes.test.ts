// Two processes that mirror one upstream at once: each version once, one event each, and no error that is none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundled } from '../world/bundled.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { caller } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';
import type { StaticRegistry } from '../world/static-registry.ts';
import { listing, upstreamOf } from './mirroring.ts';

const CHILD = fileURLToPath(new URL('./child-mirror.ts', import.meta.url));
const PACKS = 8;

interface Mirror {
  readonly child: ChildProcess;
  readonly call: ReturnType<typeof caller>;
  readonly errors: string[];
}

let database: OwnDatabase;
let dataDir: string;
let mirrors: readonly [Mirror, Mirror];

const start = async (): Promise<Mirror> => {
  const settings = JSON.stringify({ dataDir, databaseUrl: database.url });
  const child = spawn(process.execPath, [await bundled(CHILD), settings], { cwd: ROOT, stdio: 'pipe' });
  const errors: string[] = [];
  child.stderr.on('data', (bytes: Buffer) => void errors.push(bytes.toString()));
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  return { child, errors, call: caller(url, token) };
};

beforeAll(async () => {
  database = await ownDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'attestry-two-'));
  mirrors = [await start(), await start()];
}, 60_000);
afterAll(async () => {
  for (const { child } of mirrors) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const upstreamNamed = async (org: string): Promise<StaticRegistry> => {
  const publisher = createPublisher(`${org}-1`);
  const packs = await Promise.all(
    Array.from({ length: PACKS }, (_, index) => makePack(publisher, { name: `vendor.${org}.p${index}` })),
  );
  const upstream = await upstreamOf([listing(publisher, `vendor.${org}.*`)], packs);
  onTestFinished(() => upstream.close());
  return upstream;
};

/** How it ended, how many versions and events there are of it, and what either process holds for an error. */
const outcomeOf = async (id: string, url: string, org: string, turn: number) => {
  const row = async () => (await mirrors[0].call('GET', `/mirror/upstreams/${id}`)).json;
  await expect.poll(async () => (await row()).turn, { timeout: 30_000 }).toBeGreaterThanOrEqual(turn);
  const [counts] = await database.sql<{ versions: number; told: number; events: number }[]>`
    select (select count(*) from versions where name like ${`vendor.${org}.%`}) as versions,
      (select count(*) from mirrored_versions where upstream = ${url}) as told,
      (select count(*) from events where subject like ${`pack:vendor.${org}.%`}) as events`;
  const { outcome, reason, flaws } = await row();
  return { ...counts, outcome, reason, flaws, errors: mirrors.flatMap(({ errors }) => errors) };
};

const GOOD = { versions: PACKS, told: PACKS, events: PACKS, outcome: 'complete', reason: null, flaws: 0 };

describe('two processes', { timeout: 60_000 }, () => {
  it('that are asked at once take turns', async () => {
    const upstream = await upstreamNamed('turns');
    const { json } = await mirrors[0].call('POST', '/mirror/upstreams', { body: { url: upstream.url } });
    await Promise.all(mirrors.map(({ call }) => call('POST', `/mirror/upstreams/${json.id}/sync`)));
    expect(await outcomeOf(json.id, upstream.url, 'turns', 1)).toEqual({ ...GOOD, errors: [] });
    const asked = upstream.requests.filter((path) => path.endsWith('.tgz'));
    expect(asked).toHaveLength(PACKS);
  });

  it('of which one lost its lock work beside one another', async () => {
    const upstream = await upstreamNamed('beside');
    const waiting = new Map<string, () => void>();
    let begun = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    // Both have the same version in hand before either can commit it.
    upstream.lieAbout(/\.sig$/, (response: ServerResponse, honest, { url = '' }) => {
      begun();
      const other = waiting.get(url);
      if (other === undefined) return void waiting.set(url, () => response.end(honest));
      waiting.delete(url);
      other();
      response.end(honest);
    });
    const { json } = await mirrors[0].call('POST', '/mirror/upstreams', { body: { url: upstream.url } });
    await first;
    const lost = await database.sql`
      select pg_terminate_backend(pid) from pg_locks, hashtextextended(${`mirror:${json.id}`}, 0) as key
      where locktype = 'advisory' and granted
        and classid::bigint = (key >> 32) & 4294967295 and objid::bigint = key & 4294967295`;
    expect(lost).toHaveLength(1);
    await mirrors[1].call('POST', `/mirror/upstreams/${json.id}/sync`);
    expect(await outcomeOf(json.id, upstream.url, 'beside', 2)).toEqual({ ...GOOD, errors: [] });
    const asked = upstream.requests.filter((path) => path.endsWith('.sig'));
    expect(asked).toHaveLength(2 * PACKS);
  });
});
