// Two processes on one database: whatever is published, advised and taken back at once, no advisory stands over an offer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
let processes: readonly [RegistryProcess, RegistryProcess];
const acme = createPublisher();
const ROUNDS = 4;

beforeAll(async () => {
  world = await ground();
  processes = await Promise.all([world.start(), world.start()]);
  await delegate(processes[0].call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const either = (index: number): RegistryProcess => (index % 2 === 0 ? processes[0] : processes[1]);

const advise = ({ call }: RegistryProcess, packName: string, versions = '*', summary = 'x') =>
  call('POST', '/security/advisories', {
    body: { severity: 'low', summary, affected: [{ packName, versions }] },
  });

const offered = async (name: string): Promise<readonly string[]> => {
  const rows = await world.database.sql<{ version: string }[]>`
    select version from versions where name = ${name} and yanked is null`;
  return rows.map(({ version }) => version);
};

describe('at once', () => {
  it('a publish and the advisory that names it leave it yanked, with one yank in the log', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `vendor.acme.race${round}`;
      const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'];
      const bodies = await Promise.all(versions.map((version) => acme.pack({ name, version })));
      const publishes = versions.map((version, at) =>
        either(at).call('PUT', addressOf(name, version), { body: bodies[at] as Buffer }),
      );
      const answers = await Promise.all([...publishes, advise(either(round), name)]);
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
      expect(await offered(name)).toEqual([]);
      const rows = await world.database.sql<{ subject: string; kinds: string[] }[]>`
        select subject, array_agg(kind order by xact, ordinal) as kinds from events
        where subject like ${`pack:${name}@%`} group by subject`;
      expect(rows.map(({ kinds }) => kinds)).toEqual(Array(4).fill(['pack.published', 'pack.yanked']));
    }
  });

  it('an un-yank and the advisory end yanked: either the one is refused, or the other yanks again', async () => {
    const name = 'vendor.acme.unyanked';
    await either(0).call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    for (let round = 0; round < ROUNDS; round += 1) {
      await either(0).call('POST', `/v1/packs/${name}/-/1.0.0/yank`, { body: { reason: 'x' } });
      const [unyanked, advised] = await Promise.all([
        either(round).call('DELETE', `/v1/packs/${name}/-/1.0.0/yank`),
        advise(either(round + 1), name, '*', `round ${round}`),
      ]);
      expect([200, 409]).toContain(unyanked.status);
      expect(advised.status).toBe(201);
      expect(await offered(name)).toEqual([]);
      const path = `/security/advisories/${advised.json.advisory.id}`;
      expect((await either(0).call('DELETE', path, { body: { reason: 'over' } })).status).toBe(200);
    }
  });

  it('eight advisories each get a number of their own, and the same one is published once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => advise(either(at), `vendor.acme.number${at}`)),
    );
    expect(new Set(answers.map(({ json }) => json.advisory.id)).size).toBe(8);
    const same = await Promise.all(
      Array.from({ length: 4 }, (_, at) => advise(either(at), 'vendor.acme.same')),
    );
    expect(same.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(same.map(({ json }) => json.advisory.id)).size).toBe(1);
  });

  it('readers of the other process see feed and manifest change, by the doorbell alone', async () => {
    const name = 'vendor.acme.seen';
    await either(0).call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    const seen = async () => {
      const { call } = either(1);
      const feed = (await call('GET', '/security/advisories.json', { token: null })).json.advisories;
      const manifest = (await call('GET', addressOf(name, '1.0.0', 'v1', 'json'), { token: null })).json;
      return [
        feed.some((each: { affected: { packName: string }[] }) => each.affected[0]?.packName === name),
        manifest?.yanked,
      ];
    };
    await expect.poll(seen, { interval: 5, timeout: 5_000 }).toEqual([false, false]);
    await advise(either(0), name);
    await expect.poll(seen, { interval: 2, timeout: 5_000 }).toEqual([true, true]);
  });
});
