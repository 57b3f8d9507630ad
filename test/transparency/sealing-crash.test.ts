// Sealing that fails at any step: afterwards the log is whole, nothing recorded is missing, and nothing is in it twice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sealer, SealSteps } from '../../src/transparency/sealer.ts';
import { bytesSource } from '../../storage/blob-store.ts';
import { createMemoryStore } from '../../storage/memory-store.ts';
import { logTileKey } from '../../storage/object-keys.ts';
import { type LogWorld, logWorld } from './log-world.ts';

let world: LogWorld;
beforeEach(async () => {
  world = await logWorld();
});
afterEach(() => world.clear());

const STEPS = ['nextUnsealed', 'putObject', 'sign', 'moveHead', 'announce', 'publish'] as const;
const FLAVOURS = ['not done', 'done but unreported'] as const;
const POINTS = STEPS.flatMap((step) => FLAVOURS.map((flavour) => ({ step, flavour })));

/** Fails one step once, at its `turn`th run, as a process that dies there and is started again. */
const failing = (step: (typeof STEPS)[number], flavour: string, turn: number) => {
  let runs = 0;
  return (steps: SealSteps): SealSteps => {
    const honest = steps[step] as (...given: unknown[]) => unknown;
    const broken = (...given: unknown[]): unknown => {
      runs += 1;
      if (runs !== turn) return honest(...given);
      if (flavour === 'not done') throw new Error(`died before "${step}"`);
      return Promise.resolve(honest(...given)).then(() => {
        throw new Error(`died after "${step}"`);
      });
    };
    const dyingAnnounce = (...given: unknown[]): void => {
      runs += 1;
      if (runs !== turn || flavour !== 'not done') honest(...given);
      if (runs === turn) throw new Error(`died at "${step}"`);
    };
    return { ...steps, [step]: step === 'announce' ? dyingAnnounce : broken };
  };
};

describe('a sealer that dies', () => {
  it.each(POINTS)(
    'at "$step", $flavour, leaves a log that another goes on with',
    async ({ step, flavour }) => {
      await world.record(300);
      const sealer = world.seal({ replaceSteps: failing(step, flavour, 1) });
      await world.settled(sealer);
      await world.record(300);
      expect((await world.settled(sealer)).size).toBe(600);
      expect(world.troubles.map(String)).toEqual([expect.stringMatching(/^Error: died/)]);
      await sealer.stop();
      expect(await world.flaws()).toEqual([]);
    },
  );

  it('at the second object of a batch leaves objects that follow from the events again', async () => {
    await world.record(256);
    const sealer = world.seal({ replaceSteps: failing('putObject', 'done but unreported', 2) });
    expect((await world.settled(sealer)).size).toBe(256);
    expect(await world.flaws()).toEqual([]);
  });
});

