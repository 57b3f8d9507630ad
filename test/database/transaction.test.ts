// All or nothing, repeated only when Postgres asks for it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/database/connect.ts';
import { inTransaction, isUnavailable, isUniqueViolation } from '../../src/database/transaction.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let own: OwnDatabase;
beforeAll(async () => {
  own = await ownDatabase();
  await own.sql`create table counters (name text constraint one_name primary key, n bigint not null)`;
});
beforeEach(async () => {
  await own.sql`truncate counters`;
  await own.sql`insert into counters values ('a', 0), ('b', 0)`;
});
afterAll(() => own.drop());

const read = async () => (await own.sql`select n from counters order by name`).map((row) => row.n);

/** Throws what Postgres throws, by letting it throw. */
const raise = (tx: Tx, code: string) => tx.unsafe(`do $$ begin raise sqlstate '${code}'; end $$`);

describe('a transaction', () => {
  it('commits what the work did and hands its result on as it is', async () => {
    const result = await inTransaction(own.sql, async (tx) => {
      await tx`update counters set n = 1 where name = 'a'`;
      return [Promise.resolve(1)];
    });
    expect(await read()).toEqual([1, 0]);
    expect(result[0]).toBeInstanceOf(Promise);
  });

  it('keeps nothing when the work throws, and throws the same', async () => {
    const mistake = new Error('changed my mind');
    const work = inTransaction(own.sql, async (tx) => {
      await tx`update counters set n = 1`;
      throw mistake;
    });
    await expect(work).rejects.toBe(mistake);
    expect(await read()).toEqual([0, 0]);
  });

  it('keeps nothing when the work swallows the error of a statement', async () => {
    const work = inTransaction(own.sql, async (tx) => {
      await tx`update counters set n = 1`;
      await tx`select wrong`.catch(() => {});
    });
    await expect(work).rejects.toMatchObject({ code: '42703' });
    expect(await read()).toEqual([0, 0]);
  });

  it('loses no increment between serializable rivals', async () => {
    const increment = () =>
      inTransaction(own.sql, async (tx) => {
        await tx`set transaction isolation level serializable`;
        const [row] = await tx`select n from counters where name = 'a'`;
        await tx`update counters set n = ${Number(row?.n) + 1} where name = 'a'`;
      });
    await Promise.all([increment(), increment(), increment()]);
    expect(await read()).toEqual([3, 0]);
  });

  it('gets both through when they lock each other out', async () => {
    let runs = 0;
    const both = (first: string, second: string) =>
      inTransaction(own.sql, async (tx) => {
        runs += 1;
        await tx`update counters set n = n + 1 where name = ${first}`;
        await tx`select pg_sleep(0.1)`;
        await tx`update counters set n = n + 1 where name = ${second}`;
      });
    await Promise.all([both('a', 'b'), both('b', 'a')]);
    expect(await read()).toEqual([2, 2]);
    expect(runs).toBe(3);
  });

  it('is tried a few times and no more', async () => {
    let runs = 0;
    const work = inTransaction(own.sql, (tx) => {
      runs += 1;
      return raise(tx, '40001');
    });
    await expect(work).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(5);
  });

  it.each(['23505', '57014', '55P03', '08006'])('is not repeated after %s', async (code) => {
    let runs = 0;
    const work = inTransaction(own.sql, (tx) => {
      runs += 1;
      return raise(tx, code);
    });
    await expect(work).rejects.toMatchObject({ code });
    expect(runs).toBe(1);
  });
});

describe('an error', () => {
  it('of a lock that was waited for in vain asks for another try later', async () => {
    const error: unknown = await inTransaction(own.sql, (tx) => raise(tx, '55P03')).catch((each) => each);
    expect(isUnavailable(error)).toBe(true);
  });

  it('is a unique violation of the index that refused the row', async () => {
    const error: unknown = await own.sql`insert into counters values ('a', 1)`.catch((each: unknown) => each);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'one_name')).toBe(true);
    expect(isUniqueViolation(error, 'another')).toBe(false);
    expect(isUnavailable(error)).toBe(false);
  });

  it('counts as the one it wraps', () => {
    const cause = Object.assign(new Error('gone'), { code: '57P01' });
    expect(isUnavailable(new Error('while sealing', { cause }))).toBe(true);
    expect(isUniqueViolation('23505')).toBe(false);
  });
});
