// A recorded retrieval is asked again: the same answer, gone by a recorded erasure, or an alarm.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentMemory } from '../../../src/knowledge/documents/document-body.ts';
import { digestOf } from '../../../storage/digest.ts';
import { createMemoryStore } from '../../../storage/memory-store.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
const blobs = createMemoryStore();
const large = Buffer.alloc(500_000, 'large ');

beforeAll(async () => {
  world = await startRetrievalWorld(
    {
      blobs,
      entries: {
        'a.md': 'salt',
        'b.md': 'salt and pepper',
        'lost.md': 'lost',
        'large.txt': large,
        'c.md': 'secret salt',
      },
      versions: [{ 'b.md': 'sugar' }],
    },
    { memory: createDocumentMemory(0) },
  );
});
afterAll(() => world.stop());

const read = async (rest: string): Promise<string> => {
  const answer = await world.call('GET', world.at(`/versions/${rest}`));
  expect(answer.status).toBe(200);
  return answer.headers.get('attestry-event') ?? '';
};

const replay = (eventId: string, as = world.reader) =>
  world.call('POST', `/knowledge/v1/retrievals/${eventId}/replay`, { as });

const older = () => world.versions[0]?.id ?? '';

const EVERY_WAY = [
  'current/entries/a.md',
  'current/entries/large.txt',
  'current/entries?limit=2&proof=1',
  'current/search?q=salt&limit=2&proof=1',
  'current/search?q=nothing',
  'current/proofs/a.md',
  'current/proofs/nothing.md',
  'OLDER/diff/current',
] as const;

describe('a retrieval that is replayed', () => {
  it.each(EVERY_WAY)('%s: matches, also when something else is current', async (rest) => {
    const eventId = await read(rest.replace('OLDER', older()));
    const [row] = await world.sql<{ version: string; hash: string }[]>`
      select version, hash from knowledge_retrievals where event_id = ${eventId}`;
    await world.addVersion({
      'a.md': `changed ${rest}`,
      [`${digestOf(Buffer.from(rest)).slice(0, 8)}.md`]: 'salt',
    });
    const before = await world.stored();
    const answer = await replay(eventId);
    expect([answer.status, answer.json]).toEqual([
      200,
      { outcome: 'match', knowledge_base_version: row?.version, retrieved_content_hash: row?.hash },
    ]);
    expect(await world.stored()).toEqual(before);
  });

  it('is an alarm where the bytes are gone without a record', async () => {
    const eventId = await read(`${older()}/entries/lost.md`);
    await blobs.delete(blobKey(digestOf(Buffer.from('lost'))));
    const alarmed = world.alarms.length;
    expect((await replay(eventId)).json.outcome).toBe('mismatch');
    expect(world.alarms.slice(alarmed)).toMatchObject([
      { evidence: { eventId, base: world.id, version: older() } },
    ]);
  });

  it('is an alarm where a large document is another now', async () => {
    const eventId = await read(`${older()}/entries/large.txt`);
    const { get } = blobs;
    const key = blobKey(digestOf(large));
    const lying: typeof get = async (asked) => {
      const found = await get(asked);
      const other = (async function* () {
        yield Buffer.alloc(large.length, 'other ');
      })();
      return asked === key && found !== undefined ? { ...found, body: other } : found;
    };
    Object.assign(blobs, { get: lying });
    const alarmed = world.alarms.length;
    expect((await replay(eventId)).json.outcome).toBe('mismatch');
    Object.assign(blobs, { get });
    expect(world.alarms.length).toBe(alarmed + 1);
    expect((await replay(eventId)).json.outcome).toBe('match');
  });

  it('is an alarm where the table was changed behind the tree', async () => {
    const eventId = await read(`${older()}/search?q=pepper`);
    await world.sql`update knowledge_words set words = '{}', counts = '{}' where 'pepper' = any(words)`;
    expect((await replay(eventId)).json.outcome).toBe('mismatch');
  });

  it('is told to be erased where what it gave was erased since', async () => {
    const entry = await read(`${older()}/entries/c.md`);
    const search = await read(`${older()}/search?q=secret`);
    const list = await read(`${older()}/entries`);
    await world.sql`
      insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
      values (${world.id}, decode(${digestOf(Buffer.from('secret salt'))}, 'hex'), ${world.reader.id}, 'order 7',
        'privacy', now(), 'e-3')`;
    const alarmed = world.alarms.length;
    expect((await replay(entry)).json.outcome).toBe('erased');
    expect((await replay(search)).json.outcome).toBe('erased');
    expect((await replay(list)).json.outcome).toBe('match');
    expect(world.alarms.length).toBe(alarmed);
  });
});

describe('who may replay', () => {
  it('is whoever might have read it as it was asked for; to other workforces it is not there', async () => {
    const eventId = await read('current/entries/b.md');
    const current = await world.addActor('human:acme.example:current', { versions: 'current' });
    const lists = await world.addActor('human:acme.example:lists', { verbs: ['list'] });
    const foreign = await world.addActor('human:acme.example:foreign', {
      workforce: 'workforce:acme.example:sales' as never,
    });
    expect((await replay(eventId, current)).json.outcome).toBe('match');
    const denied = await replay(eventId, lists);
    expect([denied.status, denied.json.error]).toEqual([403, 'authority_denied']);
    for (const [id, as] of [
      [eventId, foreign],
      ['no-such-event', world.reader],
      [world.versions[0]?.eventId ?? '', world.reader],
    ] as const) {
      const answer = await replay(id, as);
      expect([answer.status, answer.json.error]).toEqual([404, 'not_found']);
    }
  });
});
