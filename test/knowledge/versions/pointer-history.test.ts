// What a base's pointer says of now, of then, and of what cannot be known (as of a position, or of a time).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovingWorld, startMovingWorld } from '../world/moving.ts';

let world: MovingWorld;
let clock = Date.parse('2027-01-01T00:00:00.000Z');
const MINUTE = 60_000;
const times: Date[] = [];

beforeAll(async () => {
  world = await startMovingWorld({ now: () => new Date(clock) });
  for (const text of ['one', 'two', 'three']) {
    clock += MINUTE;
    times.push(new Date(clock));
    await world.addVersion({ 'a.md': text });
  }
  clock += MINUTE;
  times.push(new Date(clock));
  await world.move({ to_version: world.versions[0]?.id, reason: 'rollback', justification_code: 'wrong' });
  await world.seal();
  clock += MINUTE;
});
afterAll(() => world.stop());

const resolve = async (asOf: number | string) => {
  const path = world.at(`/resolve?as_of=${encodeURIComponent(asOf)}`);
  const { status, json } = await world.call('GET', path);
  return { status, ...json };
};

const positions = async () => {
  const rows = await world.sql<{ position: number }[]>`
    select position from leaves join knowledge_pointer_moves as moves on moves.event_id = leaves.event_id
    where base = ${world.id} order by generation`;
  return rows.map(({ position }) => position);
};

describe('what was current', () => {
  it('at a time is what the last move before it, or at it, had set', async () => {
    const [one, two, three] = world.versions.map(({ id }) => id);
    for (const [at, version] of [one, two, three, one].entries()) {
      const time = (times[at] as Date).getTime();
      for (const moment of [time, time + MINUTE - 1])
        expect(await resolve(new Date(moment).toISOString())).toEqual({
          status: 200,
          knowledge_base_version: version,
          generation: at + 1,
          as_of: new Date(moment).toISOString(),
        });
    }
  });

  it('at a position of the log is what the last move up to it had set', async () => {
    const all = await positions();
    for (const [at, position] of all.entries()) {
      expect(await resolve(position)).toMatchObject({ status: 200, generation: at + 1, as_of: position });
      const before = await resolve(position - 1);
      if (at > 0) expect(before).toMatchObject({ status: 200, generation: at });
      else expect(before).toMatchObject({ status: 410, details: { oldest_available: all[0] } });
    }
  });

  it('M19: is not known from before the first move, and never answered with what is current today', async () => {
    const before = new Date((times[0] as Date).getTime() - 1).toISOString();
    expect(await resolve(before)).toMatchObject({
      status: 410,
      error: 'snapshot_unavailable',
      details: { as_of: before, oldest_available: (times[0] as Date).toISOString() },
    });
  });

  it('is not known for what is still to come', async () => {
    const [row] = await world.sql<{ size: number }[]>`select count(*) as size from leaves`;
    const size = row?.size ?? 0;
    expect(await resolve(size - 1)).toMatchObject({ status: 200, generation: 4 });
    expect(await resolve(size)).toMatchObject({ status: 410, details: { newest_available: size - 1 } });
    expect(await resolve(new Date(clock).toISOString())).toMatchObject({ status: 200 });
    expect(await resolve(new Date(clock + 1).toISOString())).toMatchObject({ status: 410 });
  });

  it('does not follow a move that the log does not hold yet', async () => {
    const [row] = await world.sql<{ size: number }[]>`select count(*) as size from leaves`;
    await world.move({ to_version: world.versions[2]?.id, reason: 'promote' });
    expect(await resolve((row?.size ?? 0) - 1)).toMatchObject({ generation: 4 });
    await world.seal();
    expect(await resolve(row?.size ?? 0)).toMatchObject({ generation: 5 });
  });

  it.each(['', 'yesterday', '2027-01-01', '-1', '1e3', '2027-13-01T00:00:00Z'])(
    'at "%s" is no question',
    async (asOf) => {
      expect(await resolve(asOf)).toMatchObject({ status: 400, error: 'validation_error' });
    },
  );

  it('reads a time in any zone', async () => {
    expect(await resolve('2027-01-01T02:02:00+02:00')).toMatchObject({ status: 200, generation: 2 });
  });
});

describe('the pointer', () => {
  it('says what is current, since when, and by which event, with the generation as its tag', async () => {
    const { status, json, headers } = await world.call('GET', world.at('/pointer'));
    const base = await world.standing();
    expect([status, headers.get('etag')]).toEqual([200, '"5"']);
    expect(json).toEqual({
      knowledge_base_version: base.current,
      generation: 5,
      moved_at: new Date(clock).toISOString(),
      reason: 'promote',
      event_id: base.pointerEvent,
      proof: null,
    });
  });

  it('of a base without versions says so', async () => {
    const empty = await world.addBase('kb:acme.example:claims:empty');
    const reader = await world.addActor('human:acme.example:empty', { bases: [empty.id] });
    const { json } = await world.call('GET', world.at('/pointer', empty.id), { as: reader });
    expect(json).toEqual({
      knowledge_base_version: null,
      generation: 0,
      moved_at: null,
      reason: null,
      event_id: null,
      proof: null,
    });
    const past = await world.call('GET', world.at('/resolve?as_of=0', empty.id), { as: reader });
    expect([past.status, past.json.details.oldest_available]).toEqual([410, null]);
  });

  it('keeps its history page by page, newest first', async () => {
    const page = async (query: string) =>
      (await world.call('GET', world.at(`/pointer/history?${query}`))).json;
    const newest = await page('limit=2');
    expect(newest.moves.map((move: { generation: number }) => move.generation)).toEqual([5, 4]);
    const rest = await page(`limit=9&before=${newest.next}`);
    expect(rest.moves.map((move: { generation: number }) => move.generation)).toEqual([3, 2, 1]);
    expect([newest.next, rest.next]).toEqual([4, null]);
    expect(newest.moves[1]).toMatchObject({
      from_version: world.versions[2]?.id,
      to_version: world.versions[0]?.id,
      reason: 'rollback',
      rollback_of: rest.moves[0].event_id,
      justification_code: 'wrong',
      actor: world.mover.id,
      moved_at: (times[3] as Date).toISOString(),
    });
  });

  it('is shown to whoever may move it, and to nobody without a grant', async () => {
    for (const [at, path] of ['/pointer', '/pointer/history', '/resolve?as_of=7'].entries()) {
      expect((await world.call('GET', world.at(path), { as: world.mover })).status).toBe(200);
      const proposer = await world.addActor(`human:acme.example:proposer-${at}`, {
        operations: ['propose'],
        verbs: ['propose'],
      });
      const denied = await world.call('GET', world.at(path), { as: proposer });
      expect([denied.status, denied.json.error]).toEqual([403, 'authority_denied']);
      expect((await world.call('GET', world.at(path), { as: null })).status).toBe(401);
    }
  });

  it('moves by events of which each has the one before as its cause', async () => {
    const rows = await world.sql<{ event_id: string; causation: string }[]>`
      select event_id, causation from knowledge_events
      where base = ${world.id} and kind = 'KnowledgeBaseCurrentPointerMoved' order by at`;
    expect(rows.slice(-2).map(({ causation }) => causation)).toEqual(
      rows.slice(-3, -1).map(({ event_id }) => event_id),
    );
  });
});
