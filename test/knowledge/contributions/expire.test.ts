// Contributions that nobody decided about in time come to their end, once, and none that had come to it before.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContributionState } from '../../../src/knowledge/contributions/contribution.ts';
import { expireContributions } from '../../../src/knowledge/contributions/expire.ts';
import { overdueContributions } from '../../../src/knowledge/review/contribution-view-store.ts';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import { startViewingWorld, type ViewingWorld } from '../world/viewing.ts';

let world: ViewingWorld;
let clock = Date.parse('2027-01-01T00:00:00.000Z');
const DAY = 24 * 60 * 60 * 1_000;
let turn: () => Promise<void>;

beforeAll(async () => {
  world = await startViewingWorld({ now: () => new Date(clock) });
  const { sql, now, announce, makeEvent: make } = world;
  const overdue = (at: Date, limit: number) => overdueContributions(sql, at, limit);
  turn = expireContributions({ sql, now, announce, make, overdue });
});
afterAll(() => world.stop());

const propose = (state: ContributionState = 'in_review') =>
  world.propose(world.id, world.author, { 'a.md': 'x' }, { state });

const expiryOf = async (id: string) => {
  const rows = await world.sql<{ sealed: Buffer }[]>`
    select sealed from events join knowledge_events on event_id = id
    where contribution = ${id} and events.kind = 'KnowledgeContributionExpired'`;
  return rows.map(({ sealed }) => JSON.parse(String(sealed)));
};

describe('an open contribution', () => {
  it.each(['in_review', 'changes_requested'] as const)(
    'that is %s expires when its time is over',
    async (state) => {
      const open = await propose(state);
      clock += 30 * DAY - 1;
      await turn();
      expect(await world.asItStands(open)).toEqual(open);
      clock += 1;
      await turn();
      const [event, ...more] = await expiryOf(open.id);
      expect(more).toEqual([]);
      expect(await world.asItStands(open)).toMatchObject({ state: 'expired', lastEvent: event.id, moves: 1 });
      expect(event).toMatchObject({
        actor: 'runtime:acme.example',
        causationId: open.lastEvent,
        data: {
          workforce: world.author.workforce,
          role: null,
          authority_clauses: [],
          payload: {
            contribution_id: open.id,
            knowledge_base_id: world.id,
            revision: 1,
            reason_code: 'proposal_ttl',
          },
        },
      });
      expect(world.announced).toContain(world.id);
    },
  );

  it('expires once, whoever else takes care of it', async () => {
    const open = await propose();
    clock += 30 * DAY;
    await Promise.all([turn(), turn(), turn()]);
    await turn();
    expect(await expiryOf(open.id)).toHaveLength(1);
  });

  it('counts its time from its newest revision', async () => {
    const open = await world.propose(
      world.id,
      world.author,
      { 'a.md': 'x' },
      {
        proposedAt: new Date(clock - 90 * DAY),
      },
    );
    await turn();
    expect((await world.asItStands(open)).state).toBe('in_review');
  });

  it('expires sooner under a policy that came later and gives it less time', async () => {
    const open = await propose();
    await world.sql`
      insert into knowledge_policies (base, version, policy, set_at, event_id)
      values (${world.id}, 2, ${world.sql.json({ ...DEFAULT_POLICY, proposal_ttl_days: 2 } as never)}, now(), 'e')`;
    clock += 2 * DAY - 1;
    await turn();
    expect((await world.asItStands(open)).state).toBe('in_review');
    clock += 1;
    await turn();
    expect((await world.asItStands(open)).state).toBe('expired');
  });
});

describe('a contribution that has come to its end', () => {
  it.each(['accepted', 'rejected', 'withdrawn'] as const)('M13: as %s never expires', async (state) => {
    const done = await propose(state);
    clock += 60 * DAY;
    const before = await world.stored();
    await turn();
    expect(await world.asItStands(done)).toEqual(done);
    expect([await expiryOf(done.id), await world.stored()]).toEqual([[], before]);
  });

  it('while a turn waits for it is left as it is', async () => {
    const open = await propose();
    clock += 60 * DAY;
    const { sql, now, announce, makeEvent: make } = world;
    const late = expireContributions({ sql, now, announce, make, overdue: async () => [open.id] });
    await sql`update knowledge_contributions set state = 'withdrawn', moves = 1 where id = ${open.id}`;
    await late();
    expect([(await world.asItStands(open)).state, await expiryOf(open.id)]).toEqual(['withdrawn', []]);
  });
});
