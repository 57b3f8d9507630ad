// A connection that breaks takes nothing with it but its own statement or transaction.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeConnection, connect, type Sql, type Tx } from '../../src/database/connect.ts';
import { inTransaction, isUnavailable } from '../../src/database/transaction.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let own: OwnDatabase;
let sql: Sql;
beforeAll(async () => {
  own = await ownDatabase();
  sql = connect({ url: own.url, max: 1, applicationName: 'breakable' });
  await sql`create table notes (n int, text text)`;
});
beforeEach(async () => {
  await own.sql`truncate notes`;
});
afterAll(async () => {
  await closeConnection(sql);
  await own.drop();
});

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const pidOf = async (on: Sql | Tx): Promise<number> => (await on`select pg_backend_pid() as pid`)[0]?.pid;
const kill = (pid: number) => own.sql`select pg_terminate_backend(${pid}, 1000)`;
const notes = async () => (await own.sql`select n from notes order by n`).map((row) => row.n);

describe('a statement that stands alone', () => {
  it('rejects when its connection breaks, and the next one gets a whole result', async () => {
    const error = await failureOf(sql`select pg_terminate_backend(pg_backend_pid())`);
    expect(isUnavailable(error)).toBe(true);
    expect(await sql`select n from generate_series(1, 3) n`).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('gets a whole result after one that failed between its rows', async () => {
    const error = await failureOf(sql`select 10 / (3 - n) from generate_series(1, 4) n`);
    expect(error).toMatchObject({ code: '22012' });
    expect(await sql`select n from generate_series(1, 3) n`).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('gets a whole result after one that was built wrongly', async () => {
    const error = await failureOf(sql`select ${undefined as never}::text`);
    expect(error).toMatchObject({ code: 'UNDEFINED_VALUE' });
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });

  it('says where it was written when it fails', async () => {
    const error = await failureOf(sql`select wrong`);
    expect(error instanceof Error && error.stack).toContain('pool.test.ts');
  });

  it('opens a new connection when the idle one was ended, after one refusal where that was not heard of yet', async () => {
    await kill(await pidOf(sql));
    const first = await failureOf(sql`select 1`);
    if (first !== undefined) expect(isUnavailable(first)).toBe(true);
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });
});

describe('a transaction whose connection breaks', () => {
  it('rejects what follows and leaves nothing, while another transaction goes on in peace', async () => {
    let other: Promise<void> | undefined;
    const dead = inTransaction(sql, async (tx) => {
      await tx`insert into notes values (1)`;
      await kill(await pidOf(tx));
      other = inTransaction(sql, async (next) => {
        await next`insert into notes values (2)`;
        await next`select pg_sleep(0.2)`;
      });
      await other.then(() => tx`insert into notes values (3)`);
    });
    expect(isUnavailable(await failureOf(dead))).toBe(true);
    await other;
    expect(await notes()).toEqual([2]);
  });

  it('rejects when it breaks under a statement, and is not repeated', async () => {
    let runs = 0;
    const dead = inTransaction(sql, async (tx) => {
      runs += 1;
      await tx`insert into notes values (1)`;
      await tx`select pg_terminate_backend(pg_backend_pid())`;
    });
    expect(isUnavailable(await failureOf(dead))).toBe(true);
    expect(runs).toBe(1);
    expect(await notes()).toEqual([]);
  });

  it('rejects when it breaks before the commit', async () => {
    const dead = inTransaction(sql, async (tx) => {
      await tx`insert into notes values (1)`;
      await kill(await pidOf(tx));
    });
    expect(isUnavailable(await failureOf(dead))).toBe(true);
    expect(await notes()).toEqual([]);
  });
});

describe('a transaction', () => {
  it('takes no statement after its end', async () => {
    const [late] = await inTransaction(sql, async (tx) => [() => tx`insert into notes values (1)`] as const);
    await expect(late()).rejects.toThrow('after the end');
    expect(await notes()).toEqual([]);
  });

  it('runs statements that were started together one after the other', async () => {
    await inTransaction(sql, async (tx) => {
      await Promise.all([1, 2, 3].map((n) => tx`insert into notes ${tx({ n, text: 'x' })}`));
    });
    expect(await notes()).toEqual([1, 2, 3]);
  });

  it('goes on after a savepoint that failed', async () => {
    await inTransaction(sql, async (tx) => {
      await tx`insert into notes values (1)`;
      await failureOf(tx.savepoint(async (inner) => inner`insert into notes values (2 / 0)`));
      await tx`insert into notes values (3)`;
    });
    expect(await notes()).toEqual([1, 3]);
  });

  it('reads large results in batches, and may stop early', async () => {
    const seen: number[] = [];
    await inTransaction(sql, async (tx) => {
      for await (const rows of tx`select n from generate_series(1, 100) n`.cursor(10)) {
        seen.push(...rows.map((row) => row.n));
        if (seen.length >= 20) break;
      }
      await tx`insert into notes values (1)`;
    });
    expect(seen).toHaveLength(20);
    expect(await notes()).toEqual([1]);
  });
});

describe('the pool', () => {
  it('opens no more connections than it may, and everyone gets a turn', async () => {
    const small = connect({ url: own.url, max: 3, applicationName: 'small' });
    const run = () => small`select pg_backend_pid() as pid, pg_sleep(0.005)`;
    const rows = await Promise.all(Array.from({ length: 40 }, run));
    expect(new Set(rows.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(3);
    await closeConnection(small);
  });

  it('serves those who wait when the connection before them breaks', async () => {
    const first = failureOf(sql`select pg_terminate_backend(pg_backend_pid())`);
    const second = sql`select 2 as n`;
    const third = inTransaction(sql, async (tx) => tx`select 3 as n`);
    expect(await second).toEqual([{ n: 2 }]);
    expect(await third).toEqual([{ n: 3 }]);
    expect(isUnavailable(await first)).toBe(true);
  });

  it('lets a running transaction end before it closes, and refuses new work', async () => {
    const closing = connect({ url: own.url, max: 2 });
    const running = inTransaction(closing, async (tx) => {
      await tx`insert into notes values (1)`;
      await tx`select pg_sleep(0.1)`;
      await tx`insert into notes values (2)`;
    });
    await closing`select 1`;
    const closed = closeConnection(closing);
    expect(isUnavailable(await failureOf(closing`select 1`))).toBe(true);
    await Promise.all([running, closed]);
    expect(await notes()).toEqual([1, 2]);
  });

  it('keeps a reserved session whole: its lock goes with it, and it never comes back as another', async () => {
    const pair = connect({ url: own.url, max: 2 });
    const mine = await pair.reserve();
    await mine`select pg_advisory_lock(7)`;
    const [free] = await pair`select pg_try_advisory_lock(7) as got`;
    expect(free?.got).toBe(false);
    await kill((await mine`select pg_backend_pid() as pid`)[0]?.pid);
    expect(isUnavailable(await failureOf(mine`select 1`))).toBe(true);
    mine.release();
    expect(await pair`select pg_try_advisory_lock(7) as got`).toEqual([{ got: true }]);
    await closeConnection(pair);
  });

  it('hears what another connection tells', async () => {
    let hear = (_text: string) => {};
    const heard = new Promise<string>((resolve) => {
      hear = resolve;
    });
    const listening = await own.sql.listen('bell', (text) => hear(text));
    await sql.notify('bell', 'ding');
    expect(await heard).toBe('ding');
    await listening.unlisten();
  });

  it('reads large results in batches outside a transaction', async () => {
    let count = 0;
    for await (const rows of sql`select n from generate_series(1, 25) n`.cursor(10)) count += rows.length;
    expect(count).toBe(25);
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });
});

describe('lists', () => {
  const cases: readonly [string, string, unknown[]][] = [
    ['quotes, braces and nulls', 'text[]', ['a', 'b c', 'q"u,o{t}e\\', '', 'NULL', null]],
    ['numbers', 'int4[]', [1, -2, null]],
    ['wide numbers', 'int8[]', [1, 9_007_199_254_740_993n]],
    ['bytes', 'bytea[]', [Buffer.from([0, 34, 92]), Buffer.alloc(0)]],
    ['truths', 'bool[]', [true, false]],
    ['times', 'timestamptz[]', [new Date('2026-01-02T03:04:05.678Z')]],
    ['nothing', 'text[]', []],
    ['lists', 'int4[]', [[1, 2], [3, 4]]], // biome-ignore format: one case, one line
  ];
  it.each(cases)('of %s come back as they went in', async (_what, type, list) => {
    const [row] = await sql`select ${sql.array(list as never)}::${sql.unsafe(type)} as list`;
    expect(row?.list).toEqual(list);
  });

  it('of texts and numbers need not be named as lists', async () => {
    const [row] = await sql`select ${['a', 'b']}::text[] as texts, ${[1, 2]}::int8[] as numbers`;
    expect(row).toEqual({ texts: ['a', 'b'], numbers: [1, 2] });
  });

  it('of documents come back parsed', async () => {
    const [row] = await sql`select array['{"a": "\\""}', '[1, null]']::jsonb[] as list`;
    expect(row?.list).toEqual([{ a: '"' }, [1, null]]);
  });

  it('of any length stand behind "any"', async () => {
    const [row] = await sql`select 'b' = any(${['a', 'b']}) as found, 'b' = any(${sql.array(['a'])}) as lost`;
    expect(row).toEqual({ found: true, lost: false });
  });
});
