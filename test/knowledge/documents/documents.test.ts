// Documents for proposals: believed by their hash, safe before they are named, never more than was asked for.
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cidOf } from '../../../src/protocol/cid.ts';
import { digestOf } from '../../../storage/digest.ts';
import { createMemoryStore } from '../../../storage/memory-store.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Actor } from '../world/actors.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
let author: Actor;
let reviewer: Actor;
const blobs = createMemoryStore();
/** What happens between the moment at which bytes are safe and the one at which they are named. */
let afterPromotion: (() => Promise<unknown>) | undefined;

beforeAll(async () => {
  const put: typeof blobs.put = async (key, source) => {
    const outcome = await blobs.put(key, source);
    const act = afterPromotion;
    afterPromotion = undefined;
    await act?.();
    return outcome;
  };
  world = await startRetrievalWorld(
    { blobs: { ...blobs, put }, entries: { 'a.md': 'a' } },
    { pace: { graceMs: 300, bytesPerSecond: 1_000_000 }, uploadsOfOne: 1 },
  );
  const writes = { operations: ['propose'], verbs: ['propose'] } as const;
  author = await world.addActor('worker:acme.example:claims:author', writes);
  reviewer = await world.addActor('human:acme.example:reviewer', {
    operations: ['review', 'propose'],
    verbs: ['review', 'propose'],
  });
});
afterAll(() => world.stop());

const addressOf = (bytes: Uint8Array): string => world.at(`/documents/${cidOf('raw', bytes)}`);
const put = (bytes: Uint8Array, as = author, address = addressOf(bytes)) =>
  world.call('PUT', address, { as, body: bytes });
const get = (bytes: Uint8Array, as: Actor) => world.call('GET', addressOf(bytes), { as });
const text = (content: string): Buffer => Buffer.from(content);

const wordsOf = async (bytes: Uint8Array) => {
  const [row] = await world.sql<{ words: string[]; counts: number[] }[]>`
    select words, counts from knowledge_words where blob = decode(${digestOf(bytes)}, 'hex')`;
  return row;
};

const refuses = async (work: () => Promise<{ status: number; json: { error: string } }>) => {
  const before = await world.stored();
  const { status, json } = await work();
  expect(await world.stored()).toEqual(before);
  expect(await readdir(world.stagingFolder)).toEqual([]);
  return [status, json.error];
};

