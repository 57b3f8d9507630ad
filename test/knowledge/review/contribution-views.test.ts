// What is seen of contributions: everything by those who review, one's own by those who propose, nothing by others.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContributionRecord } from '../../../src/knowledge/contributions/contribution.ts';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import type { WorkforceId } from '../../../src/protocol/knowledge/ids.ts';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import type { Actor } from '../world/actors.ts';
import { startViewingWorld, type ViewingWorld } from '../world/viewing.ts';
import { heldOf } from '../world/written-base.ts';

const DESK = 'workforce:other.example:desk' as WorkforceId;
let world: ViewingWorld;
let version: VersionRecord;
let answered: ContributionRecord;
let plain: ContributionRecord;
let clock = Date.parse('2027-01-01T00:00:00.000Z');

beforeAll(async () => {
  world = await startViewingWorld({
    entries: { 'a.md': 'one', 'b.md': 'two' },
    now: () => new Date(clock),
    base: { policy: { ...DEFAULT_POLICY, external: [DESK] } },
  });
  version = world.versions[0] as VersionRecord;
  answered = await world.propose(
    world.id,
    world.author,
    { 'a.md': 'one!', 'b.md': null, 'c.md': 'three' },
    {
      baseVersion: version.id,
      summary: '<script>alert(1)</script>',
      confidence: 0.4,
      criteria: [{ key: 'figures_agree', met: true }],
      signal: {
        workforce: DESK,
        event_id: 'their-event',
        host_id: 'other.example',
      },
    },
  );
  clock += 60_000;
  plain = await world.propose(world.id, world.reviewer, { 'd.md': 'four' }, { baseVersion: version.id });
});
afterAll(() => world.stop());

