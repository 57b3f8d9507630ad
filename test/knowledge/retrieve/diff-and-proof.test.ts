// What differs between two versions, and what one has at a path: each of it proven by the trees themselves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../keys/bytes.ts';
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import type { DiffSizes } from '../../../src/knowledge/retrieve/diff.ts';
import { cidOf } from '../../../src/protocol/cid.ts';
import { decodeEntry, entryCid } from '../../../src/protocol/knowledge/entry.ts';
import { hashOfList } from '../../../src/protocol/knowledge/retrieved.ts';
import { decodeVersion, VERSION_PAYLOAD_TYPE, versionCid } from '../../../src/protocol/knowledge/version.ts';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { verifyDiff, verifyPath } from '../../../src/protocol/merkle-tree/proof.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
const asked: string[] = [];
let sealed = false;
let diffLimits: DiffSizes | undefined;

beforeAll(async () => {
  const entries = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`p/${at}.md`, `text ${at}`]));
  const edits = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`p/${at * 5}.md`, `new ${at}`]));
  world = await startRetrievalWorld(
    { entries, versions: [{ ...edits, 'p/7.md': null, 'q.md': 'added' }, { 'q.md': null }] },
    {
      looking: (the) => ({
        ...the,
        get diffLimits() {
          return diffLimits ?? { compared: 1_000, proven: 1_000 };
        },
      }),
      findProof: async (eventId) => {
        asked.push(eventId);
        return sealed ? `proof of ${eventId}` : 'late';
      },
    },
  );
});
afterAll(() => world.stop());

const version = (at: number) => {
  const found = world.versions[at];
  if (found === undefined) throw new Error('no such version');
  return found;
};

const side = (at: number, path: KnowledgePath) => {
  const held = world.contentsOf(version(at)).get(path);
  if (held === undefined) return null;
  const { blob, size, mediaType } = held.entry;
  return expect.objectContaining({ entry: entryCid(held.entry), blob, size, media_type: mediaType });
};

const expected = (from: number, to: number) => {
  const cidAt = (at: number, path: KnowledgePath) => {
    const held = world.contentsOf(version(at)).get(path);
    return held && entryCid(held.entry);
  };
  const paths = [from, to].flatMap((at) => [...world.contentsOf(version(at)).keys()]);
  return [...new Set(paths)]
    .filter((path) => cidAt(from, path) !== cidAt(to, path))
    .sort(compareAsBytes)
    .map((path) => ({ path, before: side(from, path), after: side(to, path) }));
};

const diff = (from: number | string, to: number | string, query = '') => {
  const name = (at: number | string) => (typeof at === 'number' ? version(at).id : at);
  return world.call('GET', world.at(`/versions/${name(from)}/diff/${name(to)}${query}`));
};

describe('the differences of two versions', () => {
  it.each([
    [0, 1],
    [1, 0],
    [0, 2],
    [1, 2],
    [2, 2],
  ])('%i and %i are every path at which they differ, with both sides', async (from, to) => {
    const { json, headers } = await diff(from, to);
    expect([json.from, json.to, json.next]).toEqual([version(from).id, version(to).id, null]);
    expect(json.differences).toEqual(expected(from, to));
    const given = json.differences.map(({ path, before, after }: never) => ({
      path,
      blob: ((after ?? before) as { blob: string }).blob,
    }));
    expect(json.retrieved_content_hash).toBe(hashOfList(given));
    expect(headers.get('knowledge-base-version')).toBe(version(from).id);
  });

  it('come page by page', async () => {
    const found: unknown[] = [];
    let query = '?limit=9';
    for (;;) {
      const { json } = await diff(0, 1, query);
      found.push(...json.differences);
      if (json.next === null) break;
      query = `?limit=9&after=${encodeURIComponent(json.next)}`;
    }
    expect(found).toEqual(expected(0, 1));
  });

  it('are proven to be all of them, whatever page was asked for', async () => {
    const { json } = await diff(0, 1, '?limit=5&proof=1');
    const nodes = json.blocks.map(decodeBase64);
    const proven = await verifyDiff(KNOWLEDGE_TREE, version(0).content, version(1).content, nodes);
    expect(proven.map(({ path }) => path)).toEqual(expected(0, 1).map(({ path }) => path));
    const cids = json.entry_blocks.map((text: string) =>
      cidOf('dag-cbor', decodeBase64(text) ?? new Uint8Array()),
    );
    for (const { before, after } of json.differences)
      for (const each of [before, after]) if (each !== null) expect(cids).toContain(each.entry);
  });

  it('to what is current are resolved once and recorded as that version', async () => {
    const answer = await diff(0, 'current');
    expect([answer.json.from, answer.json.to]).toEqual([version(0).id, version(2).id]);
    const [row] = await world.sql<{ request: object; version: string }[]>`
      select request, version from knowledge_retrievals where event_id = ${answer.headers.get('attestry-event')}`;
    expect(row).toMatchObject({
      version: version(0).id,
      request: { other: version(2).id, other_selector: 'current', selector: version(0).id },
    });
  });

  it('that are more than is compared at once are refused, and the refusal says what to do instead', async () => {
    const before = await world.stored();
    for (const [limits, query] of [
      [{ compared: 5, proven: 1_000 }, ''],
      [{ compared: 1_000, proven: 5 }, '?proof=1'],
    ] as const) {
      diffLimits = limits;
      const answer = await diff(0, 1, query);
      expect([answer.status, answer.json.error, answer.json.details.limit]).toEqual([
        422,
        'diff_too_large',
        5,
      ]);
      expect(answer.json.message).toContain('list both');
    }
    expect(await world.stored()).toEqual(before);
    expect((await diff(0, 1)).status).toBe(200);
    diffLimits = undefined;
  });

  it('are shown to nobody who may not read both versions', async () => {
    const before = await world.stored();
    const one = await world.addActor('human:acme.example:one', { versions: [version(0).id, version(1).id] });
    const as = async (from: number, to: number) =>
      (await world.call('GET', world.at(`/versions/${version(from).id}/diff/${version(to).id}`), { as: one }))
        .status;
    expect([await as(0, 2), await as(2, 0)]).toEqual([403, 403]);
    expect(await world.stored()).toEqual(before);
    expect(await as(0, 1)).toBe(200);
    const unknown = await diff(0, version(0).content);
    expect([unknown.status, unknown.json.error]).toEqual([404, 'version_not_found']);
  });
});

