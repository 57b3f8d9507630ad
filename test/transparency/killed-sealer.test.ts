// kill -9 of the sealing process at any step: whatever was acknowledged is in the log, once, and the log goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVkey } from '../../keys/key.ts';
import { openCheckpoint } from '../../src/protocol/checkpoint.ts';
import { openEvent } from '../../src/protocol/event.ts';
import { hashLeaf, rootFromInclusion } from '../../src/protocol/merkle.ts';
import { parseTlogProof } from '../../src/protocol/tlog-proof.ts';
import { crashPoints, type Ground, ground, inTurn, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
const acme = createPublisher();

beforeAll(async () => {
  world = await ground();
  const first = await world.start();
  await delegate(first.call, acme, ['vendor.acme.*']);
  first.process.kill('SIGTERM');
  await first.gone();
});
afterAll(() => world.clear());

const POINTS = crashPoints('sealing');
const processes = inTurn(() => world, POINTS);

/** Enough events for a batch that fills a tile, as if many had written at once. */
const crowd = (): Promise<unknown> => world.database.sql`
  select append_event(gen_random_uuid()::text, 'namespace.claimed', 'namespace:vendor.crowd', now(),
    convert_to('{"n":' || n || '}', 'UTF8'), null) from generate_series(1, 256) as n`;

const believe = async (registry: RegistryProcess, text: string) => {
  const discovery = (await registry.call('GET', '/.well-known/openwop-registry')).json;
  const proof = parseTlogProof(text);
  const head = openCheckpoint(proof.checkpoint, parseVkey(discovery.trust.log.vkey));
  const { event, leaf } = openEvent(proof.extra ?? new Uint8Array());
  const root = rootFromInclusion({ ...proof, size: head.size, leafHash: hashLeaf(leaf) });
  expect(Buffer.from(root ?? []).equals(Buffer.from(head.root))).toBe(true);
  return event;
};

const twice = async (): Promise<number> => {
  const [row] = await world.database.sql<{ twice: number }[]>`
    select count(*) - count(distinct event_id) as twice from leaves`;
  return row?.twice ?? -1;
};

const unsealed = async (): Promise<number> => {
  const [row] = await world.database.sql<{ open: number }[]>`
    select count(*) as open from events where not exists (select from leaves where event_id = events.id)`;
  return row?.open ?? -1;
};

describe('a sealer that is killed', () => {
  afterAll(processes.end);

  it.each(POINTS)('at "$step", $flavour', async (point) => {
    const name = `vendor.acme.${point.step.toLowerCase()}-${point.flavour === 'not done' ? 'before' : 'after'}`;
    const body = await acme.pack({ name });
    const doomed = await processes.doomed(point);
    await doomed.arm();
    await crowd();
    const answer = await doomed.call('PUT', addressOf(name), { body }).catch(() => undefined);
    await doomed.gone();

    const next = await processes.restarted(point);
    const retry = await next.call('PUT', addressOf(name), { body });
    expect([200, 201]).toContain(retry.status);
    expect(await believe(next, retry.json.receipt.proof)).toMatchObject({ subject: `pack:${name}@1.0.0` });
    if (answer?.status === 201) expect(retry.json.receipt.index).toBe(answer.json.receipt.index);
    expect([await unsealed(), await twice()]).toEqual([0, 0]);
  });
});

describe('a database that was set back behind its blobs', () => {
  it('is not served: the registry does not start, and starts again with the right one', async () => {
    const { sql } = world.database;
    const [head] = await sql<{ size: number }[]>`select size from log_head`;
    await sql`update log_head set size = size - 1`;
    await expect(world.start()).rejects.toThrow('ended before it listened');
    await sql`update log_head set size = ${head?.size ?? 0}`;
    const again = await world.start();
    expect((await again.call('GET', '/readyz')).json.parts.log).toBe('ok');
    again.process.kill('SIGTERM');
    await again.gone();
  });
});

describe('two processes', () => {
  it('give receipts whoever of them seals, and go on when the sealing one is killed', async () => {
    const [first, second] = [await world.start(), await world.start()];
    const put = async (registry: RegistryProcess, name: string) =>
      registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => put(at % 2 === 0 ? first : second, `vendor.acme.both-${at}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    const places = answers.map(({ json }) => json.receipt.index);
    expect(new Set(places).size).toBe(20);
    first.process.kill('SIGKILL');
    await first.gone();
    const after = await put(second, 'vendor.acme.both-after');
    expect(after.status).toBe(201);
    expect(await believe(second, after.json.receipt.proof)).toMatchObject({
      subject: 'pack:vendor.acme.both-after@1.0.0',
    });
  });
});
