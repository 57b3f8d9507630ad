// Which version stands for a pack: the database says what the one rule says, whatever happens to versions in whatever order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latestOf } from '../../../src/protocol/semver-range.ts';
import { type OwnDatabase, ownDatabase } from '../../world/database.ts';
import { type Row, rowOf, seedVersions, setStanding } from '../../world/pack-rows.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await ownDatabase();
});
afterAll(() => database.drop());

/** Numbers that come the same in every run. */
const random = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

const CORES = ['0.0.0', '0.0.9', '0.0.10', '1.0.0', '1.2.0', '1.10.0', '10.0.0', '999999999999999.0.0'];
const PRERELEASES = [
  ...[
    '',
    '-0',
    '-1',
    '-10',
    '-9',
    '-a',
    '-a.1',
    '-a.b',
    '-A',
    '-rc.1',
    '-rc.1.1',
    '-rc-1',
    '-x.7.z',
    '--',
    '-0a',
  ],
  ...['-9007199254740992', '-9007199254740993', '-9007199254740993.a', '-99999999999999999999999999'],
];
/** Numbers of builds without leading zeros: node-semver itself has no order of those. */
const BUILDS = ['', '', '', '+1', '+2', '+10', '+a', '+a.b', '+B'];
const ALL = CORES.flatMap((core) =>
  PRERELEASES.flatMap((prerelease) => BUILDS.map((build) => core + prerelease + build)),
);

const flag = (draw: () => number): boolean => draw() < 0.3;

const someVersions = (draw: () => number): Row[] => {
  const count = 1 + Math.floor(draw() * 6);
  const versions = new Set(Array.from({ length: count }, () => ALL[Math.floor(draw() * ALL.length)] ?? ''));
  return [...versions].map((version) =>
    rowOf('vendor.acme.some', { version, yanked: flag(draw), deprecated: flag(draw) }),
  );
};

interface Listed {
  readonly name: string;
  readonly version: string | null;
  readonly yanked: boolean;
  readonly deprecated: boolean;
}

const listed = (): Promise<Listed[]> => database.sql<Listed[]>`
  select name, version, yanked, deprecated from pack_latest order by name`;

const expected = (packs: ReadonlyMap<string, readonly Row[]>): Listed[] =>
  [...packs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, rows]) => {
      const left = rows.filter(({ unpublished }) => !unpublished);
      return {
        name,
        version: latestOf(left) ?? null,
        yanked: left.length > 0 && left.every(({ yanked }) => yanked),
        deprecated: left.length > 0 && left.every(({ deprecated }) => deprecated),
      };
    });

describe('latest', () => {
  it('is what the one rule says, for versions of every form and standing', async () => {
    const draw = random(7);
    const packs = new Map<string, Row[]>();
    for (let number = 0; number < 120; number += 1) {
      const name = `vendor.acme.p${number}`;
      packs.set(
        name,
        someVersions(draw).map((row) => ({ ...row, name })),
      );
    }
    const rows = [...packs.values()].flat();
    // Some come together in one statement, some alone.
    for (let from = 0; from < rows.length; ) {
      const most = draw() < 0.5 ? 1 : 40;
      await seedVersions(database.sql, rows.slice(from, from + most));
      from += most;
    }
    expect(await listed()).toEqual(expected(packs));
    for (const [name, versions] of packs) {
      const changed = versions.map((row) => ({
        ...row,
        yanked: flag(draw),
        deprecated: flag(draw),
        unpublished: flag(draw),
      }));
      packs.set(name, changed);
      for (const row of changed) await setStanding(database.sql, row);
    }
    expect(await listed()).toEqual(expected(packs));
  });

  it('is never one of a private pack, and of no version of the other tree', async () => {
    await seedVersions(database.sql, [
      rowOf('private.host.secret'),
      rowOf('vendor.both.trees', { version: '1.0.0' }),
      rowOf('vendor.both.trees', { version: '2.0.0', tree: 'v2' }),
    ]);
    const rows = await database.sql`
      select tree, version from pack_latest where name like 'private.%' or name = 'vendor.both.trees' order by tree`;
    expect([...rows]).toEqual([
      { tree: 'v1', version: '1.0.0' },
      { tree: 'v2', version: '2.0.0' },
    ]);
  });

  it('is agreed upon by many who publish one pack at once', async () => {
    const versions = Array.from({ length: 40 }, (_, number) => `1.${number}.0`);
    await Promise.all(
      versions.map((version) => seedVersions(database.sql, [rowOf('vendor.acme.crowd', { version })])),
    );
    const last = rowOf('vendor.acme.crowd', { version: '1.39.0', yanked: true });
    await Promise.all([
      setStanding(database.sql, last),
      seedVersions(database.sql, [rowOf('vendor.acme.crowd', { version: '1.38.5' })]),
    ]);
    const [row] = await database.sql`select version from pack_latest where name = 'vendor.acme.crowd'`;
    expect(row?.version).toBe('1.38.5');
  });
});