describe('a document', () => {
  it('is stored under its content id, with its words, and is there when it comes again', async () => {
    const bytes = text('Salt, salt and pepper');
    const before = await world.stored();
    const first = await put(bytes);
    const cid = cidOf('raw', bytes);
    expect([first.status, first.json]).toEqual([201, { document: cid, size: 21, searchable: true }]);
    expect(await wordsOf(bytes)).toEqual({ words: ['salt', 'and', 'pepper'], counts: [2, 1, 1] });
    const once = {
      ...before,
      documents: before.documents + 1,
      words: before.words + 1,
      blobs: before.blobs + 1,
    };
    expect(await world.stored()).toEqual(once);
    const again = await put(bytes, reviewer);
    expect([again.status, again.json]).toEqual([200, { document: cid, size: 21, searchable: true }]);
    expect(await world.stored()).toEqual(once);
  });

  it('may be empty, binary or large; then no search looks into it', async () => {
    for (const [bytes, searchable] of [
      [Buffer.alloc(0), true],
      [Buffer.from([0xff, 0x00]), false],
      [Buffer.alloc(3 * 1024 * 1024, 'a '), false],
      [Buffer.alloc(1024 * 1024, 'a '), true],
    ] as const) {
      const answer = await put(bytes);
      expect([answer.status, answer.json.size, answer.json.searchable]).toEqual([
        201,
        bytes.length,
        searchable,
      ]);
      expect((await wordsOf(bytes)) !== undefined).toBe(searchable);
      expect((await blobs.head(blobKey(digestOf(bytes))))?.size).toBe(bytes.length);
    }
    expect(await readdir(world.stagingFolder)).toEqual([]);
  });

  it('that is not what its name says is refused, and nothing of it is kept', async () => {
    const address = addressOf(text('these bytes'));
    expect(await refuses(() => put(text('those bytes'), author, address))).toEqual([422, 'digest_mismatch']);
    const block = world.at(`/documents/${cidOf('dag-cbor', text('these bytes'))}`);
    expect(await refuses(() => put(text('these bytes'), author, block))).toEqual([400, 'validation_error']);
    const spelled = addressOf(text('these bytes'))
      .toUpperCase()
      .replace('/KNOWLEDGE/V1/BASES/KB:ACME.EXAMPLE:CLAIMS:HANDBOOK/DOCUMENTS', world.at('/documents'));
    expect(await refuses(() => put(text('these bytes'), author, spelled))).toEqual([400, 'validation_error']);
    expect((await put(text('these bytes'))).status).toBe(201);
  });

  it('above 64 MiB is refused at the first byte too many', async () => {
    const large = Buffer.alloc(64 * 1024 * 1024 + 1);
    expect(await refuses(() => put(large))).toEqual([413, 'payload_too_large']);
  });

  it('of a sender who trickles is refused, and its place is free again', async () => {
    const bytes = Buffer.alloc(50_000, 'slow');
    const before = await world.stored();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const upload = request(world.url + addressOf(bytes), {
        method: 'PUT',
        headers: {
          Authorization: `Bearer ${author.token}`,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          'Content-Length': bytes.length,
        },
      });
      upload.on('response', (reply) => {
        resolve(reply.statusCode);
        upload.destroy();
      });
      upload.on('error', reject);
      upload.write(bytes.subarray(0, 10));
    });
    expect(status).toBe(400);
    expect(await world.stored()).toEqual(before);
    expect((await put(bytes)).status).toBe(201);
  });

  it('beside another of the same account waits for its turn', async () => {
    const bytes = Buffer.alloc(80_000, 'busy');
    let second: { status: number; json: { error: string } } | undefined;
    afterPromotion = async () => {
      second = await put(text('second'));
    };
    expect((await put(bytes)).status).toBe(201);
    expect([second?.status, second?.json.error]).toEqual([503, 'busy']);
    expect((await put(text('second'))).status).toBe(201);
  });
});

describe('whoever brings a document', () => {
  it('must be allowed to propose by both axes, for a base of his own workforce', async () => {
    const bytes = text('who may');
    const reader = await world.addActor('human:acme.example:only-reads');
    const foreign = await world.addActor('human:acme.example:from-sales', {
      operations: ['propose'],
      verbs: ['propose'],
      workforce: 'workforce:acme.example:sales' as never,
    });
    const narrow = await world.addActor('human:acme.example:reads-only', {
      operations: ['propose'],
      verbs: ['propose'],
      scopes: ['knowledge:read'],
    });
    expect(await refuses(() => put(bytes, reader))).toEqual([403, 'authority_denied']);
    expect(await refuses(() => put(bytes, foreign))).toEqual([404, 'knowledge_base_not_found']);
    expect(await refuses(() => put(bytes, narrow))).toEqual([403, 'forbidden']);
    expect((await put(bytes)).status).toBe(201);
  });

  it('leaves nothing named where his token or his principal ended while it came in', async () => {
    const leaver = await world.addActor('human:acme.example:leaver', {
      operations: ['propose'],
      verbs: ['propose'],
    });
    const rowsBefore = (await world.stored()).documents;
    afterPromotion = () => world.sql`update principals set ended_at = now() where id = ${leaver.id}`;
    const ended = await put(text('ended'), leaver);
    expect([ended.status, ended.json.error]).toEqual([403, 'principal_required']);
    await world.sql`update principals set ended_at = null where id = ${leaver.id}`;
    afterPromotion = () => world.sql`update tokens set revoked_at = now() where id = ${leaver.tokenId}`;
    const revoked = await put(text('revoked'), leaver);
    expect([revoked.status, revoked.json.error]).toEqual([401, 'key_revoked']);
    expect((await world.stored()).documents).toBe(rowsBefore);
    expect(await wordsOf(text('revoked'))).toBeUndefined();
  });

  it('is refused while the base is paused', async () => {
    await world.sql`update knowledge_bases set paused = true where id = ${world.id}`;
    expect(await refuses(() => put(text('paused')))).toEqual([409, 'knowledge_base_paused']);
    await world.sql`update knowledge_bases set paused = false where id = ${world.id}`;
    expect((await put(text('paused'))).status).toBe(201);
  });
});