describe('two sealers that both believe they hold the lock', () => {
  const both = async (): Promise<void> => {
    const takeLock = async () => true;
    const sealers = [1, 2].map(() => world.seal({ takeLock }));
    for (let round = 0; round < 20; round += 1) {
      await world.record(17);
      for (const sealer of sealers) sealer.wake();
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await Promise.all(sealers.map((sealer) => sealer.stop()));
  };

  it('cannot fork it: the head moves from where it stands or not at all', async () => {
    await both();
    await world.settled(world.seal());
    expect(await world.flaws()).toEqual([]);
    expect(world.troubles.map(String).filter((trouble) => !/HeadMoved/.test(trouble))).toEqual([]);
  });

  it('store no tile of another log, however late one of them goes on', async () => {
    let goOn = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const late = world.seal({
      takeLock: async () => true,
      replaceSteps: (steps) => ({
        ...steps,
        nextUnsealed: async (head, limit) => {
          await released;
          return steps.nextUnsealed(head, limit);
        },
      }),
    });
    await expect.poll(async () => (await world.head())?.size, { timeout: 10_000 }).toBe(0);
    await late.opened;
    await world.record(100);
    const other = world.seal({ takeLock: async () => true });
    await world.settled(other);
    await other.stop();
    await world.record(300);
    goOn();
    expect((await world.settled(late)).size).toBe(400);
    expect(world.troubles.map(String)).toEqual([expect.stringMatching(/^HeadMoved/)]);
    expect(await world.flaws()).toEqual([]);
  });

  it('would fork it if the check-and-set were broken', async () => {
    let goOn = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let isReady = false;
    const found: (readonly string[])[] = [];
    await world.record(17);
    const late = world.seal({
      takeLock: async () => true,
      replaceSteps: (steps) => ({
        ...steps,
        sign: async (size, root) => {
          isReady = size > 0;
          if (isReady) await released;
          return steps.sign(size, root);
        },
        moveHead: async ({ from, to, events }) => {
          const { sql } = world;
          await sql`update log_head set size = ${to.size}, root = ${to.root}, checkpoint = ${to.checkpoint},
            last_xact = ${to.last.xact}::xid8, last_ordinal = ${to.last.ordinal}`;
          for (const [at, { id }] of events.entries())
            await sql`insert into leaves (position, event_id) values (${from.size + at}, ${id}) on conflict do nothing`;
          found.push(await world.flaws());
          return true;
        },
      }),
    });
    await expect.poll(() => isReady, { timeout: 10_000 }).toBe(true);
    // Meanwhile the other goes further than the one that waits knows.
    const other = world.seal({ takeLock: async () => true });
    await world.record(300);
    await world.settled(other);
    await other.stop();
    goOn();
    await expect.poll(() => found.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await late.stop();
    expect(found[0]).not.toEqual([]);
  });
});

describe('a log that does not hold together', () => {
  const expectTrouble = async (sealer: Sealer, trouble: RegExp): Promise<void> => {
    sealer.wake();
    await expect.poll(() => String(sealer.trouble()), { timeout: 10_000 }).toMatch(trouble);
  };

  beforeEach(async () => {
    await world.record(300);
    const sealer = world.seal();
    await world.settled(sealer);
    await sealer.stop();
  });

  it('is not signed on when a leaf of its edge was changed', async () => {
    await world.sql`update events set leaf = 'x'
      where id = (select event_id from leaves where position = 299)`;
    await expectTrouble(world.seal(), /do not hash to its head/);
  });

  it('is not signed on when the database is older than what was published', async () => {
    const older = await world.head();
    await world.record(10);
    const sealer = world.seal();
    await world.settled(sealer);
    await sealer.stop();
    await world.sql`delete from leaves where position >= 300`;
    await world.sql`update log_head set size = ${older?.size ?? 0}, root = ${older?.root ?? null},
      checkpoint = ${older?.checkpoint ?? ''}`;
    const behind = world.seal();
    await expectTrouble(behind, /older than the log in the blob store/);
    await expect(behind.opened).rejects.toMatchObject({ cure: expect.stringContaining('newest backup') });
    expect((await world.head())?.size).toBe(300);
  });

  it('is not signed on with another blob store than the one that holds it', async () => {
    const sealer = world.seal({ blobs: createMemoryStore() });
    await expectTrouble(sealer, /holds no tile\/0\/000/);
  });

  it('is not signed on when the store holds another tile than the events make', async () => {
    await world.blobs.put(logTileKey('tile/0/001'), bytesSource(Buffer.from('x')));
    await world.record(300);
    const sealer = world.seal();
    await expectTrouble(sealer, /another tile\/0\/001 than the events make/);
    expect((await world.head())?.size).toBeLessThan(512);
  });

  it('loses no event to transaction ids of another cluster that this one only just overtakes', async () => {
    // What a restore into a cluster with a smaller counter leaves: the last sealed event seems to lie ahead.
    await world.sql`update log_head set last_xact = (pg_current_xact_id()::text::bigint + 3)::text::xid8`;
    await world.record(8);
    const sealer = world.seal();
    expect((await world.settled(sealer)).size).toBe(308);
    await world.record(8);
    expect((await world.settled(sealer)).size).toBe(316);
    expect(await world.flaws()).toEqual([]);
  });

  it('is not published over by a sealer that stood still while another went on', async () => {
    let [entered, goOn] = [(): void => undefined, (): void => undefined];
    const isInside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await world.record(5);
    const slow = world.seal({
      takeLock: async () => true,
      replaceSteps: (steps) => ({
        ...steps,
        publish: async (state) => {
          entered();
          await released;
          return steps.publish(state);
        },
      }),
    });
    await isInside;
    await world.record(20);
    const other = world.seal({ takeLock: async () => true });
    await world.settled(other);
    await expect.poll(world.publishedSize, { timeout: 10_000 }).toBe(325);
    goOn();
    await slow.stop();
    expect(await world.publishedSize()).toBe(325);
  });

  it('is not copied over other bytes at its edge', async () => {
    const { blobs } = world;
    await blobs.put(logTileKey('tile/0/001.p/50'), bytesSource(Buffer.from('x')));
    await world.record(6);
    const sealer = world.seal();
    await expectTrouble(sealer, /another tile\/0\/001\.p\/50 than the events make/);
    expect(await world.publishedSize()).toBe(300);
  });

  it('goes on after its events were brought to another cluster, each of them once', async () => {
    await world.record(5);
    await world.sql`update events set xact = (xact::text::bigint + 1000000)::text::xid8`;
    const sealer = world.seal();
    expect((await world.settled(sealer)).size).toBe(305);
    await world.record(5);
    expect((await world.settled(sealer)).size).toBe(310);
    expect(await world.flaws()).toEqual([]);
  });
});