describe('one contribution', () => {
  it('is shown with its revision, what was said of it, and what still keeps it from being accepted', async () => {
    await world.verify(answered, world.reviewer, 'pass', 0.9);
    await world.decide(answered, world.reviewer, 'approve');
    const { status, json } = await world.get(`/contributions/${answered.id}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      contribution_id: answered.id,
      knowledge_base_id: world.id,
      state: 'in_review',
      proposer: world.author.id,
      confidence: 0.4,
      reasons: ['policy_reviewed'],
      signal: { workforce: 'workforce:other.example:desk', event_id: 'their-event' },
      verdicts: [
        { verifier: world.reviewer.id, verdict: 'pass', criteria: ['figures_agree'], confidence: 0.9 },
      ],
      evals: [],
      decisions: [{ actor: world.reviewer.id, decision: 'approve', signature: null }],
      unmet_gates: [],
      effective_policy: { mode: 'reviewed', required_approvals: 1 },
      current: { knowledge_base_version: version.id, generation: 1 },
    });
    expect(json.revision).toMatchObject({
      revision: 1,
      revision_digest: answered.digest,
      base_version: version.id,
      criteria: [{ key: 'figures_agree', met: true }],
      changes: [
        { op: 'put', path: 'a.md', size: 4, media_type: 'text/markdown', meta: {} },
        { op: 'delete', path: 'b.md' },
        { op: 'put', path: 'c.md', blob: heldOf('three').entry.blob },
      ],
    });
  });

  it('tells what its author wrote as a JSON text only', async () => {
    const answer = await world.call('GET', `/knowledge/v1/contributions/${answered.id}`, {
      as: world.reviewer,
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.json.revision.summary).toBe('<script>alert(1)</script>');
  });

  it('names every gate that is shut for whoever asks', async () => {
    const own = (await world.get(`/contributions/${plain.id}`)).json.unmet_gates;
    expect(own.map(({ code }: { code: string }) => code)).toEqual([
      'self_review_forbidden',
      'quorum_not_met',
    ]);
    const agent = (await world.get(`/contributions/${answered.id}`, world.author)).json.unmet_gates;
    expect(agent.map(({ code }: { code: string }) => code)).toEqual([
      'authority_denied',
      'self_review_forbidden',
      'human_review_required',
    ]);
  });

  it('has only one gate any more when it has come to its end', async () => {
    const done = await world.propose(world.id, world.author, { 'e.md': 'five' }, { state: 'rejected' });
    expect((await world.get(`/contributions/${done.id}`)).json).toMatchObject({
      state: 'rejected',
      unmet_gates: [{ code: 'invalid_transition', state: 'rejected' }],
    });
  });

  it('shows its changes beside what stands in the version it was made from', async () => {
    await world.addVersion({ 'a.md': 'moved on' });
    const { json } = await world.get(`/contributions/${answered.id}/diff`);
    const [one, two, three] = ['one', 'two', 'three'].map((text) => heldOf(text).entry.blob);
    expect([json.base_version, json.revision_digest]).toEqual([version.id, answered.digest]);
    expect(json.differences).toMatchObject([
      { path: 'a.md', before: { blob: one, size: 3 }, after: { blob: heldOf('one!').entry.blob, size: 4 } },
      { path: 'b.md', before: { blob: two, media_type: 'text/markdown' }, after: null },
      { path: 'c.md', before: null, after: { blob: three } },
    ]);
    expect(Object.keys(json.differences[0].before).sort()).toEqual(
      Object.keys(json.differences[0].after).sort(),
    );
    const gates = (await world.get(`/contributions/${answered.id}`)).json.unmet_gates;
    expect(gates.map(({ code }: { code: string }) => code)).toEqual(['base_version_conflict']);
  });
});

describe('where a contribution comes from', () => {
  const parent = async (of: ContributionRecord) => (await world.get(`/contributions/${of.id}/ancestry`)).json;

  it('M16: is one hop, with the host where that is another one', async () => {
    expect(await parent(answered)).toEqual({
      contribution_id: answered.id,
      parent: {
        host_id: 'other.example',
        workforce: 'workforce:other.example:desk',
        event_ref: 'their-event',
      },
    });
  });

  it('names no host where its cause is on record here', async () => {
    const caused = await world.propose(world.id, world.author, { 'x.md': 'x' }, { cause: plain.lastEvent });
    expect((await parent(caused)).parent).toEqual({
      workforce: world.author.workforce,
      event_ref: plain.lastEvent,
    });
  });

  it('is nowhere where nothing led to it', async () => {
    expect(await parent(plain)).toEqual({ contribution_id: plain.id, parent: null });
  });
});

describe('the events of a contribution', () => {
  it('stand each behind the one that led to it, page by page', async () => {
    const { json } = await world.get(`/contributions/${answered.id}/events`);
    expect(json.events.map(({ kind }: { kind: string }) => kind)).toEqual([
      'KnowledgeContributionProposed',
      'KnowledgeContributionReviewOpened',
      'KnowledgeContributionVerified',
      'KnowledgeContributionApproved',
    ]);
    for (const [at, event] of json.events.entries())
      expect(event.causation_id).toBe(at === 0 ? 'their-event' : json.events[at - 1].event_id);
    expect([json.events[0].causation_host_id, json.events[1].causation_host_id]).toEqual([
      'other.example',
      undefined,
    ]);
    const first = (await world.get(`/contributions/${answered.id}/events?limit=3`)).json;
    const rest = (await world.get(`/contributions/${answered.id}/events?limit=3&after=${first.next}`)).json;
    expect([...first.events, ...rest.events]).toEqual(json.events);
    expect([rest.next, json.next]).toEqual([null, null]);
  });

  it('hold nothing that its author wrote', async () => {
    const { json } = await world.get(`/contributions/${answered.id}/events`);
    expect(JSON.stringify(json)).not.toContain('script');
  });
});

describe('the contributions of a base', () => {
  const list = async (query = '', as = world.reviewer) =>
    (await world.get(`/bases/${world.id}/contributions${query}`, as)).json;
  const ids = (page: { contributions: { contribution_id: string }[] }) =>
    page.contributions.map(({ contribution_id }) => contribution_id);

  it('are listed newest first, page by page', async () => {
    const all = await list();
    const times = all.contributions.map(({ proposed_at }: { proposed_at: string }) => proposed_at);
    expect(times).toEqual([...times].sort().reverse());
    expect(ids(all).at(-1)).toBe(answered.id);
    const paged: string[] = [];
    for (let query = '?limit=2'; query !== ''; ) {
      const page = await list(query);
      expect(page.contributions.length).toBeLessThanOrEqual(2);
      paged.push(...ids(page));
      query = page.next === null ? '' : `?limit=2&before=${encodeURIComponent(page.next)}`;
    }
    expect(paged).toEqual(ids(all));
  });

  it('are listed by state', async () => {
    expect(
      new Set((await list('?state=rejected')).contributions.map((each: { state: string }) => each.state)),
    ).toEqual(new Set(['rejected']));
    expect((await world.get(`/bases/${world.id}/contributions?state=done`)).json.error).toBe(
      'validation_error',
    );
    expect((await world.get(`/bases/${world.id}/contributions?before=now`)).json.error).toBe(
      'validation_error',
    );
  });

  it('are only his own to whoever may only propose, and those of his agents', async () => {
    expect(ids(await list('', world.author))).not.toContain(plain.id);
    expect(ids(await list('', world.author))).toContain(answered.id);
    const owner = await world.addActor('human:acme.example:owner', {
      operations: ['propose'],
      verbs: ['propose'],
    });
    const owned = await world.propose(
      world.id,
      world.author,
      { 'o.md': 'o' },
      {
        closure: [...world.author.closure, owner.id],
      },
    );
    expect(ids(await list('', owner))).toEqual([owned.id]);
    expect((await world.get(`/contributions/${owned.id}`, owner)).status).toBe(200);
  });
});

describe('a contribution that one may not see', () => {
  let stranger: Actor;
  let proposer: Actor;

  beforeAll(async () => {
    const other = await world.addBase('kb:acme.example:sales:handbook');
    stranger = await world.addActor('human:acme.example:stranger', {
      bases: [other.id],
      operations: ['review'],
      verbs: ['review', 'list'],
    });
    proposer = await world.addActor('human:acme.example:proposer', {
      operations: ['propose'],
      verbs: ['propose'],
    });
  });

  it.each(['', '/diff', '/ancestry', '/events'])('looks like none at "%s"', async (rest) => {
    for (const as of [stranger, proposer, world.reader]) {
      const { status, json } = await world.get(`/contributions/${plain.id}${rest}`, as);
      expect([status, json.error, Object.keys(json.details).sort()]).toEqual([
        404,
        'contribution_not_found',
        ['contribution_id', 'correlationId'],
      ]);
    }
    const absent = `${plain.id.slice(0, -4)}0000`;
    expect((await world.get(`/contributions/${absent}${rest}`)).json.error).toBe('contribution_not_found');
    expect((await world.get(`/contributions/nonsense${rest}`)).json.error).toBe('contribution_not_found');
  });

  it('leaves the refusal on record where it was for want of a grant', () => {
    expect(world.refusals).toContainEqual({ actor: world.reader.id, base: world.id, missing: 'both' });
  });
});
