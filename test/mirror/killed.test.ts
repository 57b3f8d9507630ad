// A mirror that dies by kill -9 in the middle of a sync goes on where it stopped: nothing half, nothing twice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compose } from '../../src/compose.ts';
import { bundled } from '../world/bundled.ts';
import { ownDatabase } from '../world/database.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { caller, testConfig } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';
import { partOf, type StaticRegistry } from '../world/static-registry.ts';
import type { Step } from './child-mirror.ts';
import { listing, upstreamOf } from './mirroring.ts';

const CHILD = fileURLToPath(new URL('./child-mirror.ts', import.meta.url));
const publisher = createPublisher('kill-1');

let upstream: StaticRegistry;
let packs: readonly MadePack[];
beforeAll(async () => {
  packs = await Promise.all(
    Array.from({ length: 8 }, (_, index) => makePack(publisher, { name: `vendor.kill.p${index}` })),
  );
  upstream = await upstreamOf([listing(publisher, 'vendor.kill.*')], packs);
});
afterAll(() => upstream.close());

const tokenOf = async (dataDir: string): Promise<string> =>
  (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();

/** Starts the child, has it mirror, and waits for its death. */
const dieAt = async (step: Step, dataDir: string, databaseUrl: string): Promise<void> => {
  const settings = JSON.stringify({ dataDir, databaseUrl, step });
  const child = spawn(process.execPath, [await bundled(CHILD), settings], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const call = caller(url, await tokenOf(dataDir));
  await call('POST', '/mirror/upstreams', { body: { url: upstream.url } }).catch(() => undefined);
  expect((await gone)[1]).toBe('SIGKILL');
};

const counts = async (sql: Awaited<ReturnType<typeof ownDatabase>>['sql']) => {
  const [row] = await sql<{ versions: number; ingested: number; told: number }[]>`
    select (select count(*) from versions) as versions, (select count(*) from mirrored_versions) as told,
      (select count(*) from events where kind = 'mirror.ingested') as ingested`;
  return row;
};

describe('a mirror that is killed', { timeout: 60_000 }, () => {
  it.each(['store the bytes', 'commit', 'announce'] as const)(
    'at the step "%s" goes on after a restart',
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

      const config = testConfig(dataDir, database.url, { allowPrivateAddresses: true });
      const registry = await compose(config, pino({ level: 'silent' }));
      registry.server.listen(0, '127.0.0.1');
      await once(registry.server, 'listening');
      try {
        const call = caller(registry.url(), await tokenOf(dataDir));
        // Its chore finds by itself that the sync did not come to its end.
        await expect
          .poll(async () => (await call('GET', '/mirror/upstreams')).json.upstreams[0].outcome, {
            timeout: 20_000,
          })
          .toBe('complete');
        expect(await counts(database.sql)).toEqual({
          versions: packs.length,
          ingested: packs.length,
          told: packs.length,
        });
        for (const pack of packs) {
          const answer = await call('GET', partOf(pack, 'tgz'), { token: null });
          expect(answer.bytes.equals(pack.tarball)).toBe(true);
        }
      } finally {
        registry.server.closeAllConnections();
        registry.server.close();
        await registry.close();
      }
    },
  );
});
