// What is on record about bases is found by those who may look into it, and by nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContributionRecord } from '../../../src/knowledge/contributions/contribution.ts';
import { openEvent } from '../../../src/protocol/event.ts';
import type { Actor } from '../world/actors.ts';
import { startViewingWorld, type ViewingWorld } from '../world/viewing.ts';
import type { WrittenBase } from '../world/written-base.ts';

let world: ViewingWorld;
let other: WrittenBase;
let both: Actor;
let first: ContributionRecord;
let second: ContributionRecord;
let clock = Date.parse('2027-01-01T00:00:00.000Z');
const MINUTE = 60_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;

interface Found {
  readonly event_id: string;
  readonly kind: string;
  readonly at: string;
  readonly actor: string;
  readonly knowledge_base_id: string;
  readonly contribution_id: string | null;
  readonly trace_id: string | null;
}

beforeAll(async () => {
  world = await startViewingWorld({ entries: { 'a.md': 'one' }, now: () => new Date(clock) });
  clock += MINUTE;
  other = await world.addBase('kb:acme.example:claims:other', { 'b.md': 'two' });
  both = await world.addActor('human:acme.example:both', {
    bases: [world.id, other.id],
    operations: ['review'],
    verbs: ['list'],
  });
  clock += MINUTE;
  first = await world.propose(world.id, world.author, { 'x.md': 'secret words' }, { traceparent });
  clock += MINUTE;
  second = await world.propose(other.id, world.author, { 'y.md': 'y' }, { traceparent });
});
afterAll(() => world.stop());

const find = async (query: string, as = both) => {
  const { status, json } = await world.get(`/events?${query}`, as);
  return { status, json, events: (json.events ?? []) as Found[] };
};
const kinds = (events: readonly Found[]) => events.map(({ kind }) => kind);

describe('a search', () => {
  it('G2: by base finds what happened to it, oldest first', async () => {
    const { events, json } = await find(`base=${world.id}`);
    expect(new Set(kinds(events.slice(0, 2)))).toEqual(
      new Set(['KnowledgeBaseVersionCreated', 'KnowledgeBaseCurrentPointerMoved']),
    );
    expect(events).toHaveLength(4);
    expect(new Set(events.map((event) => event.knowledge_base_id))).toEqual(new Set([world.id]));
    expect(json.next).toBeNull();
    expect(events.find(({ kind }) => kind === 'KnowledgeContributionProposed')).toMatchObject({
      contribution_id: first.id,
      actor: world.author.id,
      role: world.author.role,
      authority_clauses: ['kb-1', 'kc-1'],
      causation_id: null,
      trace_id: TRACE,
      position: null,
      payload: { contribution_id: first.id, change_count: 1 },
    });
  });

  it('by contribution, trace or actor finds it on every base that one may look into', async () => {
    const of = (events: readonly Found[]) => new Set(events.map((event) => event.contribution_id));
    expect(of((await find(`contribution=${first.id}`)).events)).toEqual(new Set([first.id]));
    expect(of((await find(`trace_id=${TRACE}`)).events)).toEqual(new Set([first.id, second.id]));
    expect(of((await find(`actor=${world.author.id}`)).events)).toEqual(new Set([first.id, second.id]));
    expect((await find(`trace_id=${'ab'.repeat(16)}`)).events).toEqual([]);
    expect((await find(`contribution=${first.id}&base=${other.id}`)).events).toEqual([]);
  });

  it('keeps to kinds and times', async () => {
    const proposed = 'KnowledgeContributionProposed';
    expect(kinds((await find(`actor=${world.author.id}&kind=${proposed}`)).events)).toEqual([
      proposed,
      proposed,
    ]);
    const time = second.proposedAt.toISOString();
    expect((await find(`actor=${world.author.id}&from=${time}`)).events).toHaveLength(2);
    expect((await find(`actor=${world.author.id}&to=${time}`)).events).toHaveLength(2);
    const late = new Date(second.proposedAt.getTime() + 1).toISOString();
    expect((await find(`actor=${world.author.id}&from=${late}`)).events).toEqual([]);
  });

  it.each([1, 3])('goes on page by page (%i at once)', async (limit) => {
    const paged: Found[] = [];
    const query = `actor=human:acme.example:author`;
    for (let after = ''; ; ) {
      const { events, json } = await find(`${query}&limit=${limit}${after}`);
      expect(events.length).toBeLessThanOrEqual(limit);
      paged.push(...events);
      if (json.next === null) break;
      after = `&after=${encodeURIComponent(json.next)}`;
    }
    const { events } = await find(query);
    expect(paged).toEqual(events);
    expect(events).toHaveLength(4);
    expect(new Set(paged.map(({ event_id }) => event_id)).size).toBe(4);
  });

  it('never shows what was proposed', async () => {
    const { json } = await find(`contribution=${first.id}`);
    expect(JSON.stringify(json)).not.toContain('secret');
  });

  it.each([
    ['nothing', ''],
    ['a kind only', 'kind=KnowledgeBaseRegistered'],
    ['no kind of ours', 'actor=human:acme.example:x&kind=Everything'],
    ['no trace', 'trace_id=xyz'],
    ['no base', 'base=handbook'],
    ['no contribution', 'contribution=1'],
    ['no actor', 'actor=everybody'],
    ['no time', 'actor=human:acme.example:x&from=yesterday'],
    ['no place', 'actor=human:acme.example:x&after=2027'],
    ['two bases', 'base=kb:a.example:b:c&base=kb:a.example:b:d'],
  ])('by %s is refused', async (_name, query) => {
    const { status, json } = await find(query);
    expect([status, json.error]).toEqual([400, 'validation_error']);
  });
});

