// The pointer of a base is moved by hand: back, on, by one of many, and by nobody who may not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import type { Actor } from '../world/actors.ts';
import { type MovingWorld, startMovingWorld } from '../world/moving.ts';

let world: MovingWorld;
let [first, second, third]: VersionRecord[] = [];
let shadow: VersionRecord;

beforeAll(async () => {
  world = await startMovingWorld({
    entries: { 'a.md': 'one' },
    versions: [{ 'a.md': 'two' }, { 'b.md': 'three' }],
  });
  [first, second, third] = world.versions;
  shadow = await world.addVersion({ 'c.md': 'four' }, { move: false });
});
afterAll(() => world.stop());

const eventsOfMoves = () => world.sql<{ id: string; sealed: Buffer }[]>`
  select id, sealed from events where kind = 'KnowledgeBaseCurrentPointerMoved' order by xact, ordinal`;

const lastMove = async () => {
  const event = (await eventsOfMoves()).at(-1);
  return { id: event?.id, ...JSON.parse(String(event?.sealed)) };
};

const rollback = (to: VersionRecord | undefined, more: object = {}) => ({
  to_version: to?.id,
  reason: 'rollback',
  justification_code: 'wrong_figures',
  ...more,
});

/** Nothing moved, and nothing is on record. */
const refused = async (act: () => Promise<{ status: number; json: { error: string; details: object } }>) => {
  const before = [await world.standing(), await world.stored(), await world.moves()];
  const { status, json } = await act();
  expect([await world.standing(), await world.stored(), await world.moves()]).toEqual(before);
  return { status, error: json.error, details: json.details };
};

describe('a rollback', () => {
  it('sets the pointer back, one generation on, and nothing is deleted', async () => {
    const before = (await lastMove()).id;
    const answer = await world.move(rollback(second, { justification: '<b>wrong</b>' }));
    expect([answer.status, answer.json]).toEqual([
      202,
      { knowledge_base_version: second?.id, generation: 4, receipt: null },
    ]);
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(answer.headers.get('location')).toBe(`/transparency/receipts/${(await lastMove()).id}`);
    const { data, causationId, actor, traceparent } = await lastMove();
    expect(data.payload).toEqual({
      knowledge_base_id: world.id,
      from_version: third?.id,
      to_version: second?.id,
      generation: 4,
      reason: 'rollback',
      rollback_of: before,
      justification_code: 'wrong_figures',
    });
    expect([causationId, actor, data.authority_clauses]).toEqual([before, world.mover.id, ['kb-1', 'kc-1']]);
    expect(traceparent).toBe(answer.headers.get('traceparent'));
    expect((await world.standing()).current).toBe(second?.id);
    expect((await world.stored()).versions).toBe(4);
  });

  it('never tells the log what its author wrote', async () => {
    const leaves = await world.sql<{ leaf: Buffer; sealed: Buffer }[]>`select leaf, sealed from events`;
    expect(leaves.map(({ leaf, sealed }) => `${leaf}${sealed}`).join()).not.toContain('<b>');
    const { moves } = (await world.call('GET', world.at('/pointer/history'), { as: world.mover })).json;
    expect(moves[0]).toMatchObject({ justification: '<b>wrong</b>', justification_code: 'wrong_figures' });
  });

  it('takes back an older move where it names one, and rolls forward by another move', async () => {
    const history = (await world.call('GET', world.at('/pointer/history'))).json.moves;
    const secondMove = history.find(({ generation }: { generation: number }) => generation === 2);
    expect((await world.move(rollback(first, { rollback_of: secondMove.event_id }))).status).toBe(202);
    expect((await lastMove()).data.payload.rollback_of).toBe(secondMove.event_id);
    expect((await world.move({ to_version: third?.id, reason: 'promote' })).status).toBe(202);
    expect(await world.standing()).toMatchObject({ current: third?.id, generation: 6 });
  });

  it('goes to no version that was never current', async () => {
    const { status, error, details } = await refused(() => world.move(rollback(shadow)));
    expect([status, error, details]).toEqual([
      400,
      'validation_error',
      expect.objectContaining({ field: 'to_version' }),
    ]);
  });

  it.each([
    ['without a reason code', { justification_code: undefined }, 'justification_code'],
    ['with a sentence for a code', { justification_code: 'it was wrong' }, 'justification_code'],
    ['of what moved no pointer', { rollback_of: 'no-such-event' }, 'rollback_of'],
    ['to what is no content id', { to_version: 'current' }, 'to_version'],
    ['for a reason of its own', { reason: 'accept' }, 'reason'],
    ['with a text that no database holds', { justification: 'a\0b' }, 'justification'],
  ])('%s is refused', async (_name, more, field) => {
    const { status, error, details } = await refused(() => world.move(rollback(first, more)));
    expect([status, error, details]).toEqual([400, 'validation_error', expect.objectContaining({ field })]);
  });
});

