// No event, no bytes: every retrieval is recorded before anything of it leaves, or nothing leaves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../keys/canonical.ts';
import type { AppendRetrieval } from '../../../src/knowledge/retrieve/retrieval-store.ts';
import { namedDigest } from '../../../src/protocol/knowledge/changes.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
let between: () => Promise<unknown> = async () => undefined;

/** Lets a test act after everything was looked up and before it is recorded. */
const interrupted =
  (append: AppendRetrieval): AppendRetrieval =>
  async (row) => {
    await between();
    return append(row);
  };

beforeAll(async () => {
  world = await startRetrievalWorld(
    {
      entries: { 'a.md': 'salt and pepper', 'b.md': 'salt', 'large.bin': Buffer.alloc(400_000, 1) },
      versions: [{ 'b.md': 'sugar' }],
    },
    { append: interrupted },
  );
});
afterAll(() => world.stop());

const older = () => world.versions[0]?.id;

/** One address for each way of reading, and what it gives that nobody must see unrecorded. */
const EVERY_WAY = [
  ['an entry', '/entries/a.md', 'salt and pepper'],
  ['a large entry', '/entries/large.bin', '\u0001\u0001\u0001'],
  ['a list', '/entries', 'a.md'],
  ['a search', '/search?q=salt', 'a.md'],
  ['a search without hits', '/search?q=nothing', 'retrieved_content_hash'],
  ['a difference', '/diff/OLDER', 'b.md'],
  ['a proof', '/proofs/a.md', 'entry_block'],
  ['a proof of absence', '/proofs/none.md', 'blocks'],
] as const;

const address = (rest: string): string =>
  world.at(`/versions/current${rest.replace('OLDER', older() ?? '')}`);

interface Recorded {
  readonly sealed: Buffer;
  readonly hash: string;
  readonly version: string;
  readonly request: Record<string, unknown>;
}

const recordedAs = async (eventId: string | null): Promise<Recorded> => {
  const [row] = await world.sql<Recorded[]>`
    select sealed, hash, version, request from knowledge_retrievals
    join knowledge_events using (event_id) join events on events.id = event_id where event_id = ${eventId}`;
  if (row === undefined) throw new Error('nothing was recorded');
  return row;
};

describe.each(EVERY_WAY)('%s', (_, rest, told) => {
  it('check 4: is recorded with base, version and hash, none of them null, and what was asked only as a digest', async () => {
    const answer = await world.call('GET', address(rest));
    expect(answer.status).toBe(200);
    const row = await recordedAs(answer.headers.get('attestry-event'));
    const event = JSON.parse(row.sealed.toString('utf8'));
    const { payload } = event.data;
    expect(payload.knowledge_base_id).toBe(world.id);
    expect(payload.knowledge_base_version).toBe(world.versions[1]?.id);
    expect(payload.retrieved_content_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(payload.retrieved_content_hash).toBe(answer.headers.get('retrieved-content-hash'));
    expect([row.hash, row.version]).toEqual([payload.retrieved_content_hash, payload.knowledge_base_version]);
    expect(payload.request_hash).toBe(namedDigest(canonicalBytes(row.request)));
    expect(JSON.stringify(event)).not.toMatch(/salt|pepper|nothing|\.md/);
    if (answer.json !== undefined && 'retrieved_content_hash' in answer.json)
      expect(answer.json.retrieved_content_hash).toBe(row.hash);
  });

  it('G5, check 17: is not given out while it cannot be recorded, and is once it can', async () => {
    const before = await world.stored();
    await world.sql`alter table knowledge_retrievals rename to elsewhere`;
    const refused = await world
      .call('GET', address(rest))
      .finally(() => world.sql`alter table elsewhere rename to knowledge_retrievals`);
    expect([refused.status, refused.json.error]).toEqual([503, 'audit_unavailable']);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.bytes.toString('latin1')).not.toContain(told);
    expect(refused.headers.get('attestry-event')).toBeNull();
    expect(await world.stored()).toEqual(before);
    expect(world.alarms.at(-1)?.sentence).toContain('could not be recorded');
    const given = await world.call('GET', address(rest));
    expect(given.status).toBe(200);
    expect(given.bytes.toString('latin1')).toContain(told);
    const after = await world.stored();
    expect(after).toEqual({ ...before, events: before.events + 1, retrievals: before.retrievals + 1 });
  });
});

describe('an event that the log refuses', () => {
  it('check 17: is given no bytes for, nor any of those that shared its statement', async () => {
    await world.sql`
      create function refuse_event() returns trigger language plpgsql as $$ begin raise 'the log is full'; end $$`;
    await world.sql`create trigger full_log before insert on events execute function refuse_event()`;
    const before = await world.stored();
    const answers = await Promise.all(EVERY_WAY.map(([, rest]) => world.call('GET', address(rest)))).finally(
      () => world.sql`drop trigger full_log on events`,
    );
    expect(answers.map(({ status }) => status)).toEqual(EVERY_WAY.map(() => 503));
    expect(await world.stored()).toEqual(before);
    expect((await world.call('GET', address('/entries'))).status).toBe(200);
  });
});

describe('whoever may no longer read when it is recorded', () => {
  const during = async (
    act: () => Promise<unknown>,
    work: () => Promise<{ status: number; json: { error: string } }>,
  ) => {
    between = act;
    try {
      return await work();
    } finally {
      between = async () => undefined;
    }
  };

  it('gets nothing where his token was revoked meanwhile', async () => {
    const as = await world.addActor('human:acme.example:leaver');
    const before = await world.stored();
    const revoke = () => world.sql`update tokens set revoked_at = now() where id = ${as.tokenId}`;
    const answer = await during(revoke, () => world.call('GET', address('/entries/large.bin'), { as }));
    expect([answer.status, answer.json.error]).toEqual([401, 'key_revoked']);
    expect(await world.stored()).toEqual(before);
  });

  it('gets nothing where he ended or changed his role meanwhile; the others who share the statement do', async () => {
    const as = await world.addActor('human:acme.example:mover');
    const before = await world.stored();
    const end = () => world.sql`update principals set ended_at = now() where id = ${as.id}`;
    between = end;
    const [refused, given] = await Promise.all([
      world.call('GET', address('/entries/a.md'), { as }),
      world.call('GET', address('/entries/a.md')),
    ]);
    between = async () => undefined;
    expect([refused.status, refused.json.error]).toEqual([403, 'principal_required']);
    expect([given.status, given.bytes.toString()]).toEqual([200, 'salt and pepper']);
    const after = await world.stored();
    expect(after).toEqual({ ...before, events: before.events + 1, retrievals: before.retrievals + 1 });
  });
});

describe('many who read at once', () => {
  it('each have an event of their own', async () => {
    const before = await world.stored();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => world.call('GET', address(EVERY_WAY[at % 8]?.[1] ?? ''))),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const events = new Set(answers.map(({ headers }) => headers.get('attestry-event')));
    expect(events.size).toBe(60);
    const after = await world.stored();
    expect(after).toEqual({ ...before, events: before.events + 60, retrievals: before.retrievals + 60 });
  });
});
