// Searching a version: whole words, all of them, in one total order that never changes, whatever happens later.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../keys/bytes.ts';
import { decodeEntry, entryCid } from '../../../src/protocol/knowledge/entry.ts';
import { hashOfList } from '../../../src/protocol/knowledge/retrieved.ts';
import { queryWords, scoreOf, searchableWords } from '../../../src/protocol/knowledge/words.ts';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { verifyPaths } from '../../../src/protocol/merkle-tree/paths-proof.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { digestOf } from '../../../storage/digest.ts';
import { type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
const WORDS = ['salt', 'pepper', 'sugar', 'öl', 'refund'] as const;

/** A text in which word n stands as often as the digit n of the number, in base 3. */
const textOf = (number: number): string =>
  WORDS.flatMap((word, at) => Array.from({ length: Math.floor(number / 3 ** at) % 3 }, () => word)).join(
    ', ',
  );

beforeAll(async () => {
  const entries = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => [`${'abc'[at % 3]}/${at}.md`, textOf(at)]),
  );
  world = await startRetrievalWorld({
    entries: {
      ...entries,
      'binary.bin': Buffer.from([0x73, 0x61, 0x6c, 0x74, 0]),
      'twin-1.md': 'twin salt',
      'twin-2.md': 'twin salt',
    },
    versions: [{ 'a/3.md': null, 'b/1.md': 'salt '.repeat(9), 'new.md': 'pepper salt' }],
  });
  const other = await world.addBase('kb:acme.example:claims:other', { 'other.md': 'salt salt salt' });
  expect(other.versions).toHaveLength(1);
});
afterAll(() => world.stop());

const version = (at: number) => {
  const found = world.versions[at];
  if (found === undefined) throw new Error('no such version');
  return found;
};

const search = (at: number, q: string, rest = '') =>
  world.call('GET', world.at(`/versions/${version(at).id}/search?q=${encodeURIComponent(q)}${rest}`));

/** Every document read and counted, sorted by its definition. */
const naive = (at: number, q: string): readonly [path: string, score: number][] => {
  const words = queryWords(q) ?? [];
  return [...world.contentsOf(version(at))]
    .map(([path, { bytes }]): [string, number] => [path, scoreOf(searchableWords(bytes) ?? new Map(), words)])
    .filter(([, score]) => score > 0)
    .sort(([a, high], [b, low]) => low - high || compareAsBytes(a, b));
};

const told = (json: { hits: { path: string; score: number }[] }) =>
  json.hits.map(({ path, score }) => [path, score]);

describe('a search', () => {
  it('finds what reading every document of that version would find, in the same order', async () => {
    const finds = async (at: number, words: readonly string[]) => {
      const q = words.join(' ');
      expect(told((await search(at, q, '&limit=200')).json)).toEqual(naive(at, q));
    };
    const someWords = fc.array(fc.constantFrom(...WORDS, 'twin', 'nothing'), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(fc.constantFrom(0, 1), someWords, finds), {
      numRuns: 40,
      seed: 20_260_601,
    });
  });

  it('finds words however they are written', async () => {
    expect(told((await search(0, 'ÖL', '&limit=200')).json)).toEqual(naive(0, 'öl'));
    expect(told((await search(0, 'O\u0308l. SALT', '&limit=200')).json)).toEqual(naive(0, 'salt öl'));
  });

  it('comes page by page: each hit once, none left out', async () => {
    const found: unknown[] = [];
    let rest = '&limit=7';
    for (;;) {
      const { json } = await search(1, 'salt', rest);
      found.push(...told(json));
      if (json.next === null) break;
      expect(json.hits).toHaveLength(7);
      rest = `&limit=7&after=${encodeURIComponent(json.next)}`;
    }
    expect(found).toEqual(naive(1, 'salt'));
  });

  it('check 4: without a hit has a hash and an event all the same', async () => {
    const answer = await search(0, 'nowhere');
    expect([answer.status, answer.json.hits, answer.json.next]).toEqual([200, [], null]);
    expect(answer.json.retrieved_content_hash).toBe(hashOfList([]));
    expect(answer.json.retrieved_content_hash).toBe(
      'sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
    );
    expect(answer.headers.get('attestry-event')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('proves that each hit stands there, and its score follows from its bytes', async () => {
    const { json } = await search(1, 'salt pepper', '&limit=12&proof=1');
    const paths: KnowledgePath[] = json.hits.map(({ path }: { path: KnowledgePath }) => path);
    const nodes = json.blocks.map(decodeBase64);
    const values = await verifyPaths(KNOWLEDGE_TREE, version(1).content, paths, nodes);
    expect(json.hits.map(({ entry }: { entry: string }) => entry)).toEqual(values);
    const entries = new Map(
      json.entry_blocks.map((text: string) => {
        const entry = decodeEntry(decodeBase64(text) ?? new Uint8Array());
        return [entryCid(entry), entry];
      }),
    );
    for (const hit of json.hits) {
      expect(entries.get(hit.entry)).toMatchObject({ blob: hit.blob, size: hit.size });
      const { bytes } = await world.call('GET', world.at(`/versions/${version(1).id}/entries/${hit.path}`));
      expect(`sha256:${digestOf(bytes)}`).toBe(hit.digest);
      expect(scoreOf(searchableWords(bytes) ?? new Map(), ['pepper', 'salt'])).toBe(hit.score);
    }
  });

  it.each([
    'q=',
    'q=%3F%21',
    '',
    `q=${Array.from({ length: 17 }, (_, at) => `w${at}`).join('+')}`,
    'q=a&limit=201',
    'q=a&limit=0',
    'q=salt&after=x',
    'q=salt&after=0:a',
    'q=salt&after=3:',
  ])('is refused for "%s", and nothing is recorded', async (query) => {
    const before = await world.stored();
    const answer = await world.call('GET', world.at(`/versions/current/search?${query}`));
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(await world.stored()).toEqual(before);
  });

  it('finds no more what was erased from the base, and another base finds its own all the same', async () => {
    const blob = digestOf(Buffer.from('twin salt'));
    const twin = await world.addBase('kb:acme.example:claims:twin', { 'twin.md': 'twin salt' });
    const reader = await world.addActor('human:acme.example:twin', { bases: [twin.id] });
    expect(told((await search(0, 'twin')).json)).toEqual([
      ['twin-1.md', 1],
      ['twin-2.md', 1],
    ]);
    await world.sql`
      insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
      values (${world.id}, decode(${blob}, 'hex'), ${world.reader.id}, 'order 7', 'privacy', now(), 'e-2')`;
    expect((await search(0, 'twin')).json.hits).toEqual([]);
    const gone = await world.call('GET', world.at(`/versions/${version(0).id}/entries/twin-1.md`));
    expect([gone.status, gone.json.error]).toEqual([410, 'content_erased']);
    expect(gone.json.details).toMatchObject({
      reason_code: 'privacy',
      authority: 'order 7',
      event_id: 'e-2',
    });
    const address = world.at('/versions/current/search?q=twin', twin.id);
    expect(told((await world.call('GET', address, { as: reader })).json)).toEqual([['twin.md', 1]]);
  });
});
