// Content is taken out of a base for good: the record first, then the bytes, and everything that was signed stays true.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseDocument, finishErasures } from '../../../src/knowledge/documents/erase.ts';
import { addPointerRoutes } from '../../../src/knowledge/versions/pointer-routes.ts';
import { type Cid, digestOfCid } from '../../../src/protocol/cid.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import { decodeVersion, versionCid } from '../../../src/protocol/knowledge/version.ts';
import { getValue } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { type BlobStore, bytesSource } from '../../../storage/blob-store.ts';
import { parseDigest } from '../../../storage/digest.ts';
import { createMemoryStore } from '../../../storage/memory-store.ts';
import { blobKey, type ObjectKey } from '../../../storage/object-keys.ts';
import type { Actor } from '../world/actors.ts';
import { pointerParts } from '../world/moving.ts';
import { destroying, eraseParts, startViewingWorld, type ViewingWorld } from '../world/viewing.ts';
import { heldOf, putDocument } from '../world/written-base.ts';

let world: ViewingWorld;
let stored: BlobStore;
/** Thrown instead of deleting, once. */
let trouble: Error | undefined;

/** A store that fails when a test wants it to. */
const troubled = (store: BlobStore): BlobStore => ({
  ...store,
  delete: async (key) => {
    const error = trouble;
    trouble = undefined;
    if (error !== undefined) throw error;
    await store.delete(key);
  },
});

beforeAll(async () => {
  stored = createMemoryStore();
  world = await startViewingWorld({
    entries: { 'a.md': 'one', 'b.md': 'to be erased', 'c.md': 'shared words' },
    versions: [{ 'b.md': null }],
    blobs: troubled(stored),
    mount: (router, parts) => addPointerRoutes(router, pointerParts(parts)),
  });
});
afterAll(() => world.stop());

const blobOf = (text: string): Cid => heldOf(text).entry.blob;
const keyOf = (blob: Cid): ObjectKey => {
  const digest = parseDigest(Buffer.from(digestOfCid(blob)).toString('hex'));
  if (digest === undefined) throw new Error('no digest');
  return blobKey(digest);
};
const isStored = async (text: string) => (await stored.head(keyOf(blobOf(text)))) !== undefined;
const isSearchable = async (text: string) =>
  (await world.sql`select from knowledge_words where blob = ${digestOfCid(blobOf(text))}`).length === 1;
const erasures = () =>
  world.sql<{ base: BaseId; destroyed: boolean; event_id: string }[]>`
    select base, destroyed, event_id from knowledge_erasures order by at`;

const erase = (text: string | Cid, as: Actor = world.steward, more: object = {}, base = world.id) =>
  world.call('POST', world.at('/erasures', base), {
    as,
    body: {
      document: text.startsWith('bafk') ? text : blobOf(text),
      reason_code: 'personal_data',
      authority: 'gdpr:art-17',
      ...more,
    },
  });

/** A document in a version of its own, for one test. */
const put = async (text: string) => {
  await world.addVersion({ [`${text.replaceAll(' ', '-')}.md`]: text });
  expect([await isStored(text), await isSearchable(text)]).toEqual([true, true]);
};

const refused = async (act: () => ReturnType<typeof erase>) => {
  const before = [await world.stored(), await erasures()];
  const { status, json } = await act();
  expect([await world.stored(), await erasures()]).toEqual(before);
  return { status, error: json.error, details: json.details };
};

