// Durable, fully verified publishes of an 8 KB pack, each answered with its receipt from the log, beside the commit rate of the same database.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { bytesSource } from '../../storage/blob-store.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { addressOf } from '../world/publisher.ts';
import { measure, putRequest } from './load.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

const PAYLOAD_BYTES = 6_400;
/** More than the fastest machine seen publishes in a second. */
const PACKS_PER_SECOND = 1_600;
const FLOORS: Readonly<Record<number, number>> = { 8: 0.1, 64: 0.15 };
/** As many as a registry opens. */
const MAX_CONNECTIONS = 10;

/** Packs made before the clock runs, each with a name and bytes of its own. */
const makePacks = async ({ service }: Bench, prefix: string, count: number): Promise<Buffer[]> => {
  const requests: Buffer[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `vendor.bench.${prefix}-${index}`;
    const body = await service.publisher.pack({ name, files: { 'README.md': randomBytes(PAYLOAD_BYTES) } });
    requests.push(putRequest(service.url, addressOf(name), service.operatorToken, body));
  }
  return requests;
};

/** Repeats `work` on `parallel` lanes until the time is over; times it in a second. */
const rateOf = async (
  parallel: number,
  milliseconds: number,
  work: () => Promise<unknown>,
): Promise<number> => {
  let done = 0;
  const started = performance.now();
  const lane = async () => {
    for (; performance.now() - started < milliseconds; done += 1) await work();
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return done / ((performance.now() - started) / 1_000);
};

/** Small commits on as many connections as publishes have, after `before` each. */
export const commits = async (
  bench: Bench,
  parallel: number,
  before: () => Promise<unknown>,
): Promise<number> => {
  const sql = connect({ url: bench.databaseUrl, max: Math.min(parallel, MAX_CONNECTIONS) });
  await sql`create table if not exists bench (id bigint generated always as identity primary key, body bytea)`;
  const body = randomBytes(200);
  const rate = await rateOf(parallel, bench.milliseconds, async () => {
    await before();
    await sql`insert into bench (body) values (${body})`;
  });
  await closeConnection(sql);
  return rate;
};

/** The least that a durable publish must do: one blob and one commit, with nothing checked. */
const blobAndCommit = async (bench: Bench, parallel: number): Promise<number> => {
  const store = await openDiskStore(join(bench.folder, 'bare-blobs'));
  return commits(bench, parallel, async () => {
    const source = bytesSource(randomBytes(PAYLOAD_BYTES + 1_800));
    await store.put(blobKey(source.digest), source);
  });
};

export async function* benchPublish(bench: Bench): AsyncGenerator<Comparison> {
  const { service, rounds, milliseconds } = bench;
  for (const parallel of [1, 8, 64]) {
    const seconds = ((rounds + 1) * milliseconds) / 1_000;
    const packs = await makePacks(bench, `p${parallel}`, Math.ceil(seconds * PACKS_PER_SECOND));
    const publishes = async () => {
      const { perSecond, statuses, answers } = await measure({
        url: service.url,
        parallel,
        milliseconds,
        request: () => packs.pop(),
      });
      if (statuses['201'] !== answers)
        throw new Error(`not every answer was 201: ${JSON.stringify(statuses)}`);
      if (packs.length === 0) throw new Error('the packs ran out before the time did');
      return perSecond;
    };
    const contenders = [
      { name: 'attestry', run: publishes },
      {
        name: `database commits on ${Math.min(parallel, MAX_CONNECTIONS)} connections`,
        run: () => commits(bench, parallel, async () => {}),
      },
      { name: 'one blob and one commit, unchecked', run: () => blobAndCommit(bench, parallel) },
    ];
    const [ours, bare, least] = await inTurns(contenders, rounds);
    const what = `sealed publishes of an 8 KB pack, ${parallel} at a time`;
    yield compare(what, ours, bare, FLOORS[parallel]);
    yield compare(`${what}, beside the least that is durable`, ours, least);
  }
}
