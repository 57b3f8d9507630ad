// kill -9 between any two steps of a publish: afterwards the version is wholly there or wholly absent, and a retry succeeds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CrashPoint,
  crashPoints,
  type Ground,
  ground,
  inTurn,
  type RegistryProcess,
} from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
let survivor: RegistryProcess;
const acme = createPublisher();

beforeAll(async () => {
  world = await ground();
  survivor = await world.start();
  await delegate(survivor.call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const POINTS = crashPoints('publishing');
const processes = inTurn(() => world, POINTS);

const isCommitted = ({ step, flavour }: CrashPoint): boolean =>
  step === 'announce' || (step === 'commit' && flavour === 'done but unreported');

const nameOf = ({ step, flavour }: CrashPoint): string =>
  `vendor.acme.${step.replaceAll(' ', '-')}-${flavour === 'not done' ? 'before' : 'after'}`;

const facts = async (name: string) => {
  const [row] = await world.database.sql<{ versions: number; events: number }[]>`
    select (select count(*) from versions where name = ${name}) as versions,
      (select count(*) from events where subject = ${`pack:${name}@1.0.0`}) as events`;
  return { versions: row?.versions, events: row?.events };
};

const statuses = async (call: RegistryProcess['call'], name: string) =>
  Promise.all(
    ['json', 'tgz', 'sig'].map(
      async (part) => (await call('GET', addressOf(name, '1.0.0', 'v1', part))).status,
    ),
  );

describe('a publish that is killed', () => {
  it.each(POINTS)('at "$step", $flavour', async (point) => {
    const name = nameOf(point);
    const body = await acme.pack({ name });
    const doomed = await processes.doomed(point);
    await doomed.arm();
    await expect(doomed.call('PUT', addressOf(name), { body })).rejects.toThrow();
    await doomed.gone();

    const there = isCommitted(point);
    const restarted = await processes.restarted(point);
    for (const registry of [survivor, restarted]) {
      expect(await statuses(registry.call, name)).toEqual(there ? [200, 200, 200] : [404, 404, 404]);
    }
    expect(await facts(name)).toEqual(there ? { versions: 1, events: 1 } : { versions: 0, events: 0 });

    const retry = await restarted.call('PUT', addressOf(name), { body });
    expect(retry.status).toBe(there ? 200 : 201);
    expect(await facts(name)).toEqual({ versions: 1, events: 1 });
    expect((await survivor.call('GET', addressOf(name))).bytes.equals(body)).toBe(true);
  });
});
