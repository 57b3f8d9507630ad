// Statements that many share: one trip for all, and to each what is his.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharing } from '../../src/database/share.ts';
import { isUnavailable } from '../../src/database/transaction.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await ownDatabase();
});
afterAll(() => database.drop());

/** 100 divided by each number, by one statement that fails as a whole where one of them is 0. */
const dividing = (most = 100) => {
  const statements: (readonly number[])[] = [];
  const divide = sharing({
    run: async (all: readonly number[]) => {
      statements.push(all);
      const rows = await database.sql<{ share: number }[]>`
        select 100 / number as share from unnest(${all as number[]}::int[]) with ordinality as asked (number, place)
        order by place`;
      return rows.map(({ share }) => share);
    },
    weigh: (number) => Math.abs(number),
    most,
  });
  return { divide, statements };
};

describe('calls that come together', () => {
  it('share one statement, and each gets its own answer', async () => {
    const { divide, statements } = dividing();
    expect(await Promise.all([1, 2, 4, 5].map(divide))).toEqual([100, 50, 25, 20]);
    expect(statements).toEqual([[1, 2, 4, 5]]);
  });

  it('share what comes while others are under way', async () => {
    const { divide, statements } = dividing();
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const answers = await Promise.all(
      numbers.map(async (number) => {
        await new Promise((resolve) => setTimeout(resolve, number % 4));
        return divide(number % 2 === 0 ? 2 : 1);
      }),
    );
    expect(answers).toEqual(numbers.map((number) => (number % 2 === 0 ? 50 : 100)));
    expect(statements.flat()).toHaveLength(40);
    expect(statements.length).toBeLessThan(40);
  });

  it('are cut where they would be too heavy together; one that is too heavy alone runs alone', async () => {
    const { divide, statements } = dividing(10);
    expect(await Promise.all([5, 5, 50, 1].map(divide))).toEqual([20, 20, 2, 100]);
    expect(statements).toEqual([[5, 5], [50], [1]]);
  });
});

describe('a statement that fails', () => {
  it('for one of them fails for that one alone', async () => {
    const { divide, statements } = dividing();
    const settled = await Promise.allSettled([1, 0, 4].map(divide));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { code: '22012' } });
    expect(statements).toEqual([[1, 0, 4], [1], [0], [4]]);
  });

  it('with its connection is not tried again: it may have done its work', async () => {
    let runs = 0;
    const ask = sharing({
      run: async (all: readonly number[]) => {
        runs += 1;
        await database.sql`select pg_terminate_backend(pg_backend_pid())`;
        return all;
      },
      weigh: () => 1,
      most: 10,
    });
    const settled = await Promise.allSettled([1, 2].map(ask));
    expect(settled.map((each) => each.status === 'rejected' && isUnavailable(each.reason))).toEqual([
      true,
      true,
    ]);
    expect(runs).toBe(1);
  });
});
