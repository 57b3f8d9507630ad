// One entry of a version: whoever may read it gets its bytes, the event comes first, and nothing else ever leaves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentMemory } from '../../../src/knowledge/documents/document-body.ts';
import { type Cid, cidOf } from '../../../src/protocol/cid.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Answer } from '../../world/registry.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
const large = Buffer.alloc(700_000, 'attestry ');

beforeAll(async () => {
  world = await startRetrievalWorld({
    entries: {
      'refunds.md': 'Refunds within 30 days.\n',
      'règles/öl & wasser.md': 'oben',
      'large.bin': large,
      'empty.txt': '',
      'page.html': { bytes: Buffer.from('<script>alert(1)</script>'), mediaType: 'text/html' },
    },
    versions: [{ 'refunds.md': 'Refunds within 14 days.\n' }, { 'refunds.md': null, 'new.md': 'new' }],
  });
});
afterAll(() => world.stop());

const version = (at: number) => {
  const found = world.versions[at];
  if (found === undefined) throw new Error('no such version');
  return found;
};

const entryAt = (selector: string, path: string): string =>
  world.at(`/versions/${selector}/entries/${path.split('/').map(encodeURIComponent).join('/')}`);

const sealedEvent = async (answer: Answer) => {
  const [row] = await world.sql<{ sealed: Buffer; kind: string }[]>`
    select sealed, kind from events where id = ${answer.headers.get('attestry-event')}`;
  return row === undefined ? undefined : JSON.parse(row.sealed.toString('utf8'));
};

