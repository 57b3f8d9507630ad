// Listing a tree: the order of bytes, any prefix, any cursor, and no block that the range does not need.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { listEntries, type Range, walkEntries } from '../../../src/protocol/merkle-tree/list.ts';
import type { TreeEntry } from '../../../src/protocol/merkle-tree/node.ts';
import { depthOf, KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { entriesOf, someBits, somePath } from './some-entries.ts';
import { documentPath, documents, type Entries, emptyStore, grown, refusedAs, sorted } from './tree-world.ts';

const always = { numRuns: 250, seed: 20_260_601 };

const inRange = (entries: Entries, { prefix = '', after }: Range): readonly TreeEntry[] =>
  sorted(entries).filter(
    ({ path }) => path.startsWith(prefix) && (after === undefined || compareAsBytes(path, after) > 0),
  );

const somePrefix = fc.oneof(fc.constantFrom('', 'a', 'a/', 'a/1', 'b/', 'zz', 'é', 'deep/'), somePath);

const allOf = async (entries: AsyncIterable<TreeEntry>): Promise<readonly TreeEntry[]> => {
  const list: TreeEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
};

describe('the entries of a range', () => {
  it('are those with the prefix after the cursor, in the order of their bytes', async () => {
    const isRange = async (entries: Entries, prefix: string, after: string | undefined, bits: number) => {
      const store = emptyStore({ ...KNOWLEDGE_TREE, bits });
      const root = grown(store, entries);
      const range = { prefix, ...(after === undefined ? {} : { after }) };
      expect(await allOf(walkEntries(store.reader, root, range))).toEqual(inRange(entries, range));
    };
    const cursor = fc.option(somePath, { nil: undefined });
    await fc.assert(fc.asyncProperty(entriesOf(60), somePrefix, cursor, someBits, isRange), always);
  });

  it('come page by page, each once, and the last page says that it is', async () => {
    const comeOnce = async (entries: Entries, prefix: string, limit: number) => {
      const store = emptyStore({ ...KNOWLEDGE_TREE, bits: 2 });
      const root = grown(store, entries);
      const listed: TreeEntry[] = [];
      let after: KnowledgePath | undefined;
      do {
        const page = await listEntries(store.reader, root, { prefix, limit, ...(after && { after }) });
        listed.push(...page.entries);
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        if (page.next !== undefined) expect(page.entries).toHaveLength(limit);
        after = page.next;
      } while (after !== undefined);
      expect(listed).toEqual(inRange(entries, { prefix }));
    };
    const pages = fc.asyncProperty(entriesOf(60), somePrefix, fc.integer({ min: 1, max: 20 }), comeOnce);
    await fc.assert(pages, always);
  });

  it('are no page where none may be on it', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(3));
    for (const limit of [0, -1, 1.5, Number.NaN])
      expect(await refusedAs(() => listEntries(store.reader, root, { limit }))).toBe('page_limit');
  });

  it('are read from the blocks that hold them and the ways there', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(20_000));
    const layers =
      1 + Math.max(...[...documents(20_000).keys()].map((path) => depthOf(path, KNOWLEDGE_TREE)));
    store.asked.length = 0;
    const page = await listEntries(store.reader, root, { prefix: 'handbook/017/', limit: 100 });
    expect(page.entries).toHaveLength(100);
    expect(store.asked.length).toBeLessThanOrEqual(2 * layers + 100);
    store.asked.length = 0;
    await listEntries(store.reader, root, { prefix: documentPath(17), limit: 1 });
    expect(store.asked.length).toBeLessThanOrEqual(2 * layers);
    store.asked.length = 0;
    await listEntries(store.reader, root, { prefix: 'zzz', limit: 1 });
    expect(store.asked.length).toBeLessThanOrEqual(layers);
  });
});
