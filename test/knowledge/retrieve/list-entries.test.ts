// Pages of a version's entries: ordered by bytes, complete by proof, held against what the signed tree says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../keys/bytes.ts';
import type { Cid } from '../../../src/protocol/cid.ts';
import { namedDigestOfCid } from '../../../src/protocol/knowledge/changes.ts';
import { decodeEntry, entryCid } from '../../../src/protocol/knowledge/entry.ts';
import { hashOfList } from '../../../src/protocol/knowledge/retrieved.ts';
import { compareAsBytes } from '../../../src/protocol/knowledge-path.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { verifyRange } from '../../../src/protocol/merkle-tree/range-proof.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;

const pages = (count: number, from = 0) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `handbook/${(at + from) % 7}/page-${at + from}.md`,
      `page ${at + from}`,
    ]),
  );

beforeAll(async () => {
  world = await startRetrievalWorld({
    entries: {
      ...pages(150),
      'ö.md': 'oe',
      '\u{10000}.md': 'high',
      '\uff5e.md': 'wide',
      'with meta.md': { bytes: Buffer.from('m'), meta: { lang: 'en' } },
    },
    versions: [{ ...pages(30, 150), 'handbook/1/page-1.md': 'changed', 'handbook/2/page-2.md': null }],
  });
});
afterAll(() => world.stop());

interface Listed {
  readonly path: string;
  readonly entry: Cid;
  readonly blob: Cid;
  readonly digest: string;
  readonly size: number;
  readonly media_type: string;
}

const version = (at: number) => {
  const found = world.versions[at];
  if (found === undefined) throw new Error('no such version');
  return found;
};

const list = (at: number, query = '') =>
  world.call('GET', world.at(`/versions/${version(at).id}/entries${query}`));

const expected = (at: number) =>
  [...world.contentsOf(version(at))]
    .map(([path, { entry }]) => ({
      path,
      entry: entryCid(entry),
      blob: entry.blob,
      digest: namedDigestOfCid(entry.blob),
      size: entry.size,
      media_type: entry.mediaType,
    }))
    .sort((a, b) => compareAsBytes(a.path, b.path));

const proofOf = (blocks: readonly string[]): readonly Uint8Array[] =>
  blocks.map((text) => decodeBase64(text) ?? new Uint8Array());

describe.each([0, 1])('version %i', (at) => {
  it('is listed in the order of bytes, page by page, each entry once', async () => {
    const listed: Listed[] = [];
    let query = '?limit=37';
    for (;;) {
      const { json, headers } = await list(at, query);
      expect(json.knowledge_base_version).toBe(version(at).id);
      expect(json.retrieved_content_hash).toBe(hashOfList(json.entries));
      expect(headers.get('retrieved-content-hash')).toBe(json.retrieved_content_hash);
      listed.push(...json.entries);
      if (json.next === null) break;
      expect(json.entries).toHaveLength(37);
      query = `?limit=37&after=${encodeURIComponent(json.next)}`;
    }
    expect(listed).toEqual(expected(at));
  });

  it('is listed below any text that paths begin with, and behind any text', async () => {
    for (const [prefix, after] of [
      ['handbook/1/', ''],
      ['handbook/1/page-1', 'handbook/1/page-106.md'],
      ['', 'handbook/6/page-97.md'],
      ['ö', ''],
      ['nothing', ''],
    ] as const) {
      const query = `?limit=1000&prefix=${encodeURIComponent(prefix)}&after=${encodeURIComponent(after)}`;
      const wanted = expected(at).filter(
        ({ path }) => path.startsWith(prefix) && compareAsBytes(path, after) > 0,
      );
      expect((await list(at, query)).json.entries).toEqual(wanted);
    }
  });

  it('proves that a page is complete, up to the block of each entry', async () => {
    for (const range of [
      { prefix: '', after: '', limit: 50 },
      { prefix: 'handbook/3/', after: 'handbook/3/page-10', limit: 5 },
      { prefix: 'nothing', after: '', limit: 10 },
    ]) {
      const query = new URLSearchParams({ ...range, limit: String(range.limit), proof: '1' });
      const { json } = await list(at, `?${query}`);
      const proven = await verifyRange(KNOWLEDGE_TREE, version(at).content, range, proofOf(json.blocks));
      expect(json.entries.map(({ path, entry }: Listed) => ({ path, value: entry }))).toEqual(proven.entries);
      expect(json.next).toBe(proven.next ?? null);
      const blocks = new Map(
        proofOf(json.entry_blocks).map((bytes) => [entryCid(decodeEntry(bytes)), decodeEntry(bytes)]),
      );
      for (const { entry, blob, size, media_type } of json.entries as Listed[])
        expect(blocks.get(entry)).toMatchObject({ blob, size, mediaType: media_type });
      expect(blocks.size).toBe(new Set(json.entries.map(({ entry }: Listed) => entry)).size);
    }
  });
});

describe('a list', () => {
  it('carries no proof unless it is asked for', async () => {
    expect(Object.keys((await list(0)).json).sort()).toEqual([
      'entries',
      'knowledge_base_version',
      'next',
      'retrieved_content_hash',
    ]);
    expect((await list(0)).json.entries).toHaveLength(100);
  });

  it.each(['limit=0', 'limit=1001', 'limit=-1', 'limit=x', 'proof=2', 'prefix=a&prefix=b', 'after=%00'])(
    'is refused for %s, and nothing is recorded',
    async (query) => {
      const before = await world.stored();
      const answer = await list(0, `?${query}`);
      expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
      expect(await world.stored()).toEqual(before);
    },
  );

  it('is not given out where the table says other than the tree', async () => {
    const before = await world.stored();
    await world.sql`
      update knowledge_entries set path = 'handbook/1/page-1x.md'
      where base = ${world.id} and path = 'handbook/1/page-8.md'`;
    const answer = await list(0, '?proof=1');
    await world.sql`
      update knowledge_entries set path = 'handbook/1/page-8.md'
      where base = ${world.id} and path = 'handbook/1/page-1x.md'`;
    expect([answer.status, answer.json.error]).toEqual([500, 'internal_error']);
    expect(await world.stored()).toEqual(before);
    expect((await list(0, '?proof=1')).status).toBe(200);
  });
});
