// kill -9 between any two steps of acceptances that go together: all of them are true afterwards, or none, and all can be sent again.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import {
  type CrashPoint,
  crashPoints,
  type Ground,
  ground,
  inTurn,
  type RegistryProcess,
} from '../../world/processes.ts';
import type { Answer } from '../../world/registry.ts';
import {
  addMember,
  as,
  decide,
  type Member,
  propose,
  registerBase,
  registerWorkforce,
} from '../world/workforce.ts';

const POINTS = crashPoints('accepting');
const baseOf = (point: CrashPoint) => `kb:acme.example:claims:crash-${POINTS.indexOf(point) + 1}` as BaseId;
const TOGETHER = 4;

let world: Ground;
let survivor: RegistryProcess;
let author: Member;
let reviewer: Member;
beforeAll(async () => {
  world = await ground();
  survivor = await world.start();
  await registerWorkforce(survivor);
  const options = { bases: POINTS.map(baseOf) };
  const steward = await addMember(survivor, 'human:acme.example:steward', options);
  author = await addMember(survivor, 'human:acme.example:author', options);
  reviewer = await addMember(survivor, 'human:acme.example:reviewer', options);
  for (const base of options.bases) await registerBase(steward, { auto_rebase: true }, base);
});
afterAll(() => world.clear());

const processes = inTurn(() => world, POINTS);

/** The first is on its way before anything dies; the others go together in the next transaction. */
const committed = ({ step, flavour }: CrashPoint): number =>
  step === 'commitChain' && flavour === 'done but unreported' ? TOGETHER : 1;

const proposeSome = async (base: BaseId): Promise<readonly Answer['json'][]> => {
  const proposed: Answer['json'][] = [];
  for (let at = 0; at < TOGETHER; at += 1)
    proposed.push((await propose(author, { files: { [`${at}.md`]: `Text ${at}.` }, base, on: null })).json);
  return proposed;
};

const acceptAll = (by: RegistryProcess, proposed: readonly Answer['json'][]) => {
  const member = { ...reviewer, call: as(by, reviewer) };
  return Promise.allSettled(
    proposed.map((each) =>
      member.call('POST', `/knowledge/v1/contributions/${each.contribution_id}/decisions`, {
        body: { revision_digest: each.revision_digest, decision: 'accept' },
        headers: { 'Idempotency-Key': each.contribution_id },
      }),
    ),
  );
};

const facts = async (base: BaseId) => {
  const [row] = await world.database.sql<{ versions: number; moves: number; events: number; kept: number }[]>`
    select (select count(*) from knowledge_versions where base = ${base}) as versions,
      (select count(*) from knowledge_pointer_moves where base = ${base}) as moves,
      (select count(*) from knowledge_events join events on events.id = event_id where base = ${base}
        and knowledge_events.kind = 'KnowledgeContributionAccepted') as events,
      (select count(*) from idempotency where key like ${`contribution:${base.slice('kb:'.length)}%`}) as kept`;
  return row;
};

const all = (count: number) => ({ versions: count, moves: count, events: count, kept: count });

/** Nobody else commits to the base before `work` has ended. */
const whileHeld = <T>(base: BaseId, work: () => Promise<T>): Promise<T> =>
  world.database.sql.begin(async (tx) => {
    await tx`select stop_use(${`base:${base}`})`;
    return work();
  }) as Promise<T>;

const somebodyWaits = async (): Promise<void> => {
  for (;;) {
    const [row] = await world.database.sql<{ waiting: number }[]>`
      select count(*) as waiting from pg_locks join pg_database on pg_database.oid = database
      where datname = current_database() and locktype = 'advisory' and not granted`;
    if ((row?.waiting ?? 0) > 0) return;
    await sleep(20);
  }
};

describe('acceptances that are killed', () => {
  it.each(POINTS)('at "$step", $flavour', async (point) => {
    const base = baseOf(point);
    const proposed = await proposeSome(base);
    const doomed = await processes.doomed(point);
    const answers = await whileHeld(base, async () => {
      const first = acceptAll(doomed, proposed.slice(0, 1));
      await somebodyWaits();
      const others = acceptAll(doomed, proposed.slice(1));
      await sleep(700);
      await doomed.arm();
      return { asked: Promise.all([first, others]) };
    }).then(async ({ asked }) => (await asked).flat());
    await doomed.gone();
    // Somebody may have learned what was true before; nobody learned of what was not.
    const told = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(told).toBeLessThanOrEqual(1);
    expect(await facts(base)).toEqual(all(committed(point)));

    const restarted = await processes.restarted(point);
    const again = await acceptAll(restarted, proposed);
    expect(again.map((each) => each.status === 'fulfilled' && each.value.status)).toEqual(
      proposed.map(() => 200),
    );
    expect(await facts(base)).toEqual(all(TOGETHER));
    const ones = again.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(ones.filter(({ headers }) => headers.has('Idempotent-Replayed'))).toHaveLength(committed(point));
    expect(new Set(ones.map(({ json }) => json.version_seq)).size).toBe(TOGETHER);
    const late = await decide({ ...reviewer, call: as(survivor, reviewer) }, proposed[0], 'accept');
    expect(late.json.error).toBe('invalid_transition');
  });
});
