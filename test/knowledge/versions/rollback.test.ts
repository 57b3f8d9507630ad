// A base goes back to what was current before, in a registry that seals: what was proposed meanwhile is stale, nothing is lost.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVkey } from '../../../keys/key.ts';
import { openCheckpoint } from '../../../src/protocol/checkpoint.ts';
import { openEvent } from '../../../src/protocol/event.ts';
import { hashLeaf, rootFromInclusion } from '../../../src/protocol/merkle.ts';
import { parseTlogProof } from '../../../src/protocol/tlog-proof.ts';
import {
  BASE,
  currentOf,
  decide,
  type Member,
  propose,
  publish,
  startWorkforce,
  type Workforce,
} from '../world/workforce.ts';

let the: Workforce;
const versions: string[] = [];
const AT = `/knowledge/v1/bases/${BASE}`;

beforeAll(async () => {
  the = await startWorkforce();
  for (const text of ['one', 'two'])
    versions.push(await publish(the.author, the.reviewer, { 'a.md': text, [`${text}.md`]: text }));
});
afterAll(() => the.stop());

const get = async (path: string, by: Member = the.reviewer) =>
  (await by.call('GET', `/knowledge/v1${path}`)).json;
const textAt = async (version: string) =>
  (await the.author.call('GET', `${AT}/versions/${version}/entries/a.md`)).bytes.toString();

const move = async (to: string | undefined, reason: string, by: Member = the.reviewer) => {
  const generation = (await by.call('GET', `${AT}/pointer`)).headers.get('etag') ?? '';
  const body = { to_version: to, reason, justification_code: 'wrong_figures' };
  return by.call('POST', `${AT}/pointer`, { body, headers: { 'If-Match': generation } });
};

describe('after a rollback', () => {
  let stale: { contribution_id: string; revision_digest: string };
  let position: number;

  beforeAll(async () => {
    stale = (await propose(the.author, { files: { 'a.md': 'three' } })).json;
    const answer = await move(versions[0], 'rollback');
    expect([answer.status, answer.json.generation]).toEqual([200, 3]);
    position = answer.json.receipt.index;
  });

  it('G3: the older version is current, and the later one is still there under its own name', async () => {
    expect([await textAt('current'), await textAt(versions[0] ?? '')]).toEqual(['one', 'one']);
    expect(await textAt(versions[1] ?? '')).toBe('two');
    expect(await get(`/bases/${BASE}/resolve?as_of=${position - 1}`)).toMatchObject({
      knowledge_base_version: versions[1],
      generation: 2,
    });
    expect(await get(`/bases/${BASE}/resolve?as_of=${position}`)).toMatchObject({
      knowledge_base_version: versions[0],
      generation: 3,
    });
  });

  it('what was proposed on the abandoned version is not accepted, and everybody is told why before he tries', async () => {
    const { unmet_gates } = await get(`/contributions/${stale.contribution_id}`);
    expect(unmet_gates).toEqual([
      { code: 'base_version_conflict', base_version: versions[1], current: versions[0] },
    ]);
    const before = await the.registry.stored();
    const refused = await decide(the.reviewer, stale, 'accept');
    expect([refused.status, refused.json.error]).toEqual([409, 'base_version_conflict']);
    expect(await the.registry.stored()).toEqual(before);
    expect(await currentOf(the.author)).toBe(versions[0]);
  });

  it('what is proposed on the version that came back becomes the next one', async () => {
    const next = await publish(the.author, the.reviewer, { 'a.md': 'four' });
    expect(await textAt('current')).toBe('four');
    const { versions: listed } = await get(`/bases/${BASE}/versions?limit=1`);
    expect(listed[0]).toMatchObject({ knowledge_base_version: next, seq: 3, parent: versions[0] });
    // Nothing of the version that was taken back comes along.
    expect(
      (await get(`/bases/${BASE}/versions/current/entries`)).entries.map(
        (entry: { path: string }) => entry.path,
      ),
    ).toEqual(['a.md', 'one.md']);
  });

  it('the queue still has what waits, and no decision about it was lost', async () => {
    const { items } = await get(`/review-queue?base=${BASE}`);
    expect(items).toMatchObject([
      { contribution_id: stale.contribution_id, state: 'in_review', approvals: 0 },
    ]);
  });
});

describe('the events of a base', () => {
  it('M12, G12: lead from the move of a pointer back to the proposal, and to the rollback that came before it', async () => {
    const { events } = await get(`/events?base=${BASE}&limit=200`);
    const byId = new Map(events.map((event: { event_id: string }) => [event.event_id, event]));
    const kinds: string[] = [];
    for (let id = (await get(`/bases/${BASE}/pointer`)).event_id; id !== null; ) {
      const event = byId.get(id) as { kind: string; causation_id: string | null };
      kinds.push(event.kind);
      id = event.causation_id;
    }
    expect(kinds).toEqual([
      'KnowledgeBaseCurrentPointerMoved',
      'KnowledgeBaseVersionCreated',
      'KnowledgeContributionAccepted',
      'KnowledgeContributionReviewOpened',
      'KnowledgeContributionProposed',
    ]);
    const moves = events.filter(({ kind }: { kind: string }) => kind === 'KnowledgeBaseCurrentPointerMoved');
    expect(moves[2]).toMatchObject({ causation_id: moves[1].event_id, payload: { reason: 'rollback' } });
    expect(moves[2].payload.rollback_of).toBe(moves[1].event_id);
  });

  it('are behind what the pointer says of itself, with the proof', async () => {
    const { event_id, proof, generation, knowledge_base_version } = await get(`/bases/${BASE}/pointer`);
    const { event } = openEvent(parseTlogProof(proof).extra ?? new Uint8Array());
    expect(event).toMatchObject({
      id: event_id,
      kind: 'KnowledgeBaseCurrentPointerMoved',
      data: { payload: { generation, to_version: knowledge_base_version } },
    });
  });

  it('are each in the log, as whoever reads them can check', async () => {
    const discovery = (await the.registry.call('GET', '/.well-known/openwop-registry')).json;
    const vkey = parseVkey(discovery.trust.log.vkey);
    const { events } = await get(`/events?base=${BASE}&kind=KnowledgeBaseCurrentPointerMoved`);
    expect(events).toHaveLength(4);
    for (const { event_id, position } of events) {
      const found = await get(`/events/${event_id}`);
      const { event, leaf } = openEvent(Buffer.from(found.event));
      expect([event['id'], Buffer.from(leaf).toString('base64'), found.position]).toEqual([
        event_id,
        found.leaf,
        position,
      ]);
      const proof = parseTlogProof(found.proof);
      const head = openCheckpoint(proof.checkpoint, vkey);
      const root = rootFromInclusion({ ...proof, size: head.size, leafHash: hashLeaf(leaf) });
      expect([proof.index, Buffer.from(root ?? []).equals(Buffer.from(head.root))]).toEqual([position, true]);
      expect(Buffer.from(proof.extra ?? []).toString()).toBe(found.event);
    }
  });
});