describe('a promotion', () => {
  it('puts a version in force that was only made, and names the contribution it came of', async () => {
    const answer = await world.move({
      to_version: shadow.id,
      reason: 'promote',
      justification_code: 'trial_passed',
    });
    expect(answer.json).toMatchObject({ knowledge_base_version: shadow.id });
    expect((await lastMove()).data.payload).toMatchObject({
      reason: 'promote',
      contribution_id: shadow.contribution,
      justification_code: 'trial_passed',
    });
  });

  it('to what is current already would change nothing', async () => {
    const { status, error } = await refused(() => world.move({ to_version: shadow.id, reason: 'promote' }));
    expect([status, error]).toEqual([409, 'no_change']);
  });

  it('needs a version of this very base', async () => {
    const other = await world.addBase('kb:acme.example:claims:other', { 'x.md': 'x' });
    const { status, error } = await refused(() =>
      world.move({ to_version: other.versions[0]?.id, reason: 'promote' }),
    );
    expect([status, error]).toEqual([404, 'version_not_found']);
  });
});

describe('the generation that a mover saw', () => {
  it.each([null, '7', 'W/"7"', '"seven"', '*'])('has to be sent as If-Match: %s is none', async (seen) => {
    const { status, error, details } = await refused(() => world.move(rollback(third), { seen }));
    expect([status, error, details]).toEqual([
      400,
      'validation_error',
      expect.objectContaining({ header: 'If-Match' }),
    ]);
  });

  it('has to be the one of now', async () => {
    const { generation, current } = await world.standing();
    const { status, error, details } = await refused(() =>
      world.move(rollback(third), { seen: generation - 1 }),
    );
    expect([status, error]).toEqual([409, 'pointer_conflict']);
    expect(details).toMatchObject({
      expected: generation - 1,
      found: generation,
      knowledge_base_version: current,
    });
  });

  it('lets exactly one of many movers through', async () => {
    const seen = await world.generation();
    const before = (await eventsOfMoves()).length;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => world.move(rollback([first, second, third][at % 3]), { seen })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(409)]);
    const lost = answers.filter(({ status }) => status === 409).map(({ json }) => json.error);
    expect(new Set(lost)).toEqual(new Set(['pointer_conflict']));
    expect([await world.generation(), (await eventsOfMoves()).length]).toEqual([seen + 1, before + 1]);
  });

  it('is answered once for one key, whatever came after', async () => {
    const seen = await world.generation();
    const to = (await world.standing()).current === first?.id ? second : first;
    const again = () => world.move(rollback(to), { seen, headers: { 'Idempotency-Key': 'k-1' } });
    const [one, two] = [await again(), await again()];
    expect([one.json.generation, two.json.generation]).toEqual([seen + 1, seen + 1]);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
    expect(two.headers.get('openwop-idempotent-replay')).toBe('true');
    expect(await world.generation()).toBe(seen + 1);
  });
});

describe('a base that is paused or held', () => {
  it.each([
    [{ paused: true }, 'knowledge_base_paused'],
    [{ held: true }, 'knowledge_base_held'],
  ])('%o goes back, and not on', async (standing, expected) => {
    await world.move({ to_version: third?.id, reason: 'promote' });
    await world.stand(standing);
    const { status, error } = await refused(() => world.move({ to_version: shadow.id, reason: 'promote' }));
    expect([status, error]).toEqual([409, expected]);
    expect((await world.move(rollback(first))).status).toBe(202);
    await world.stand({ paused: false, held: false });
    expect((await world.move({ to_version: shadow.id, reason: 'promote' })).status).toBe(202);
  });
});

describe('who moves a pointer', () => {
  const move = (as: Actor) => () => world.move(rollback(second), { as });

  it('is a human bound as reviewer or operator', async () => {
    const operator = await world.addMover('human:acme.example:operator', ['operator']);
    expect((await move(operator)()).status).toBe(202);
  });

  it.each([
    ['a worker', 'worker:acme.example:claims:agent', []],
    ['a human without a binding', 'human:acme.example:unbound', []],
    ['an architect', 'human:acme.example:architect', ['architect']],
  ] as const)('is not %s', async (_name, id, capacities) => {
    const actor = await world.addMover(id, capacities);
    const { status, error } = await refused(move(actor));
    expect([status, error]).toEqual([403, 'human_binding_missing']);
    expect(world.refusals.at(-1)).toMatchObject({ actor: id, missing: 'human_binding' });
  });

  it.each([
    ['the base', { operations: ['review'] }, 'knowledge_base'],
    ['the capability', { verbs: ['get'] }, 'knowledge_capability'],
  ] as const)('is nobody whose role misses %s', async (axis, more, missing) => {
    const id = `human:acme.example:lacks-${axis.split(' ')[1]}`;
    const { status, error, details } = await refused(move(await world.addMover(id, ['reviewer'], more)));
    expect([status, error, details]).toEqual([
      403,
      'authority_denied',
      expect.objectContaining({ missing_axis: missing }),
    ]);
  });

  it('is nobody of another workforce, to whom the base is not there', async () => {
    const other = await world.addBase('kb:acme.example:sales:handbook');
    const stranger = await world.addMover('human:acme.example:stranger', ['reviewer'], { bases: [other.id] });
    const { status, error } = await refused(move(stranger));
    expect([status, error]).toEqual([404, 'knowledge_base_not_found']);
  });

  it('is nobody whose binding ended while he asked', async () => {
    const late = await world.addMover('human:acme.example:late');
    await world.sql`update human_bindings set revoked_at = now() where human = ${late.id}`;
    const { status, error } = await refused(move(late));
    expect([status, error]).toEqual([403, 'human_binding_missing']);
  });
});
