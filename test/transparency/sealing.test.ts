// Sealing: every recorded event gets one dense position, under a head that follows from the events alone.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Queryable } from '../../src/database/connect.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { takeSealerLock } from '../../src/transparency/sealer-store.ts';
import { type LogWorld, logWorld } from './log-world.ts';

let world: LogWorld;
beforeEach(async () => {
  world = await logWorld();
});
afterEach(() => world.clear());

describe('a sealer', () => {
  it('signs the empty log before anything else', async () => {
    const head = await world.settled(world.seal());
    expect(head.size).toBe(0);
    expect(await world.flaws()).toEqual([]);
  });

  it('gives events positions in the order in which they were recorded', async () => {
    const ids = await world.record(5);
    await world.settled(world.seal());
    const rows = await world.sql<{ event_id: string }[]>`select event_id from leaves order by position`;
    expect(rows.map((row) => row.event_id)).toEqual(ids);
    expect(await world.flaws()).toEqual([]);
  });

  it('seals what comes while it works, across many tiles', async () => {
    const sealer = world.seal();
    for (const count of [1, 255, 3, 300, 1]) {
      await world.record(count);
      sealer.wake();
    }
    expect((await world.settled(sealer)).size).toBe(560);
    expect(await world.flaws()).toEqual([]);
  });

  it('goes on where another one stopped', async () => {
    const first = world.seal();
    await world.record(300);
    await world.settled(first);
    await first.stop();
    await world.record(300);
    await world.settled(world.seal());
    expect(await world.flaws()).toEqual([]);
    expect(world.troubles).toEqual([]);
  });

  it('never lets an event that commits late slip in before one that is sealed', async () => {
    const sealer = world.seal();
    await world.settled(sealer);
    const append = appendEvent({ now: () => new Date() });
    const facts = {
      kind: 'namespace.claimed',
      actor: 'registry',
      subject: 'namespace:late',
      data: {},
    } as const;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late = inTransaction(world.sql, async (tx) => {
      const event = await append(tx, facts);
      await held;
      return event;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [after] = await world.record(1);
    sealer.wake();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await world.head())?.size).toBe(0);
    release();
    const { id } = await late;
    await world.settled(sealer);
    const rows = await world.sql<{ event_id: string }[]>`select event_id from leaves order by position`;
    expect(rows.map((row) => row.event_id)).toEqual([id, after]);
  });

  it('signs its head anew when the key of the log changes, though nothing else happens', async () => {
    const sealer = world.seal();
    await world.record(3);
    await world.settled(sealer);
    world.changeKey();
    expect(await world.flaws()).not.toEqual([]);
    await expect.poll(() => world.flaws(), { timeout: 5_000 }).toEqual([]);
    await world.record(3);
    expect((await world.settled(sealer)).size).toBe(6);
    expect(await world.flaws()).toEqual([]);
  });

  it('looks events up in its own session, which no plan may make read the whole log', async () => {
    let session: Queryable | undefined;
    const sealer = world.seal({
      takeLock: (own) => {
        session = own;
        return takeSealerLock(own);
      },
    });
    await world.record(3);
    await world.settled(sealer);
    const shown = async (db: Queryable | undefined) =>
      db && [
        ...(await db`select current_setting('enable_seqscan') as scans, current_setting('enable_hashjoin') as joins`),
      ];
    expect(await shown(session)).toEqual([{ scans: 'off', joins: 'off' }]);
    expect(await shown(world.sql)).toEqual([{ scans: 'on', joins: 'on' }]);
  });

  it('leaves the work to the one that holds the lock, and takes over when that one goes', async () => {
    const first = world.seal();
    await world.settled(first);
    let sealed = 0;
    const second = world.seal({
      onSealed: ({ ids }) => {
        sealed += ids.length;
      },
    });
    await world.record(10);
    await world.settled(first);
    expect(sealed).toBe(0);
    await first.stop();
    await world.record(10);
    await world.settled(second);
    expect(sealed).toBe(10);
    expect(await world.flaws()).toEqual([]);
  });
});
