// Listing packs for search after they were published: nothing is forgotten, whoever lists and whatever happens meanwhile.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listWaiting } from '../../../src/packs/discover/listing-store.ts';
import { type OwnDatabase, ownDatabase } from '../../world/database.ts';
import { rowOf, seedVersions, setStanding } from '../../world/pack-rows.ts';
import { startRegistry } from '../../world/registry.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await ownDatabase();
});
afterAll(() => database.drop());

const packOf = (name: string, version: string) =>
  rowOf(name, { version, manifest: { description: `said by ${version.replaceAll('.', 'x')}` } });

/** Packs whose listing is not that of the version which stands for them. */
const wronglyListed = () => database.sql`
  select latest.name, latest.version from pack_latest as latest
    left join versions using (name_key, version)
    left join pack_search as known on known.tree = latest.tree and known.name = latest.name
  where (latest.version is null and known.name is not null)
    or (latest.version is not null and known.found is distinct from found_by(latest.name, facts))`;

const listAll = async (): Promise<void> => {
  while ((await listWaiting(database.sql)(7)) > 0);
};

describe('packs that wait to be listed', () => {
  it('are listed by their newest versions, while more are published, yanked and listed by two at once', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `vendor.crowd.p${number}`);
    let isPublishing = true;
    const lister = async () => {
      while (isPublishing) await listWaiting(database.sql)(5);
    };
    const publisher = async (major: number) => {
      for (const [at, name] of [...names, ...names.toReversed()].entries()) {
        const row = packOf(name, `${major}.${at}.0`);
        await seedVersions(database.sql, [row]);
        if (at % 3 === 0) await setStanding(database.sql, { ...row, yanked: true });
      }
    };
    const listers = [lister(), lister()];
    await Promise.all([1, 2, 3].map(publisher));
    isPublishing = false;
    await Promise.all(listers);
    await listAll();
    expect(await wronglyListed()).toEqual([]);
    expect(await database.sql`select count(*)::int as many from pack_search`).toEqual([{ many: 12 }]);
    expect(await database.sql`select from packs_to_list`).toHaveLength(0);
  });

  it('are not listed where their only version is gone by then, and private ones never', async () => {
    await seedVersions(database.sql, [
      packOf('vendor.gone.one', '1.0.0'),
      packOf('private.host.one', '1.0.0'),
    ]);
    await setStanding(database.sql, { ...packOf('vendor.gone.one', '1.0.0'), unpublished: true });
    await listAll();
    expect(await wronglyListed()).toEqual([]);
    expect(await database.sql`select from pack_search where name like '%.one'`).toHaveLength(0);
  });

  it('are found by their names where they say more than can be indexed, and keep nobody else from it', async () => {
    const wordy = Array.from({ length: 100 }, (_, word) =>
      Array.from({ length: 400 }, (_, at) => `w${word}x${at}yABCDEFGHIJKLMNOPQRSTUVWXYZ${at * word}`).join(
        ' ',
      ),
    );
    await seedVersions(database.sql, [
      rowOf('vendor.aaa.wordy', { manifest: { keywords: wordy } }),
      packOf('vendor.zzz.after', '1.0.0'),
    ]);
    await expect(database.sql`select found_by_all(name, facts) from versions`).rejects.toThrow(/too long/);
    await listAll();
    const rows = await database.sql`
      select name from pack_search where found @@ 'wordy' or found @@ 'after' order by name`;
    expect(rows.map(({ name }) => name)).toEqual(['vendor.aaa.wordy', 'vendor.zzz.after']);
  });

  it('are found by whoever starts after the process that published them was killed', async () => {
    await seedVersions(database.sql, [packOf('vendor.left.behind', '1.0.0')]);
    const next = await startRegistry({ databaseUrl: database.url });
    const { json } = await next.call('GET', '/v1/packs/-/search?q=behind');
    expect(json.results.map(({ name }: { name: string }) => name)).toEqual(['vendor.left.behind']);
    await next.stop();
  });
});