describe('bytes that a sweep takes while they are garbage', () => {
  it('are put again before they are named', async () => {
    const bytes = text('swept');
    const key = blobKey(digestOf(bytes));
    afterPromotion = async () => {
      await world.sql`
        insert into swept_blobs (digest, swept_at) values (decode(${digestOf(bytes)}, 'hex'), now())`;
      await blobs.delete(key);
    };
    expect((await put(bytes)).status).toBe(201);
    expect((await blobs.head(key))?.size).toBe(bytes.length);
    expect((await get(bytes, author)).bytes.toString()).toBe('swept');
  });
});

describe('a document that was erased', () => {
  const erase = (bytes: Uint8Array) => world.sql`
    with gone as (delete from knowledge_documents where blob = decode(${digestOf(bytes)}, 'hex'))
    insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
    values (${world.id}, decode(${digestOf(bytes)}, 'hex'), ${reviewer.id}, 'order 7', 'privacy', now(), 'e-1')`;

  it('cannot be brought again, nor read, and the refusal tells of the record', async () => {
    const bytes = text('erased before');
    await put(bytes);
    await erase(bytes);
    await blobs.delete(blobKey(digestOf(bytes)));
    expect(await refuses(() => put(bytes))).toEqual([410, 'content_erased']);
    const read = await get(bytes, reviewer);
    expect([read.status, read.json.details]).toMatchObject([
      410,
      { reason_code: 'privacy', event_id: 'e-1' },
    ]);
  });

  it('while it comes in leaves neither a name nor its bytes', async () => {
    const bytes = text('erased meanwhile');
    afterPromotion = () => erase(bytes);
    const answer = await put(bytes);
    expect([answer.status, answer.json.error]).toEqual([410, 'content_erased']);
    expect(await blobs.head(blobKey(digestOf(bytes)))).toBeUndefined();
    expect(await wordsOf(bytes)).toBeUndefined();
  });
});

describe('an uploaded document', () => {
  it('is read by whoever reviews, and by the one who brought it', async () => {
    const bytes = text('to be reviewed');
    await put(bytes);
    for (const as of [author, reviewer]) {
      const answer = await get(bytes, as);
      expect([answer.status, answer.bytes.toString()]).toEqual([200, 'to be reviewed']);
      expect(answer.headers.get('content-type')).toBe('application/octet-stream');
      expect(answer.headers.get('content-disposition')).toBe('attachment');
    }
  });

  it('is not there for others who propose, and denied to those who may do neither', async () => {
    const bytes = text('to be reviewed');
    const other = await world.addActor('worker:acme.example:claims:other', {
      operations: ['propose'],
      verbs: ['propose'],
    });
    const answer = await get(bytes, other);
    expect([answer.status, answer.json.error]).toEqual([404, 'document_not_found']);
    expect((await get(text('never brought'), reviewer)).json.error).toBe('document_not_found');
    expect((await get(bytes, world.reader)).json.error).toBe('authority_denied');
  });

  it('of another base is not there, though the bytes are', async () => {
    const bytes = text('to be reviewed');
    const elsewhere = await world.addBase('kb:acme.example:claims:elsewhere');
    const there = await world.addActor('human:acme.example:there', {
      bases: [elsewhere.id],
      operations: ['review'],
      verbs: ['review'],
    });
    const address = world.at(`/documents/${cidOf('raw', bytes)}`, elsewhere.id);
    expect((await world.call('GET', address, { as: there })).json.error).toBe('document_not_found');
  });
});