describe('an erasure', () => {
  it('destroys the bytes and the words, and leaves the record and its event', async () => {
    const answer = await erase('to be erased');
    const [row] = await erasures();
    expect([answer.status, answer.json]).toEqual([
      202,
      {
        knowledge_base_id: world.id,
        document: blobOf('to be erased'),
        event_id: row?.event_id,
        destroyed: true,
        receipt: null,
      },
    ]);
    expect([await isStored('to be erased'), await isSearchable('to be erased')]).toEqual([false, false]);
    expect(await isStored('one')).toBe(true);
    expect(row).toMatchObject({ base: world.id, destroyed: true });
    const [event] = await world.sql<
      { sealed: Buffer }[]
    >`select sealed from events where id = ${row?.event_id ?? ''}`;
    expect(JSON.parse(String(event?.sealed))).toMatchObject({
      kind: 'KnowledgeBaseContentErased',
      actor: world.steward.id,
      data: {
        payload: {
          knowledge_base_id: world.id,
          digest: `sha256:${Buffer.from(digestOfCid(blobOf('to be erased'))).toString('hex')}`,
          reason_code: 'personal_data',
          authority: 'gdpr:art-17',
        },
      },
    });
  });

  it('leaves every version, its tree and its listing as they were', async () => {
    const version = world.versions[0];
    if (version === undefined) throw new Error('no version');
    expect(versionCid(version.manifest)).toBe(version.id);
    const { content } = decodeVersion(version.manifest);
    const reader = { profile: KNOWLEDGE_TREE, blocks: world.blocks };
    for (const [path, { entry }] of world.contentsOf(version)) {
      const [row] = await world.sql<{ entry: Buffer }[]>`
        select entry from knowledge_entries where base = ${world.id} and path = ${path} and from_seq = 1`;
      const cid = await getValue(reader, content, path);
      expect(row?.entry.equals(digestOfCid(cid as Cid))).toBe(true);
      expect(entry.blob).toBeDefined();
    }
  });

  it('keeps a version that holds it from becoming current again', async () => {
    const mover = await world.addActor('human:acme.example:mover', {
      operations: ['move_pointer'],
      verbs: ['move_pointer'],
      capacities: ['operator'],
    });
    const { generation, current } = await world.standing();
    const answer = await world.call('POST', world.at('/pointer'), {
      as: mover,
      headers: { 'If-Match': `"${generation}"` },
      body: { to_version: world.versions[0]?.id, reason: 'rollback', justification_code: 'wrong' },
    });
    expect([answer.status, answer.json.error]).toEqual([410, 'content_erased']);
    expect(answer.json.details).toMatchObject({
      document: blobOf('to be erased'),
      reason_code: 'personal_data',
      authority: 'gdpr:art-17',
      event_id: (await erasures())[0]?.event_id,
    });
    expect(await world.standing()).toMatchObject({ generation, current });
  });

  it('asked for again stays as it was recorded, and destroys what somebody brought back', async () => {
    const before = [await erasures(), (await world.stored()).events];
    const held = heldOf('to be erased');
    await stored.put(keyOf(held.entry.blob), bytesSource(held.bytes));
    const again = await erase('to be erased', world.steward, { reason_code: 'other', authority: 'other' });
    expect([again.status, again.json.destroyed, again.json.receipt]).toEqual([200, true, null]);
    expect([await erasures(), (await world.stored()).events]).toEqual(before);
    expect(await isStored('to be erased')).toBe(false);
  });

  it('reaches what was only uploaded for a proposal', async () => {
    await putDocument(world, world.id, heldOf('only proposed'));
    expect((await erase('only proposed')).json.destroyed).toBe(true);
    expect([await isStored('only proposed'), await isSearchable('only proposed')]).toEqual([false, false]);
  });
});

