// What waits for review: the longest waiting first, with how far it is, and nothing of what one may not review.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseRecord } from '../../../src/knowledge/bases/base.ts';
import type { ContributionRecord } from '../../../src/knowledge/contributions/contribution.ts';
import type { RoleId } from '../../../src/protocol/knowledge/ids.ts';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import type { Actor } from '../world/actors.ts';
import { startViewingWorld, type ViewingWorld } from '../world/viewing.ts';
import type { WrittenBase } from '../world/written-base.ts';

let world: ViewingWorld;
let other: WrittenBase;
let both: Actor;
let clock = Date.parse('2027-01-01T00:00:00.000Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const waiting: ContributionRecord[] = [];

const policy = {
  ...DEFAULT_POLICY,
  required_approvals: 2,
  path_rules: [{ pattern: 'legal/**', required_approvals: 3, reviewer_roles: [] as readonly RoleId[] }],
};

beforeAll(async () => {
  world = await startViewingWorld({ now: () => new Date(clock), base: { policy } as Partial<BaseRecord> });
  other = await world.addBase('kb:acme.example:claims:other');
  both = await world.addActor('human:acme.example:both', {
    bases: [world.id, other.id],
    operations: ['review'],
    verbs: ['review'],
  });
  const bases = [world.id, other.id, world.id, world.id];
  for (const [at, base] of bases.entries()) {
    clock += MINUTE;
    const path = at === 2 ? 'legal/x.md' : `${at}.md`;
    const sent = at === 3 ? ({ state: 'changes_requested' } as const) : {};
    waiting.push(await world.propose(base, world.author, { [path]: 'x' }, { confidence: 0.9, ...sent }));
  }
  await world.propose(world.id, world.author, { 'done.md': 'x' }, { state: 'withdrawn' });
  await world.propose(world.id, world.author, { 'late.md': 'x' }, { expiresAt: new Date(clock) });
  clock += MINUTE;
});
afterAll(() => world.stop());

const queue = async (query = '', as = both) => (await world.get(`/review-queue${query}`, as)).json;
const ids = (items: { contribution_id: string }[]) => items.map(({ contribution_id }) => contribution_id);

describe('the review queue', () => {
  it('G4: holds what is open and not over, the longest waiting first', async () => {
    const { items, next } = await queue();
    expect([ids(items), next]).toEqual([waiting.map(({ id }) => id), null]);
    expect(items.map(({ age_seconds }: { age_seconds: number }) => age_seconds)).toEqual([240, 180, 120, 60]);
    expect(items[0]).toMatchObject({
      knowledge_base_id: world.id,
      state: 'in_review',
      reasons: ['policy_reviewed'],
      required_approvals: 2,
      approvals: 0,
      proposer: world.author.id,
      own: false,
      revision: 1,
      revision_digest: waiting[0]?.digest,
      confidence: 0.9,
      changes: 1,
      verdicts: [],
    });
    expect(items[3].state).toBe('changes_requested');
  });

  it('goes on page by page', async () => {
    const seen: string[] = [];
    for (let query = '?limit=1'; query !== ''; ) {
      const page = await queue(query);
      expect(page.items).toHaveLength(1);
      seen.push(...ids(page.items));
      query = page.next === null ? '' : `?limit=1&after=${encodeURIComponent(page.next)}`;
    }
    expect(seen).toEqual(waiting.map(({ id }) => id));
  });

  it('counts the approvals that count, and says whose are missing for which paths', async () => {
    const first = waiting[0] as ContributionRecord;
    const legal = waiting[2] as ContributionRecord;
    await world.decide(first, world.reviewer, 'approve');
    await world.decide(legal, world.reviewer, 'approve');
    const agent = await world.addActor('worker:acme.example:claims:checker', { operations: ['review'] });
    await world.decide(first, agent, 'approve');
    await world.verify(first, agent, 'pass', 0.8);
    const { items } = await queue();
    expect(items[0]).toMatchObject({
      approvals: 1,
      missing: [{ required_approvals: 2, approvals: 1, paths: ['0.md'] }],
      verdicts: [{ verifier: agent.id, verdict: 'pass', confidence: 0.8, self_verified: false }],
    });
    expect(items[2]).toMatchObject({
      required_approvals: 3,
      approvals: 1,
      missing: [
        { required_approvals: 2, approvals: 1 },
        { required_approvals: 3, approvals: 1, paths: ['legal/x.md'] },
      ],
    });
    await world.decide(first, both, 'approve');
    expect((await queue()).items[0]).toMatchObject({ approvals: 2, missing: [] });
  });

  it('holds what came under a looser policy to the stricter one that came since', async () => {
    await world.sql`
      insert into knowledge_policies (base, version, policy, set_at, event_id)
      values (${other.id}, 2, ${world.sql.json({ ...DEFAULT_POLICY, required_approvals: 4 } as never)}, now(), 'e')`;
    const { items } = await queue(`?base=${other.id}`);
    expect(ids(items)).toEqual([waiting[1]?.id]);
    expect(items[0].required_approvals).toBe(4);
  });

  it('marks what one stands behind oneself', async () => {
    const own = await world.propose(world.id, both, { 'own.md': 'x' });
    const { items } = await queue();
    expect(items.find((item: { contribution_id: string }) => item.contribution_id === own.id).own).toBe(true);
  });

  it('holds only bases that one may review', async () => {
    const mine = (await queue('', world.reviewer)).items;
    expect(new Set(mine.map((item: { knowledge_base_id: string }) => item.knowledge_base_id))).toEqual(
      new Set([world.id]),
    );
    expect((await queue('', world.author)).items).toEqual([]);
    expect((await queue('', world.reader)).items).toEqual([]);
  });

  it.each([
    ['a base that one may not review', () => other.id, 403, 'authority_denied'],
    ['a base of others', () => 'kb:acme.example:sales:none', 404, 'knowledge_base_not_found'],
    ['what is no base', () => 'handbook', 400, 'validation_error'],
  ])('of %s is refused', async (_name, base, status, error) => {
    const answer = await world.get(`/review-queue?base=${base()}`);
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });

  it('lets go of what is over', async () => {
    clock += 40 * DAY;
    expect((await queue()).items).toEqual([]);
  });
});