const proof = (at: number, path: string) =>
  world.call('GET', world.at(`/versions/${version(at).id}/proofs/${path}`));

describe('the proof of an entry', () => {
  it('leads from its block over the tree to the signed manifest', async () => {
    const { json } = await proof(1, 'q.md');
    const manifest = decodeBase64(json.manifest.block) ?? new Uint8Array();
    expect(versionCid(manifest)).toBe(json.knowledge_base_version);
    const { signer } = world;
    const keys = [{ keyId: signer.keyId, publicKey: signer.publicKey }];
    const envelope = parseEnvelope(json.manifest.signature);
    const wanted = { payloadType: VERSION_PAYLOAD_TYPE, keys, threshold: 1 };
    expect(decodeVersion(openEnvelope(envelope, wanted).payload)).toMatchObject({
      kb: world.id,
      content: json.content,
    });
    const nodes = json.blocks.map(decodeBase64);
    const value = await verifyPath(KNOWLEDGE_TREE, json.content, 'q.md' as KnowledgePath, nodes);
    expect(value).toBe(json.entry);
    const entry = decodeEntry(decodeBase64(json.entry_block) ?? new Uint8Array());
    expect([entryCid(entry), entry.blob]).toEqual([json.entry, cidOf('raw', Buffer.from('added'))]);
    expect(json.retrieved_content_hash).toBe(hashOfList([{ path: 'q.md', blob: entry.blob }]));
  });

  it('that is not there shows that it is not', async () => {
    const { json, status } = await proof(0, 'q.md');
    expect([status, json.entry, json.entry_block]).toEqual([200, null, null]);
    const nodes = json.blocks.map(decodeBase64);
    expect(await verifyPath(KNOWLEDGE_TREE, json.content, 'q.md' as KnowledgePath, nodes)).toBeUndefined();
    expect(json.retrieved_content_hash).toBe(hashOfList([]));
  });

  it('carries the proof of the log that the version is in it, once it is sealed', async () => {
    sealed = false;
    expect((await proof(1, 'q.md')).json.proof).toBeNull();
    sealed = true;
    expect((await proof(1, 'q.md')).json.proof).toBe(`proof of ${version(1).eventId}`);
    expect(asked.at(-1)).toBe(version(1).eventId);
  });
});

describe('the versions of a base', () => {
  it('are listed newest first, page by page, as their manifests say', async () => {
    const first = await world.call('GET', world.at('/versions?limit=2'));
    expect(first.json.versions.map((each: { seq: number }) => each.seq)).toEqual([3, 2]);
    expect(first.json.next).toBe(2);
    const second = await world.call('GET', world.at(`/versions?limit=2&below=${first.json.next}`));
    expect(second.json).toMatchObject({ versions: [{ seq: 1, parent: null }], next: null });
    const { id, content, entries, bytes, contribution } = version(2);
    const expectedView = { knowledge_base_version: id, kb: world.id, content, entries, bytes, contribution };
    expect(first.json.versions[0]).toMatchObject({
      ...expectedView,
      parent: version(1).id,
      profile: 'attestry-kb/1',
      policy_version: 1,
      created_at: version(2).createdAt.toISOString(),
    });
  });

  it('each come with their block, its signature, the event and the proof of it', async () => {
    sealed = true;
    const named = await world.call('GET', world.at(`/versions/${version(0).id}`));
    const { json } = named;
    expect(versionCid(decodeBase64(json.block) ?? new Uint8Array())).toBe(version(0).id);
    expect(parseEnvelope(json.signature).payloadType).toBe(VERSION_PAYLOAD_TYPE);
    expect([json.event, json.proof]).toEqual([version(0).eventId, `proof of ${version(0).eventId}`]);
    expect(json.manifest).toMatchObject({ kb: world.id, seq: 1, content: version(0).content });
    const current = await world.call('GET', world.at('/versions/current'));
    expect(current.json.knowledge_base_version).toBe(version(2).id);
    sealed = false;
    expect((await world.call('GET', world.at('/versions/current'))).json.proof).toBeNull();
  });

  it('of another base are not found under this one', async () => {
    const other = await world.addBase('kb:acme.example:claims:other', { 'a.md': 'a' });
    const [theirs] = other.versions;
    const answer = await world.call('GET', world.at(`/versions/${theirs?.id}`));
    expect([answer.status, answer.json.error]).toEqual([404, 'version_not_found']);
    const entry = await world.call('GET', world.at(`/versions/${theirs?.id}/entries/a.md`));
    expect([entry.status, entry.json.error]).toEqual([404, 'version_not_found']);
  });
});
