// A registry is checked, and found whole, while it runs, and after processes of it were killed at every step of a publish.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeConnection } from '../../src/database/connect.ts';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { collectGarbage, type Swept } from '../../src/upkeep/gc.ts';
import { repairAll } from '../../src/upkeep/repair.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { meanwhile } from '../world/meanwhile.ts';
import { crashPoints, type Ground, ground } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { damageIn } from './corruption.ts';

const depsOf = async ({ sql, dataDir }: Pick<TestRegistry, 'sql' | 'dataDir'>) => ({
  sql,
  blobs: await openDiskStore(join(dataDir, 'blobs')),
  now: () => new Date(),
  progress: () => undefined,
  patienceMs: 2_000,
});

describe('a registry that runs', { timeout: 60_000 }, () => {
  let registry: TestRegistry;
  const acme = createPublisher();
  const gone = createPublisher('gone-1');
  beforeAll(async () => {
    registry = await startRegistry({ mode: 'private' });
    await delegate(registry.call, acme, ['vendor.acme.*', 'private.acme.*']);
    await delegate(registry.call, gone, ['vendor.acme.*']);
  });
  afterAll(() => registry.stop());

  const publish = async (name: string, version: string, publisher = acme) => {
    const body = await publisher.pack({ name, version });
    const answer = await registry.call('PUT', addressOf(name, version), { body });
    expect(answer.status).toBe(201);
  };

  const did = async (path: string, body: object) => {
    const { status, json } = await registry.call('POST', path, { body });
    expect({ path, status, json }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) });
  };

  it('is whole whatever was done to it', async () => {
    await publish('vendor.acme.tools', '1.0.0');
    await publish('vendor.acme.tools', '1.1.0', gone);
    await publish('private.acme.secret', '1.0.0');
    await did(`/access/keys/${gone.keyId}/revoke`, { reason: 'lost' });
    await did('/access/accounts', { name: 'somebody' });
    await did('/access/namespaces', { namespace: 'vendor.other', account: 'somebody' });
    for (const version of ['1.0.0', '1.1.0'])
      await did(`/v1/packs/vendor.acme.tools/-/${version}/yank`, { reason: 'broken' });
    await registry.call('DELETE', '/v1/packs/vendor.acme.tools/-/1.1.0/yank');
    await did(`/access/keys/${gone.keyId}/revoke`, { reason: 'stolen', from: 'ever' });
    const { report } = await checkAll(await depsOf(registry))({ sample: 'all' });
    expect(report.findings()).toEqual([]);
  });

  it('is whole while it publishes', async () => {
    const deps = await depsOf(registry);
    const publishOne = (at: number) => publish('vendor.acme.busy', `1.0.${at}`);
    await meanwhile(publishOne, async () => {
      for (let at = 0; at < 4; at += 1) {
        const { report } = await checkAll(deps)({ sample: 5 });
        expect(damageIn(report.counts())).toEqual([]);
      }
    });
  });

  it('is not repaired under its own hands', async () => {
    await expect(repairAll(await depsOf(registry))({ sample: 'all' })).rejects.toMatchObject({
      code: 'sealer_running',
    });
  });
});

describe('a registry whose processes were killed', { timeout: 240_000 }, () => {
  let place: Ground;
  const acme = createPublisher();
  beforeAll(async () => {
    place = await ground();
  });
  afterAll(() => place.clear());

  it('is whole, and what they left behind is garbage', async () => {
    const first = await place.start();
    await delegate(first.call, acme, ['vendor.acme.*']);
    first.process.kill('SIGKILL');
    await first.gone();
    for (const [at, point] of crashPoints('publishing').entries()) {
      const version = `1.0.${at}`;
      const body = await acme.pack({ version });
      const doomed = await place.start(point);
      await doomed.arm();
      await doomed.call('PUT', addressOf('vendor.acme.tools', version), { body }).catch(() => undefined);
      await doomed.gone();
    }
    const deps = await depsOf({ sql: place.database.sql, dataDir: place.dataDir });
    const { report } = await checkAll(deps)({ sample: 'all' });
    expect(damageIn(report.counts())).toEqual([]);
    const swept: Swept[] = [];
    const staging = { stagingFolder: join(place.dataDir, 'staging'), graceMs: -60_000 };
    await collectGarbage({ ...deps, ...staging })({ remove: true }, (each) => swept.push(each));
    expect(swept.filter(({ kind, fate }) => kind === 'blob' && fate === 'removed').length).toBeGreaterThan(0);
    expect((await checkAll(deps)({ sample: 'all' })).report.has('blob_unnamed')).toBe(false);
    await closeConnection(deps.sql).catch(() => undefined);
  });
});