describe('who searches', () => {
  it('may be whoever reviews or administers, with the capability to list', async () => {
    for (const as of [world.reviewer, world.steward])
      expect((await find(`base=${world.id}`, as)).events).toHaveLength(4);
    expect((await find(`trace_id=${TRACE}`, world.steward)).events).toHaveLength(1);
  });

  it('finds nothing of bases that he may not look into, and cannot ask for them by name', async () => {
    const unlisted = await world.addActor('human:acme.example:unlisted', {
      operations: ['review', 'administer'],
      verbs: ['review'],
    });
    for (const as of [world.reader, world.author, unlisted]) {
      expect((await find(`trace_id=${TRACE}`, as)).events).toEqual([]);
      const named = await find(`base=${world.id}`, as);
      expect([named.status, named.json.error]).toEqual([403, 'authority_denied']);
      const contribution = await find(`contribution=${first.id}`, as);
      expect([contribution.status, contribution.json.error]).toEqual([404, 'contribution_not_found']);
    }
    expect((await find(`base=${other.id}`, world.reviewer)).status).toBe(403);
  });

  it('learns nothing of other workforces', async () => {
    const theirs = await world.addBase('kb:acme.example:sales:handbook', { 'z.md': 'z' });
    // A role may name what its workforce does not own; that grants nothing.
    const curious = await world.addActor('human:acme.example:curious', {
      bases: [world.id, theirs.id],
      operations: ['review'],
      verbs: ['list'],
    });
    const named = await find(`base=${theirs.id}`, curious);
    expect([named.status, named.json.error]).toEqual([404, 'knowledge_base_not_found']);
    const { events } = await find('actor=human:acme.example:author', curious);
    expect(new Set(events.map((event) => event.knowledge_base_id))).toEqual(new Set([world.id]));
  });
});

describe('one event', () => {
  const read = async (id: string, as = both) => world.get(`/events/${id}`, as);

  it('is given as the bytes that its leaf commits to', async () => {
    const { status, json } = await read(first.lastEvent);
    expect([status, json.position, json.proof]).toEqual([200, null, null]);
    const { event, leaf } = openEvent(Buffer.from(json.event));
    expect(Buffer.from(leaf).toString('base64')).toBe(json.leaf);
    expect(event).toMatchObject({ id: first.lastEvent, kind: 'KnowledgeContributionReviewOpened' });
    const [row] = await world.sql<{ leaf: Buffer }[]>`select leaf from events where id = ${first.lastEvent}`;
    expect(row?.leaf.toString('base64')).toBe(json.leaf);
  });

  it('is shown to whoever did it, and otherwise only to those who may search', async () => {
    expect((await read(first.lastEvent, world.author)).status).toBe(200);
    for (const as of [world.reader, world.reviewer]) {
      const { status, json } = await read(second.lastEvent, as);
      expect([status, json.error, json.details.event_id]).toEqual([404, 'not_found', second.lastEvent]);
    }
    expect((await read('no-such-event')).json.error).toBe('not_found');
  });
});
