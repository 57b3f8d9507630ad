// What a store can rely on about values, limits and errors.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { isUnavailable } from '../../src/database/transaction.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

let own: OwnDatabase;
beforeAll(async () => {
  own = await ownDatabase();
});
afterAll(() => own.drop());

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('values', () => {
  it('come back as a number when that is exact and as a bigint when it is not', async () => {
    const [row] = await own.sql`select 41::bigint as small, 9007199254740993::bigint as large, count(*) as n`;
    expect(row).toEqual({ small: 41, large: 9_007_199_254_740_993n, n: 1 });
  });

  it('go in as a number or a bigint, to the last digit', async () => {
    const [row] = await own.sql`select ${9_007_199_254_740_993n}::bigint as large, ${41}::bigint as small`;
    expect(row).toEqual({ small: 41, large: 9_007_199_254_740_993n });
  });

  it('are dates, buffers and parsed JSON', async () => {
    const at = new Date('2026-03-01T12:00:00.123Z');
    const bytes = Buffer.from([0, 255, 10]);
    const [row] = await own.sql`select ${at}::timestamptz as at, ${bytes}::bytea as bytes,
      ${own.sql.json({ a: [1] })}::jsonb as json, ${['a', 'b']}::text[] as list`;
    expect(row).toEqual({ at, bytes, json: { a: [1] }, list: ['a', 'b'] });
    expect(Buffer.isBuffer(row?.bytes)).toBe(true);
  });
});

describe('a session', () => {
  it('is bounded in time, runs in UTC and says who it is', async () => {
    const sql = connect({ url: own.url, max: 1, applicationName: 'tester' });
    const [row] = await sql`select current_setting('statement_timeout') as statement,
      current_setting('lock_timeout') as lock, current_setting('application_name') as name,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('TimeZone') as zone`;
    expect(row).toEqual({ statement: '30s', lock: '10s', idle: '1min', zone: 'UTC', name: 'tester' });
    await closeConnection(sql);
  });

  it('takes other limits from the address', async () => {
    const sql = connect({ url: `${own.url}?statement_timeout=20`, max: 1 });
    expect(await failureOf(sql`select pg_sleep(5)`)).toMatchObject({ code: '57014' });
    await closeConnection(sql);
  });
});

describe('a database out of reach', () => {
  it('is told from a mistake when nobody listens', async () => {
    const sql = connect({ url: 'postgres://nobody@127.0.0.1:1/none', max: 1 });
    expect(isUnavailable(await failureOf(sql`select 1`))).toBe(true);
    await closeConnection(sql);
  });

  it('is told from a mistake when an operator ends the session', async () => {
    const sql = connect({ url: own.url, max: 1 });
    const ended = failureOf(sql`select pg_terminate_backend(pg_backend_pid())`);
    expect(isUnavailable(await ended)).toBe(true);
    expect(await sql`select 1 as again`).toEqual([{ again: 1 }]);
    await closeConnection(sql);
  });

  it('is told from a mistake after closing', async () => {
    const sql = connect({ url: own.url, max: 1 });
    await closeConnection(sql);
    expect(isUnavailable(await failureOf(sql`select 1`))).toBe(true);
  });

  it('is not what a wrong statement is taken for', async () => {
    expect(isUnavailable(await failureOf(own.sql`select wrong`))).toBe(false);
  });
});
