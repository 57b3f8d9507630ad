// Buckets that processes share: together they give no more than there is, and hardly ever ask for it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFrom, sweepBuckets } from '../../src/access/rate-limit-store.ts';
import { type Draw, leasedBuckets, localBuckets } from '../../src/http/leased-buckets.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await ownDatabase();
});
afterAll(() => database.drop());

/** Fills so slowly that no test sees it. */
const LIMIT = { perSecond: 0.001, burst: 160 };

const count = async (take: () => Promise<number>, times: number): Promise<number> => {
  const waits = await Promise.all(Array.from({ length: times }, take));
  return waits.filter((wait) => wait === 0).length;
};

describe('a bucket in the database', () => {
  it('gives all processes together its burst and not one more', async () => {
    const processes = Array.from({ length: 4 }, () => leasedBuckets(drawFrom(database.sql)));
    const given = await Promise.all(
      processes.map((each) => count(() => each.take('shared', LIMIT), LIMIT.burst)),
    );
    const all = given.reduce((sum, each) => sum + each, 0);
    expect(all).toBeLessThanOrEqual(LIMIT.burst);
    // A share that a process holds and did not need stays with it for a moment.
    expect(all).toBeGreaterThanOrEqual(LIMIT.burst / 2);
  });

  it('is asked rarely', async () => {
    let asked = 0;
    const draw = drawFrom(database.sql);
    const counting: Draw = (...given) => {
      asked += 1;
      return draw(...given);
    };
    const buckets = leasedBuckets(counting);
    for (let turn = 0; turn < 100; turn += 1) expect(await buckets.take('rare', LIMIT)).toBe(0);
    expect(asked).toBeLessThanOrEqual(12);
  });

  it('says how long to wait, and is not asked again before', async () => {
    let asked = 0;
    let now = 0;
    const draw = drawFrom(database.sql);
    const buckets = leasedBuckets(
      (...given) => {
        asked += 1;
        return draw(...given);
      },
      () => now,
    );
    const limit = { perSecond: 2, burst: 1 };
    expect(await buckets.take('slow', limit)).toBe(0);
    const wait = await buckets.take('slow', limit);
    expect(wait).toBeGreaterThan(100);
    expect(wait).toBeLessThanOrEqual(500);
    const before = asked;
    for (let turn = 0; turn < 50; turn += 1) expect(await buckets.take('slow', limit)).toBeGreaterThan(0);
    expect(asked).toBe(before);
    await new Promise((resolve) => setTimeout(resolve, 550));
    now += 600;
    expect(await buckets.take('slow', limit)).toBe(0);
  });

  it('never holds more than its burst, however long nobody asks, nor less for a clock that was set back', async () => {
    const draw = drawFrom(database.sql);
    const limit = { perSecond: 10, burst: 5 };
    await draw('idle', limit, 5);
    await database.sql`update rate_buckets set at = now() - interval '1 year' where name = 'idle'`;
    expect((await draw('idle', limit, 100)).granted).toBe(5);
    await database.sql`update rate_buckets set at = now() + interval '1 hour' where name = 'idle'`;
    expect(await draw('idle', limit, 1)).toMatchObject({ granted: 0, waitMs: 100 });
  });

  it('holds nobody up where it cannot be asked', async () => {
    const buckets = leasedBuckets(() => Promise.reject(new Error('away')));
    expect(await count(() => buckets.take('any', LIMIT), 500)).toBe(500);
  });

  it('is remembered empty while it is asked for, however many others there are', async () => {
    let asked = 0;
    const buckets = leasedBuckets(async (name) => {
      asked += name === 'a' ? 1 : 0;
      return { granted: name === 'a' ? 0 : 1, waitMs: 60_000 };
    });
    for (let turn = 0; turn < 40_000; turn += 1) {
      await buckets.take(`other-${turn}`, LIMIT);
      if (turn % 10_000 === 0) expect(await buckets.take('a', LIMIT)).toBeGreaterThan(0);
    }
    expect(asked).toBe(1);
  });

  it('is swept when nobody drew from it for long', async () => {
    await drawFrom(database.sql)('old', LIMIT, 1);
    await database.sql`update rate_buckets set at = now() - interval '2 hours' where name = 'old'`;
    await sweepBuckets(database.sql);
    expect(await database.sql`select from rate_buckets where name = 'old'`).toHaveLength(0);
    expect(await database.sql`select from rate_buckets where name = 'shared'`).toHaveLength(1);
  });
});

describe('a bucket of one process', () => {
  it('gives its burst at once, then keeps its pace', () => {
    let now = 0;
    const take = localBuckets(() => now);
    const limit = { perSecond: 10, burst: 3 };
    expect([1, 2, 3].map(() => take('a', limit))).toEqual([0, 0, 0]);
    expect(take('a', limit)).toBe(100);
    expect(take('b', limit)).toBe(0);
    now += 100;
    expect([take('a', limit), take('a', limit)]).toEqual([0, 100]);
  });

  it('is not forgotten while it is asked for, however many others there are', () => {
    const take = localBuckets(() => 0);
    const limit = { perSecond: 10, burst: 1 };
    expect(take('a', limit)).toBe(0);
    for (let turn = 0; turn < 65_536; turn += 1) {
      take(`2001:db8:1:${turn.toString(16)}::/64`, limit);
      if (turn % 10_000 === 0) expect(take('a', limit)).toBeGreaterThan(0);
    }
    expect(take('a', limit)).toBeGreaterThan(0);
  });
});
