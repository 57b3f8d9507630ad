// A follower learns of every commit exactly once, also of those that end out of order and of those it was not told about.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/database/transaction.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type Follower, followEvents } from '../../src/transparency/follow.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

const NEVER = 2 ** 31 - 1;
const append = appendEvent({ now: () => new Date() });
let database: OwnDatabase;
let follower: Follower;
const seen: string[] = [];

beforeAll(async () => {
  database = await ownDatabase();
  follower = await followEvents({
    sql: database.sql,
    onEvent: (event) => seen.push(event.subject),
    checkEveryMs: NEVER,
  });
});
afterAll(async () => {
  await follower.stop();
  await database.drop();
});

const write = (subject: string, hold: () => Promise<unknown> = async () => undefined) =>
  inTransaction(database.sql, async (tx) => {
    await append(tx, { kind: 'namespace.claimed', actor: 'account:a', subject, data: {} });
    await hold();
  });

describe('following events', () => {
  it('tells of an event once, however often it looks', async () => {
    await write('namespace:once');
    await Promise.all([follower.catchUp(), follower.catchUp(), follower.catchUp()]);
    await follower.catchUp();
    expect(seen.filter((subject) => subject === 'namespace:once')).toHaveLength(1);
  });

  it('skips no transaction that was open while later ones ended', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = write('namespace:slow', () => held);
    await expect
      .poll(
        async () =>
          (
            await database.sql`select 1 from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`
          ).length,
      )
      .toBe(1);
    for (const each of ['a', 'b', 'c']) {
      await write(`namespace:fast-${each}`);
      await follower.catchUp();
    }
    expect(seen).not.toContain('namespace:slow');
    release();
    await slow;
    await follower.catchUp();
    for (const subject of ['namespace:slow', 'namespace:fast-a', 'namespace:fast-b', 'namespace:fast-c']) {
      expect(
        seen.filter((each) => each === subject),
        subject,
      ).toHaveLength(1);
    }
  });

  it('is told by the doorbell of any other process', async () => {
    const subject = `namespace:${randomUUID()}`;
    const other = await followEvents({ sql: database.sql, onEvent: () => undefined, checkEveryMs: NEVER });
    await write(subject);
    await other.ring();
    await expect.poll(() => seen).toContain(subject);
    await other.stop();
  });

  it('finds what nobody rang for at its next bounded check', async () => {
    const heard: string[] = [];
    const checking = await followEvents({
      sql: database.sql,
      onEvent: (event) => heard.push(event.subject),
      checkEveryMs: 20,
    });
    await write('namespace:silent');
    await expect.poll(() => heard).toContain('namespace:silent');
    await checking.stop();
  });

  it('loses nothing to a transaction that was undone', async () => {
    await expect(write('namespace:undone', () => Promise.reject(new Error('undo')))).rejects.toThrow('undo');
    await write('namespace:done');
    await follower.catchUp();
    expect(seen).toContain('namespace:done');
    expect(seen).not.toContain('namespace:undone');
  });
});
