// A registry with advisories is sound, and what was changed of them by hand is found.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { damageIn } from './corruption.ts';

let registry: TestRegistry;
const acme = createPublisher();
const ids: string[] = [];
const NAME = 'vendor.acme.tools';

const advisory = (versions: string, summary = versions) => ({
  severity: 'low',
  summary,
  affected: [{ packName: NAME, versions }],
});
const say = async (method: string, path: string, body: object): Promise<string> => {
  const { status, json } = await registry.call(method, `/security/advisories${path}`, { body });
  expect(status).toBeLessThan(300);
  return json.advisory?.id;
};

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.1.0', '2.0.0'])
    await registry.call('PUT', addressOf(NAME, version), { body: await acme.pack({ name: NAME, version }) });
  for (const versions of ['<1.1.0', '1.1.0', '>=3.0.0']) ids.push(await say('POST', '', advisory(versions)));
  await say('PUT', `/${ids[1]}`, advisory('1.1.0', 'changed'));
  await say('DELETE', `/${ids[2]}`, { reason: 'never true' });
});
afterAll(() => registry.stop());

const damage = async () => {
  const blobs = await openDiskStore(join(registry.dataDir, 'blobs'));
  const deps = { sql: registry.sql, blobs, now: () => new Date(), progress: () => undefined, patienceMs: 0 };
  const { report } = await checkAll(deps)({ sample: 'all' });
  return damageIn(report.counts());
};

const spoilt = async (spoil: string, mend: string): Promise<readonly string[]> => {
  await registry.sql.unsafe(spoil);
  const found = await damage();
  await registry.sql.unsafe(mend);
  return found;
};

describe('advisories', () => {
  it('as they were published, changed and withdrawn, are sound', async () => {
    expect(await damage()).toEqual([]);
  });

  it.each<[string, () => string, () => string]>([
    [
      'that say something else than their event',
      () =>
        `update advisories set content = jsonb_set(content, '{severity}', '"high"') where id = '${ids[1]}'`,
      () =>
        `update advisories set content = jsonb_set(content, '{severity}', '"low"') where id = '${ids[1]}'`,
    ],
    [
      'that are in force again without an event',
      () => `update advisories set withdrawn = null where id = '${ids[2]}'`,
      () => `update advisories set withdrawn = kept.withdrawn from kept where kept.id = advisories.id`,
    ],
    [
      'that are not looked for under what they name',
      () => `delete from advised_packs where advisory_id = '${ids[0]}'`,
      () => `insert into advised_packs values ('${NAME}', '${ids[0]}')`,
    ],
    [
      'that are gone',
      () => `delete from advisories where id = '${ids[2]}'`,
      () => `insert into advisories select * from kept where id = '${ids[2]}'`,
    ],
  ])('%s are found', async (_, spoil, mend) => {
    await registry.sql`create table if not exists kept as select * from advisories`;
    expect(await spoilt(spoil(), mend())).toEqual(['advisory_differs']);
    expect(await damage()).toEqual([]);
  });

  it('over a version that is on offer are found', async () => {
    await registry.sql`update versions set yanked = null where version = '1.0.0'`;
    expect(await damage()).toContain('advisory_offered');
  });
});
