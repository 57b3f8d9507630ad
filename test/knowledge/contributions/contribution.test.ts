// A contribution from its proposal to the version it becomes, over HTTP, in a registry that seals what happens.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  blobOf,
  currentOf,
  decide,
  propose,
  publish,
  startWorkforce,
  type Workforce,
} from '../world/workforce.ts';

let the: Workforce;
beforeAll(async () => {
  the = await startWorkforce();
});
afterAll(() => the.stop());

describe('a contribution', () => {
  it('becomes the first version, which everybody then reads', async () => {
    const { author, reviewer, registry } = the;
    const proposed = await propose(author, { files: { 'refunds.md': 'Refunds within 30 days.\n' } });
    expect(proposed.status, proposed.bytes.toString()).toBe(201);
    expect(proposed.json).toMatchObject({ state: 'in_review', revision: 1, reasons: ['policy_reviewed'] });
    expect(proposed.json.receipt).not.toBeNull();
    const accepted = await decide(reviewer, proposed.json, 'accept');
    expect(accepted.status, accepted.bytes.toString()).toBe(200);
    expect(accepted.json).toMatchObject({ state: 'accepted', version_seq: 1, generation: 1 });
    expect(await currentOf(author)).toBe(accepted.json.knowledge_base_version);
    const read = await author.call('GET', `/knowledge/v1/bases/${BASE}/versions/current/entries/refunds.md`);
    expect(read.bytes.toString()).toBe('Refunds within 30 days.\n');
    expect(read.headers.get('knowledge-base-version')).toBe(accepted.json.knowledge_base_version);
    const kinds = await registry.sql<{ kind: string }[]>`
      select kind from events where subject = ${BASE} order by xact, ordinal`;
    expect(kinds.map(({ kind }) => kind)).toEqual([
      'KnowledgeBaseRegistered',
      'KnowledgeContributionProposed',
      'KnowledgeContributionReviewOpened',
      'KnowledgeContributionAccepted',
      'KnowledgeBaseVersionCreated',
      'KnowledgeBaseCurrentPointerMoved',
      'CapabilityInvoked',
    ]);
  });

  it('is not accepted by who proposed it, nor by his agent, and nothing is stored then', async () => {
    const { author, agent, registry } = the;
    const { json } = await propose(agent, { files: { 'limits.md': 'Up to 500.\n' } });
    const before = await registry.stored();
    for (const by of [author, agent]) {
      const refused = await decide(by, json, 'accept');
      expect(refused.status).toBe(403);
      expect(refused.json.error).toBe('self_review_forbidden');
    }
    expect((await registry.stored()).events).toBe(before.events);
    expect((await decide(the.reviewer, json, 'accept')).status).toBe(200);
  });

  it('keeps what others changed meanwhile, or says what clashes', async () => {
    const { author, reviewer } = the;
    const ground = await currentOf(author);
    const late = await propose(author, { files: { 'late.md': 'Too late.\n' } });
    await publish(author, reviewer, { 'early.md': 'First.\n' });
    const refused = await decide(reviewer, late.json, 'accept');
    expect(refused.status).toBe(409);
    expect(refused.json).toMatchObject({ error: 'base_version_conflict', details: { base_version: ground } });
    const current = await currentOf(author);
    const blob = blobOf('Too late.\n');
    const change = { op: 'put', path: 'late.md', blob, size: 10, media_type: 'text/markdown' };
    const revised = await author.call(
      'POST',
      `/knowledge/v1/contributions/${late.json.contribution_id}/revisions`,
      {
        body: { base_version: current, changes: [change], summary: 'On top of what is there now.' },
      },
    );
    expect(revised.status, revised.bytes.toString()).toBe(200);
    expect(revised.json).toMatchObject({ revision: 2, state: 'in_review' });
    expect((await decide(reviewer, revised.json, 'accept')).status).toBe(200);
  });
});
