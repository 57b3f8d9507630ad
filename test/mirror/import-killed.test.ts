// A registry that dies by kill -9 in the middle of an import: the same file, sent again, brings what is not there yet.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EXPORT_TYPE } from '../../src/client/export-file/format.ts';
import { compose } from '../../src/compose.ts';
import { bundled } from '../world/bundled.ts';
import { ownDatabase } from '../world/database.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { caller, testConfig } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';
import { partOf } from '../world/static-registry.ts';
import type { Step } from './child-mirror.ts';
import { exported } from './exporting.ts';
import { listing, upstreamOf } from './mirroring.ts';

const CHILD = fileURLToPath(new URL('./child-mirror.ts', import.meta.url));
const publisher = createPublisher('kill-1');

let packs: readonly MadePack[];
let bytes: Buffer;
let path: string;
beforeAll(async () => {
  packs = await Promise.all(
    Array.from({ length: 8 }, (_, index) => makePack(publisher, { name: `vendor.kill.p${index}` })),
  );
  const upstream = await upstreamOf([listing(publisher, 'vendor.kill.*')], packs);
  bytes = await exported(upstream.url);
  path = `/mirror/imports?from=${upstream.url}`;
  // From now on there is nothing but the file.
  await upstream.close();
});

const tokenOf = async (dataDir: string): Promise<string> =>
  (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();

const asBody = () => ({ body: bytes, headers: { 'Content-Type': EXPORT_TYPE } });

/** Starts the child, sends it the export, and waits for its death. */
const dieAt = async (step: Step, dataDir: string, databaseUrl: string): Promise<void> => {
  const settings = JSON.stringify({ dataDir, databaseUrl, step });
  const child = spawn(process.execPath, [await bundled(CHILD), settings], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const call = caller(url, await tokenOf(dataDir));
  await call('POST', path, asBody()).catch(() => undefined);
  expect((await gone)[1]).toBe('SIGKILL');
};

const counts = async (sql: Awaited<ReturnType<typeof ownDatabase>>['sql']) => {
  const [row] = await sql<{ versions: number; ingested: number; told: number }[]>`
    select (select count(*) from versions) as versions, (select count(*) from mirrored_versions) as told,
      (select count(*) from events where kind = 'mirror.ingested') as ingested`;
  return row;
};

describe('an import that is killed', { timeout: 90_000 }, () => {
  it.each(['store the bytes', 'commit', 'announce'] as const)(
    'at the step "%s" goes on when the file is sent again',
    async (step) => {
      const database = await ownDatabase();
      const dataDir = await mkdtemp(join(tmpdir(), 'attestry-killed-'));
      onTestFinished(async () => {
        await database.drop();
        await rm(dataDir, { recursive: true, force: true });
      });
      await dieAt(step, dataDir, database.url);
      const left = await counts(database.sql);
      expect(left?.versions).toBeLessThan(packs.length);
      expect([left?.ingested, left?.told]).toEqual([left?.versions, left?.versions]);

      const registry = await compose(testConfig(dataDir, database.url), pino({ level: 'silent' }));
      registry.server.listen(0, '127.0.0.1');
      await once(registry.server, 'listening');
      try {
        const call = caller(registry.url(), await tokenOf(dataDir));
        expect((await call('POST', path, asBody())).status).toBe(202);
        const ending = async () => (await call('GET', '/mirror/upstreams')).json.upstreams[0];
        await expect.poll(async () => (await ending()).outcome, { timeout: 20_000 }).toBe('complete');
        expect((await ending()).progress.added).toBe(packs.length - (left?.versions ?? 0));
        const all = packs.length;
        expect(await counts(database.sql)).toEqual({ versions: all, ingested: all, told: all });
        for (const pack of packs) {
          const answer = await call('GET', partOf(pack, 'tgz'), { token: null });
          expect(answer.bytes.equals(pack.tarball)).toBe(true);
        }
        // What the dead process had staged is swept in time; what this one had is gone.
        expect((await readdir(join(dataDir, 'staging')).catch(() => [])).length).toBeLessThan(2);
      } finally {
        registry.server.closeAllConnections();
        registry.server.close();
        await registry.close();
      }
    },
  );
});
