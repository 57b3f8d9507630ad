// Two processes on one database and one store: the database decides who was first, and both show it at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
let processes: readonly [RegistryProcess, RegistryProcess];
const acme = createPublisher();
const PUBLISHERS = 8;
/** Far more than are published before a revocation arrives. */
const MOST_TURNS = 2_000;

beforeAll(async () => {
  world = await ground();
  processes = await Promise.all([world.start(), world.start()]);
  await delegate(processes[0].call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const either = (index: number): RegistryProcess => (index % 2 === 0 ? processes[0] : processes[1]);

const race = async (name: string, bodies: readonly Buffer[]) => {
  const answers = await Promise.all(
    bodies.map((body, index) => either(index).call('PUT', addressOf(name), { body })),
  );
  return { answers, statuses: answers.map((answer) => answer.status).sort() };
};

describe('eight publishers racing for one name and version', () => {
  it('with different bytes: one 201 and seven 409, and the winner is what everybody reads', async () => {
    const name = 'vendor.acme.contested';
    const indexes = Array.from({ length: PUBLISHERS }, (_, index) => index);
    const bodies = await Promise.all(
      indexes.map((index) => acme.pack({ name, files: { 'README.md': `take ${index}` } })),
    );
    const before = await world.stored();
    const { answers, statuses } = await race(name, bodies);
    expect(statuses).toEqual([201, ...Array(PUBLISHERS - 1).fill(409)]);
    const winner = bodies[answers.findIndex((answer) => answer.status === 201)];
    for (const { call } of processes)
      expect((await call('GET', addressOf(name))).bytes.equals(winner ?? Buffer.alloc(0))).toBe(true);
    const after = await world.stored();
    expect([after.versions - before.versions, after.events - before.events]).toEqual([1, 1]);
  });

  it('with equal bytes: one 201 and seven 200', async () => {
    const name = 'vendor.acme.agreed';
    const body = await acme.pack({ name });
    const { statuses } = await race(name, Array(PUBLISHERS).fill(body));
    expect(statuses).toEqual([...Array(PUBLISHERS - 1).fill(200), 201]);
  });
});

describe('readers of the other process', () => {
  it('see the files of a new version at once', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const name = `vendor.acme.seen-${turn}`;
      const [writer, reader] = [either(turn), either(turn + 1)];
      await writer.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
      expect((await reader.call('GET', addressOf(name, '1.0.0', 'v1', 'json'))).status).toBe(200);
    }
  });

  it('see it in documents they hold in memory, by the doorbell alone', async () => {
    const name = 'vendor.acme.growing';
    const latest = async ({ call }: RegistryProcess) =>
      (await call('GET', `/v1/packs/${name}`)).json?.['dist-tags'].latest;
    await processes[0].call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    for (let minor = 1; minor <= 10; minor += 1) {
      const [writer, reader] = [either(minor), either(minor + 1)];
      await latest(reader);
      const version = `1.${minor}.0`;
      await writer.call('PUT', addressOf(name, version), { body: await acme.pack({ name, version }) });
      await expect.poll(() => latest(reader), { interval: 2, timeout: 5_000 }).toBe(version);
    }
  });

  it('never see a revoked token accepted, although the other process has just used it', async () => {
    const token = await accountWith(processes[0].call, 'fleeting', ['packs:publish', 'admin']);
    const put = async (version: string) => {
      const body = await acme.pack({ name: 'vendor.acme.fleeting', version });
      return processes[1].call('PUT', addressOf('vendor.acme.fleeting', version), { token, body });
    };
    expect((await put('1.0.0')).status).toBe(201);
    const { tokenId } = (await processes[0].call('GET', '/access/whoami', { token })).json;
    await processes[0].call('DELETE', `/access/tokens/${tokenId}`);
    const before = await world.stored();
    expect((await put('1.0.1')).json).toMatchObject({ error: 'key_revoked' });
    const after = await world.stored();
    expect([after.versions, after.events]).toEqual([before.versions, before.events]);
  });

  it('never see a revoked key accepted, although the other process has just used it', async () => {
    const shortLived = createPublisher('short-lived-1');
    await delegate(processes[0].call, shortLived, ['vendor.acme.*']);
    const name = 'vendor.acme.revoked';
    const first = await shortLived.pack({ name: 'vendor.acme.before' });
    expect((await processes[1].call('PUT', addressOf('vendor.acme.before'), { body: first })).status).toBe(
      201,
    );
    await processes[0].call('POST', '/access/keys/short-lived-1/revoke', { body: { reason: 'lost' } });
    const answer = await processes[1].call('PUT', addressOf(name), { body: await shortLived.pack({ name }) });
    expect(answer.json).toMatchObject({
      error: 'signature_invalid',
      details: { brokenLink: 'key_revoked' },
    });
  });
});

describe('a revocation in the middle of publishing', () => {
  it('comes after everything its key signed, and before nothing', async () => {
    const doomed = createPublisher('doomed-1');
    await delegate(processes[0].call, doomed, ['vendor.acme.*']);
    const publish = async (lane: number) => {
      const codes: unknown[] = [];
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const name = `vendor.acme.doomed-${lane}-${turn}`;
        const answer = await either(lane).call('PUT', addressOf(name), { body: await doomed.pack({ name }) });
        codes.push(answer.status === 201 ? 201 : answer.json.details.brokenLink);
        if (answer.status !== 201) break;
      }
      return codes;
    };
    const lanes = Array.from({ length: PUBLISHERS }, (_, lane) => publish(lane));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await processes[1].call('POST', '/access/keys/doomed-1/revoke', { body: { reason: 'stolen' } });
    for (const codes of await Promise.all(lanes)) expect(codes.at(-1)).toBe('key_revoked');
    const [order] = await world.database.sql<{ published: number; late: number }[]>`
      select count(*) as published, count(*) filter (where (events.xact, events.ordinal) > (revoked.xact, revoked.ordinal)) as late
      from events, (select xact, ordinal from events where kind = 'key.revoked' and subject = 'key:doomed-1') as revoked
      where events.subject like 'pack:vendor.acme.doomed-%'`;
    expect(order?.published).toBeGreaterThan(0);
    expect(order?.late).toBe(0);
  });
});