describe('a document that somebody else holds', () => {
  it('stays theirs, and goes when they erase it too', async () => {
    const other = await world.addBase('kb:acme.example:claims:other', { 'c.md': 'shared words' });
    expect((await erase('shared words')).json.destroyed).toBe(false);
    expect([await isStored('shared words'), await isSearchable('shared words')]).toEqual([true, true]);
    await finishErasures(eraseParts(world))();
    expect(await isStored('shared words')).toBe(true);
    const theirs = await world.addActor('human:acme.example:theirs', {
      bases: [other.id],
      operations: ['administer'],
      verbs: ['administer'],
      capacities: ['operator'],
    });
    expect((await erase('shared words', theirs, {}, other.id)).json.destroyed).toBe(true);
    expect([await isStored('shared words'), await isSearchable('shared words')]).toEqual([false, false]);
    expect((await erasures()).every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('stays where another base may still propose it', async () => {
    const third = await world.addBase('kb:acme.example:claims:third');
    await put('uploaded elsewhere');
    await putDocument(world, third.id, heldOf('uploaded elsewhere'));
    expect((await erase('uploaded elsewhere')).json.destroyed).toBe(false);
    expect(await isStored('uploaded elsewhere')).toBe(true);
  });

  it('stays where a pack has the same bytes', async () => {
    await put('bytes of a pack');
    const digest = digestOfCid(blobOf('bytes of a pack'));
    await world.sql`
      insert into versions (name_key, name, version, tree, digest, size, manifest, facts, files, warnings, publisher,
        published_at, event_id)
      values ('vendor.acme.x', 'vendor.acme.x', '1.0.0', 'v1', ${digest}, 15, '{}', '{}', '[]', '[]', 'steward', now(), 'e')`;
    expect((await erase('bytes of a pack')).json.destroyed).toBe(false);
    expect(await isStored('bytes of a pack')).toBe(true);
  });
});

describe('a crash', () => {
  it('between the record and the bytes is mended by the next turn', async () => {
    await put('half erased');
    trouble = new Error('the store is away');
    expect((await erase('half erased')).status).toBe(500);
    expect((await erasures()).at(-1)).toMatchObject({ destroyed: false });
    expect([await isStored('half erased'), await isSearchable('half erased')]).toEqual([true, false]);
    await finishErasures(eraseParts(world))();
    expect((await erasures()).at(-1)).toMatchObject({ destroyed: true });
    expect(await isStored('half erased')).toBe(false);
  });

  it('after the bytes went, and before that was noted, is mended too', async () => {
    await put('gone unnoticed');
    await erase('gone unnoticed');
    await world.sql`update knowledge_erasures set destroyed = false where event_id = ${(await erasures()).at(-1)?.event_id ?? ''}`;
    await finishErasures(eraseParts(world))();
    expect((await erasures()).at(-1)).toMatchObject({ destroyed: true });
  });

  it('before the record leaves everything as it was', async () => {
    await put('never erased');
    const parts = eraseParts(world);
    const act = eraseDocument({
      ...parts,
      record: () => Promise.reject(new Error('the database is away')),
    });
    const by = { ...world.steward, token: {} as never, trace: {} as never };
    const wish = { base: world.id, document: blobOf('never erased'), reasonCode: 'x', authority: 'x' };
    await expect(act({ by, key: undefined, request: new Uint8Array(32) }, wish)).rejects.toThrow('away');
    await finishErasures(parts)();
    expect([await isStored('never erased'), await isSearchable('never erased')]).toEqual([true, true]);
  });
});

describe('whoever names the bytes meanwhile', () => {
  it('learns of their destruction by the note of a sweep, which stands before they go', async () => {
    await put('swept');
    const digest = digestOfCid(blobOf('swept'));
    const sweep = async () =>
      (await world.sql<{ sweep: number }[]>`select sweep_of(${digest}) as sweep`)[0]?.sweep ?? 0;
    expect(await sweep()).toBe(0);
    trouble = new Error('the store is away');
    await erase('swept');
    const noted = await sweep();
    expect([noted > 0, await isStored('swept')]).toEqual([true, true]);
    await destroying(world)(blobOf('swept'));
    expect([(await sweep()) > noted, await isStored('swept')]).toEqual([true, false]);
  });

  it('keeps them: bytes that nobody erased are never destroyed', async () => {
    expect(await destroying(world)(blobOf('one'))).toBe(false);
    expect(await isStored('one')).toBe(true);
  });
});

describe('an erasure is refused', () => {
  it('under a legal hold, and nothing of it is recorded', async () => {
    await world.sql`
      update knowledge_bases set registration = jsonb_set(registration, '{retention,legal_hold}', 'true')
      where id = ${world.id}`;
    const { status, error } = await refused(() => erase('one'));
    expect([status, error, await isStored('one')]).toEqual([409, 'legal_hold', true]);
    await world.sql`
      update knowledge_bases set registration = jsonb_set(registration, '{retention,legal_hold}', 'false')
      where id = ${world.id}`;
  });

  it('where the base never had the document', async () => {
    const { status, error } = await refused(() => erase('unheard of'));
    expect([status, error]).toEqual([404, 'document_not_found']);
  });

  it.each([
    ['no document', { document: 'one' }, 'document'],
    ['a version', { document: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' }, 'document'],
    ['no reason', { reason_code: undefined }, 'reason_code'],
    ['a sentence for a reason', { reason_code: 'because I say so' }, 'reason_code'],
    ['no authority', { authority: '' }, 'authority'],
    ['a sentence for an authority', { authority: 'Ada said so' }, 'authority'],
  ])('for %s', async (_name, more, field) => {
    const { status, error, details } = await refused(() => erase('one', world.steward, more));
    expect([status, error, details.field]).toEqual([400, 'validation_error', field]);
  });

  it('to whoever may not administer, or is no human bound as architect or operator', async () => {
    const may = { operations: ['administer'], verbs: ['administer'] } as const;
    const unbound = await world.addActor('human:acme.example:unbound', { ...may, capacities: ['reviewer'] });
    const agent = await world.addActor('worker:acme.example:claims:agent', may);
    for (const as of [unbound, agent])
      expect((await refused(() => erase('one', as))).error).toBe('human_binding_missing');
    for (const as of [world.reader, world.reviewer, world.author])
      expect((await refused(() => erase('one', as))).error).toBe('authority_denied');
    expect((await erase('one')).json.destroyed).toBe(true);
  });
});
