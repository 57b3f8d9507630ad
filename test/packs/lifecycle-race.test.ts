// Two processes on one database: what is said at once of one version is said one after the other, and never by halves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseWithdrawals } from '../../keys/withdrawals.ts';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
let processes: readonly [RegistryProcess, RegistryProcess];
const acme = createPublisher();
const ROUNDS = 6;

beforeAll(async () => {
  world = await ground();
  processes = await Promise.all([world.start(), world.start()]);
  await delegate(processes[0].call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const either = (index: number): RegistryProcess => (index % 2 === 0 ? processes[0] : processes[1]);
const at = (name: string, what = ''): string => `/v1/packs/${name}/-/1.0.0${what}`;
const rounds = Array.from({ length: ROUNDS }, (_, index) => index);

const publish = (by: RegistryProcess, name: string, body: Buffer) =>
  by.call('PUT', addressOf(name), { body });

const kindsOf = async (name: string) => {
  const rows = await world.database.sql<{ kind: string }[]>`
    select kind from events where subject = ${`pack:${name}@1.0.0`} order by xact, ordinal`;
  return rows.map((row) => row.kind.replace('pack.', ''));
};

const rowOf = async (name: string) => {
  const [row] = await world.database.sql`
    select yanked is not null as yanked, deprecated is not null as deprecated, unpublished is not null as unpublished
    from versions where name = ${name}`;
  return row;
};

const count = (kinds: readonly string[], kind: string): number =>
  kinds.filter((each) => each === kind).length;

describe('two processes at once', () => {
  it('publish and unpublish one version: it is published once, and a tombstone is never built upon', async () => {
    for (const round of rounds) {
      const name = `vendor.acme.born-${round}`;
      const body = await acme.pack({ name });
      if (round % 2 === 0) await publish(processes[0], name, body);
      const answers = await Promise.all([
        processes[0].call('DELETE', at(name)),
        publish(processes[1], name, body),
        publish(processes[0], name, await acme.pack({ name, files: { 'README.md': 'other' } })),
      ]);
      const [gone, again] = answers;
      const kinds = await kindsOf(name);
      expect(count(kinds, 'published')).toBe(1);
      expect(count(kinds, 'unpublished')).toBe(gone.status === 200 ? 1 : 0);
      expect([200, 404]).toContain(gone.status);
      expect([200, 201, 409]).toContain(again.status);
      const last = await publish(processes[1], name, body);
      if (gone.status === 200) {
        expect([last.status, kinds.at(-1)]).toEqual([409, 'unpublished']);
        expect((await processes[0].call('GET', `${at(name)}.json`)).status).toBe(404);
      }
    }
  });

  it('deprecate and unpublish one version: nothing is said of it after its end', async () => {
    for (const round of rounds) {
      const name = `vendor.acme.ended-${round}`;
      await publish(processes[0], name, await acme.pack({ name }));
      const [deprecated, gone, yanked] = await Promise.all([
        either(round).call('POST', at(name, '/deprecate'), { body: { reason: 'old' } }),
        either(round + 1).call('DELETE', at(name)),
        either(round).call('POST', at(name, '/yank'), { body: { reason: 'bad' } }),
      ]);
      const kinds = await kindsOf(name);
      expect([gone.status, kinds.at(-1)]).toEqual([200, 'unpublished']);
      for (const [answer, kind] of [
        [deprecated, 'deprecated'],
        [yanked, 'yanked'],
      ] as const) {
        expect([answer.status, count(kinds, kind)]).toEqual(answer.status === 200 ? [200, 1] : [404, 0]);
        expect((await rowOf(name))?.[kind]).toBe(answer.status === 200);
      }
    }
  });

  it('unpublish one version: one event is made, and all are told of the same', async () => {
    const name = 'vendor.acme.once';
    await publish(processes[0], name, await acme.pack({ name }));
    const answers = await Promise.all(
      rounds.map((round) => either(round).call('DELETE', at(name), { body: { reason: `reason ${round}` } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(rounds.map(() => 200));
    expect(new Set(answers.map(({ json }) => JSON.stringify(json.unpublished))).size).toBe(1);
    expect(await kindsOf(name)).toEqual(['published', 'unpublished']);
    const { bytes } = await processes[1].call('GET', '/trust/withdrawals.json', { token: null });
    const { withdrawn } = parseWithdrawals(parseEnvelope(bytes).payload);
    expect(withdrawn.filter(({ kind }) => kind === 'unpublished').length).toBeGreaterThanOrEqual(1);
  });

  it('deprecate and undeprecate as they like: events come in turns, and the row says the last of them', async () => {
    const name = 'vendor.acme.undecided';
    await publish(processes[0], name, await acme.pack({ name }));
    await Promise.all(
      [...rounds, ...rounds].map((round, index) =>
        index % 2 === 0
          ? either(round).call('POST', at(name, '/deprecate'), { body: { reason: 'same' } })
          : either(round).call('DELETE', at(name, '/deprecate')),
      ),
    );
    const kinds = (await kindsOf(name)).slice(1);
    expect(kinds).toEqual(kinds.map((_, index) => (index % 2 === 0 ? 'deprecated' : 'undeprecated')));
    expect((await rowOf(name))?.['deprecated']).toBe(kinds.at(-1) === 'deprecated');
  });
});