describe('an entry', () => {
  it('comes with its media type, its version and its hash, and the event stands in the log', async () => {
    const answer = await world.call('GET', entryAt('current', 'new.md'));
    expect([answer.status, answer.bytes.toString()]).toEqual([200, 'new']);
    expect(answer.headers.get('content-type')).toBe('text/markdown');
    expect(answer.headers.get('knowledge-base-id')).toBe(world.id);
    expect(answer.headers.get('knowledge-base-version')).toBe(version(2).id);
    expect(answer.headers.get('retrieved-content-hash')).toBe(`sha256:${digestOf(Buffer.from('new'))}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const event = await sealedEvent(answer);
    expect(event).toMatchObject({
      kind: 'CapabilityInvoked',
      actor: world.reader.id,
      subject: world.id,
      causationId: version(2).eventId,
      traceparent: expect.stringMatching(/^00-/),
      data: {
        workforce: 'workforce:acme.example:claims',
        role: world.reader.role,
        authority_clauses: ['kb-1', 'kc-1'],
        payload: {
          capability_kind: 'capability:acme.example:knowledge.get/v1',
          knowledge_base_id: world.id,
          knowledge_base_version: version(2).id,
          retrieved_content_hash: answer.headers.get('retrieved-content-hash'),
          requested_selector: 'current',
          entries: 1,
          bytes: 3,
          cost_record: { units: 'bytes', amount: 3, is_estimate: false },
        },
      },
    });
  });

  it('is what that version has, whatever came after it', async () => {
    for (const [at, text] of [
      [0, 'Refunds within 30 days.\n'],
      [1, 'Refunds within 14 days.\n'],
    ] as const)
      expect((await world.call('GET', entryAt(version(at).id, 'refunds.md'))).bytes.toString()).toBe(text);
    const gone = await world.call('GET', entryAt(version(2).id, 'refunds.md'));
    expect([gone.status, gone.json.error]).toEqual([404, 'entry_not_found']);
    const early = await world.call('GET', entryAt(version(1).id, 'new.md'));
    expect(early.json.error).toBe('entry_not_found');
  });

  it('may be large, empty, or stand at a path of any characters', async () => {
    const big = await world.call('GET', entryAt('current', 'large.bin'));
    expect(big.headers.get('content-length')).toBe(String(large.length));
    expect(digestOf(big.bytes)).toBe(digestOf(large));
    expect((await world.call('GET', entryAt('current', 'empty.txt'))).bytes).toHaveLength(0);
    const odd = await world.call('GET', entryAt('current', 'règles/öl & wasser.md'));
    expect(odd.bytes.toString()).toBe('oben');
  });

  it('M22: is never shown as a page of ours, and its text never stands in an event', async () => {
    const answer = await world.call('GET', entryAt('current', 'page.html'));
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(answer.headers.get('content-disposition')).toBe('attachment');
    expect(JSON.stringify(await sealedEvent(answer))).not.toMatch(/script|page\.html/);
  });

  it('is asked for at an address that is one: every other spelling is refused, and nothing recorded', async () => {
    const before = await world.stored();
    for (const [path, error] of [
      [world.at('/versions/current/entries/a%2F..%2Fb'), 'validation_error'],
      [entryAt('current', 'a\\b'), 'validation_error'],
      [world.at('/versions/latest/entries/new.md'), 'validation_error'],
      [world.at(`/versions/${version(0).id.toUpperCase()}/entries/new.md`), 'validation_error'],
      [entryAt('current', 'nothing.md'), 'entry_not_found'],
      [entryAt(version(0).content, 'new.md'), 'version_not_found'],
      ['/knowledge/v1/bases/handbook/versions/current/entries/new.md', 'invalid_knowledge_base_id'],
    ] as const)
      expect((await world.call('GET', path)).json.error).toBe(error);
    expect(await world.stored()).toEqual(before);
  });
});

describe('who may read an entry', () => {
  it('M22: is whoever has both axes; a capability that no clause lists is not callable', async () => {
    const before = await world.stored();
    const none = await world.addActor('human:acme.example:no-verb', { verbs: ['list'] });
    const other = await world.addActor('human:acme.example:no-base', { operations: ['propose'] });
    const neither = await world.addActor('human:acme.example:neither', { operations: [], verbs: [] });
    for (const [as, missing] of [
      [none, 'knowledge_capability'],
      [other, 'knowledge_base'],
      [neither, 'both'],
    ] as const) {
      const answer = await world.call('GET', entryAt('current', 'new.md'), { as });
      expect([answer.status, answer.json.error]).toEqual([403, 'authority_denied']);
      expect(answer.json.details.missing_axis).toBe(missing);
    }
    expect(world.refusals.slice(-3).map(({ missing }) => missing)).toEqual([
      'knowledge_capability',
      'knowledge_base',
      'both',
    ]);
    expect(await world.stored()).toEqual(before);
    expect((await world.call('GET', entryAt('current', 'new.md'))).status).toBe(200);
  });

  it('M21: is nobody of another workforce: to them the base is not there', async () => {
    const before = await world.stored();
    const foreign = await world.addActor('human:acme.example:foreigner', {
      workforce: 'workforce:acme.example:sales' as never,
    });
    for (const rest of [
      '/versions',
      '/versions/current',
      '/versions/current/entries',
      '/versions/current/entries/new.md',
      '/versions/current/proofs/new.md',
      '/versions/current/search?q=new',
      `/versions/current/diff/${version(0).id}`,
    ]) {
      const answer = await world.call('GET', world.at(rest), { as: foreign });
      expect([rest, answer.status, answer.json.error]).toEqual([rest, 404, 'knowledge_base_not_found']);
      const absent = await world.call('GET', world.at(rest, 'kb:acme.example:claims:none' as never), {
        as: foreign,
      });
      expect(absent.json.error).toBe('knowledge_base_not_found');
    }
    expect(await world.stored()).toEqual(before);
  });

  it('is held to the versions of his role: what is current, or these', async () => {
    const current = await world.addActor('human:acme.example:current', { versions: 'current' });
    const pinned = await world.addActor('human:acme.example:pinned', { versions: [version(1).id] });
    const statusFor = async (as: typeof current, selector: string) =>
      (await world.call('GET', entryAt(selector, 'large.bin'), { as })).status;
    expect(await statusFor(current, 'current')).toBe(200);
    expect(await statusFor(current, version(2).id)).toBe(403);
    expect(await statusFor(pinned, version(1).id)).toBe(200);
    expect(await statusFor(pinned, version(0).id)).toBe(403);
    expect(await statusFor(pinned, 'current')).toBe(403);
  });

  it('is a worker only with a trace, which his event carries on', async () => {
    const worker = await world.addActor('worker:acme.example:claims:agent-1');
    const answer = await world.call('GET', entryAt('current', 'new.md'), { as: worker });
    const event = await sealedEvent(answer);
    expect(event.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    expect(answer.headers.get('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    const before = await world.stored();
    const without = await world.call('GET', entryAt('current', 'new.md'), {
      as: null,
      headers: { Authorization: `Bearer ${worker.token}` },
    });
    expect(without.json.error).toBe('traceparent_required');
    expect(await world.stored()).toEqual(before);
  });

  it('is nobody without a token, nor with one that reads no knowledge', async () => {
    const narrow = await world.addActor('human:acme.example:narrow', { scopes: ['packs:read'] });
    expect((await world.call('GET', entryAt('current', 'new.md'), { as: null })).status).toBe(401);
    const answer = await world.call('GET', entryAt('current', 'new.md'), { as: narrow });
    expect([answer.status, answer.json.error]).toEqual([403, 'forbidden']);
  });
});

describe('a base that is paused', () => {
  it('is read on, unless it is paused for reads too', async () => {
    const status = async () => (await world.call('GET', entryAt('current', 'new.md'))).status;
    await world.sql`update knowledge_bases set paused = true where id = ${world.id}`;
    expect(await status()).toBe(200);
    await world.sql`update knowledge_bases set reads = false where id = ${world.id}`;
    const before = await world.stored();
    for (const rest of [
      '',
      '/current',
      '/current/entries',
      '/current/entries/new.md',
      '/current/search?q=new',
    ]) {
      const answer = await world.call('GET', world.at(`/versions${rest}`));
      expect([rest, answer.status, answer.json.error]).toEqual([rest, 409, 'knowledge_base_paused']);
    }
    expect(await world.stored()).toEqual(before);
    await world.sql`update knowledge_bases set paused = false, reads = true where id = ${world.id}`;
    expect(await status()).toBe(200);
  });

  it('without any version has nothing current', async () => {
    const empty = await world.addBase('kb:acme.example:claims:empty');
    const reader = await world.addActor('human:acme.example:empty-reader', { bases: [empty.id] });
    const address = world.at('/versions/current/entries/a.md', empty.id);
    const answer = await world.call('GET', address, { as: reader });
    expect([answer.status, answer.json.error]).toEqual([404, 'version_not_found']);
  });
});

describe('the bytes that a base lost', () => {
  const damaged = async (path: string, bytes: Uint8Array) => {
    const base = await world.addBase(`kb:acme.example:claims:${path}`, { [path]: bytes });
    const reader = await world.addActor(`human:acme.example:${path}`, { bases: [base.id] });
    const key = blobKey(digestOf(bytes));
    const address = world.at(`/versions/current/entries/${path}`, base.id);
    return { reader, key, address };
  };

  it('are a failure of ours and no empty answer; no event says that they were given', async () => {
    const { reader, key, address } = await damaged('lost', Buffer.from('lost'));
    await world.blobs.delete(key);
    const before = await world.stored();
    const answer = await world.call('GET', address, { as: reader });
    expect([answer.status, answer.json.error]).toEqual([500, 'internal_error']);
    expect(await world.stored()).toEqual(before);
  });

  it('of a large document that are others break the answer off, and the operator is told', async () => {
    const bytes = Buffer.alloc(600_000, 'x');
    const { reader, key, address } = await damaged('broken', bytes);
    const get = world.blobs.get;
    const lying: typeof get = async (asked) => {
      const found = await get(asked);
      if (asked !== key || found === undefined) return found;
      const chunks = [bytes.subarray(0, 300_000), Buffer.alloc(300_000, 'y')];
      return {
        ...found,
        body: (async function* () {
          yield* chunks;
        })(),
      };
    };
    Object.assign(world.blobs, { get: lying });
    await expect(world.call('GET', address, { as: reader })).rejects.toThrow();
    Object.assign(world.blobs, { get });
    expect(world.alarms.at(-1)?.sentence).toBe('a document broke off while it was given out');
    expect((await world.call('GET', address, { as: reader })).status).toBe(200);
  });

  it('are let go of where only their head is asked for, or their reader goes before the end', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, 'z');
    const { reader, key, address } = await damaged('endless', bytes);
    const { get } = world.blobs;
    const [opened, closed] = [[] as string[], [] as string[]];
    const counting: typeof get = async (asked) => {
      const found = await get(asked);
      if (asked !== key || found === undefined) return found;
      opened.push(asked);
      const body = (async function* () {
        try {
          for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
        } finally {
          closed.push(asked);
        }
      })();
      return { ...found, body };
    };
    Object.assign(world.blobs, { get: counting });
    const headers = { Authorization: `Bearer ${reader.token}` };
    const head = await fetch(world.url + address, { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    const gone = new AbortController();
    const reply = await fetch(world.url + address, { headers, signal: gone.signal });
    await reply.body?.getReader().read();
    gone.abort();
    await expect.poll(() => closed.length).toBe(2);
    Object.assign(world.blobs, { get });
    expect(opened).toHaveLength(2);
  });
});

describe('the memory of documents', () => {
  it('holds so many bytes, the least lately used let go first, and nothing once it is told to forget', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => cidOf('raw', Buffer.from(text))) as [Cid, Cid, Cid];
    const memory = createDocumentMemory(2_500);
    memory.keep(a, Buffer.alloc(1_000));
    memory.keep(b, Buffer.alloc(1_000));
    expect(memory.get(a)).toHaveLength(1_000);
    memory.keep(c, Buffer.alloc(1_000));
    expect([a, b, c].map((cid) => memory.get(cid) !== undefined)).toEqual([true, false, true]);
    memory.keep(b, Buffer.alloc(5_000));
    expect(memory.get(b)).toBeUndefined();
    memory.keep(a, Buffer.alloc(10));
    memory.forget();
    expect(memory.get(a)).toBeUndefined();
  });

  it('spares the store a small document that was read before, and gives out no less for it', async () => {
    const { get } = world.blobs;
    let asked = 0;
    const counting: typeof get = (key) => {
      asked += 1;
      return get(key);
    };
    const base = await world.addBase('kb:acme.example:claims:kept', {
      'kept.md': 'kept',
      'large.bin': large,
    });
    const as = await world.addActor('human:acme.example:kept', { bases: [base.id] });
    Object.assign(world.blobs, { get: counting });
    const before = await world.stored();
    for (const [path, reads] of [
      ['kept.md', 1],
      ['kept.md', 1],
      ['large.bin', 2],
      ['large.bin', 3],
    ] as const) {
      const answer = await world.call('GET', world.at(`/versions/current/entries/${path}`, base.id), { as });
      expect([answer.status, asked]).toEqual([200, reads]);
    }
    Object.assign(world.blobs, { get });
    expect((await world.stored()).events).toBe(before.events + 4);
  });
});
