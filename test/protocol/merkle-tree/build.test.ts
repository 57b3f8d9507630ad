// One tree for one list of entries: the recursive definition, streamed, in bounded memory.
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidOf } from '../../../src/protocol/cid.ts';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { buildTree, getValue } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import type { TreeEntry } from '../../../src/protocol/merkle-tree/node.ts';
import { depthOf, KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { naiveTree } from './naive-tree.ts';
import { entriesOf, someBits } from './some-entries.ts';
import { built, documents, emptyStore, grown, refusedAs, sorted, valueFor } from './tree-world.ts';

const always = { numRuns: 150, seed: 20_260_601 };
const LARGE = 100_000;
const value = valueFor('the same');

/** Paths in ascending order, made as they are asked for. */
function* ascending(count: number): Generator<TreeEntry> {
  for (let number = 0; number < count; number += 1)
    yield { path: `page-${String(number).padStart(7, '0')}.md` as KnowledgePath, value };
}

describe('a tree built from its entries', () => {
  it('is the tree of the recursive definition, block by block', () => {
    const isNaive = (entries: ReadonlyMap<KnowledgePath, ReturnType<typeof valueFor>>, bits: number) => {
      const tree = built({ ...KNOWLEDGE_TREE, bits }, sorted(entries));
      const naive = naiveTree(entries, bits);
      expect(tree.root).toBe(naive.root);
      expect(new Map(tree.blocks.map(({ cid, bytes }) => [cid, bytes]))).toEqual(naive.blocks);
      expect(tree.blocks).toHaveLength(naive.blocks.size);
    };
    fc.assert(fc.property(entriesOf(60), someBits, isNaive), always);
  });

  it('hands over each block after everything below it, and the root last', () => {
    const { root, blocks } = built(KNOWLEDGE_TREE, sorted(documents(500)));
    const seen = new Set<string>();
    for (const { cid, bytes } of blocks) {
      expect(cidOf('dag-cbor', bytes)).toBe(cid);
      expect(seen.has(cid)).toBe(false);
      seen.add(cid);
    }
    expect(blocks.at(-1)?.cid).toBe(root);
  });

  it(`takes ${LARGE} entries as they come, holding no more than one open node on each layer`, () => {
    let [given, out, mostBehind] = [0, 0, 0];
    function* counted() {
      for (const entry of ascending(LARGE)) {
        given += 1;
        yield entry;
      }
    }
    const started = performance.now();
    for (const { bytes } of buildTree(KNOWLEDGE_TREE, counted())) {
      mostBehind = Math.max(mostBehind, given - out);
      out += dagCbor.decode<{ e: unknown[] }>(bytes).e.length;
    }
    expect([given, out]).toEqual([LARGE, LARGE]);
    expect(mostBehind).toBeLessThan(1_000);
    expect(performance.now() - started).toBeLessThan(25_000);
  });

  it('refuses paths that do not ascend, or come twice', async () => {
    const [first, second] = sorted(documents(2)) as [TreeEntry, TreeEntry];
    for (const entries of [
      [second, first],
      [first, first],
    ])
      expect(await refusedAs(() => built(KNOWLEDGE_TREE, entries))).toBe('tree_order');
  });

  it('has its paths in the order of their bytes, which is not that of UTF-16', async () => {
    const paths = ['\uff5e.md', '\u{10000}.md'] as KnowledgePath[];
    expect([...paths].sort()).not.toEqual(paths);
    expect([...paths].sort(compareAsBytes)).toEqual(paths);
    const entries = paths.map((path) => ({ path, value }));
    expect(await refusedAs(() => built(KNOWLEDGE_TREE, entries))).toBeUndefined();
    expect(await refusedAs(() => built(KNOWLEDGE_TREE, [...entries].reverse()))).toBe('tree_order');
  });

  it('refuses one path more than a node may have, the first that is too many', async () => {
    const lowest = [...ascending(200)].filter(({ path }) => depthOf(path, KNOWLEDGE_TREE) === 0);
    const profile = { ...KNOWLEDGE_TREE, maxEntries: 20 };
    expect(await refusedAs(() => built(profile, lowest.slice(0, 20)))).toBeUndefined();
    const crowded = () => built(profile, lowest.slice(0, 25));
    expect(await refusedAs(crowded)).toBe('node_too_large');
    expect(crowded).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: lowest[20]?.path }) }),
    );
  });
});

describe('what stands at a path', () => {
  it('is found for every path of the tree, and nothing for any other', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const entries = documents(300);
    const root = grown(store, entries);
    for (const [path, stands] of entries) expect(await getValue(store.reader, root, path)).toBe(stands);
    for (const path of documents(320).keys())
      if (!entries.has(path)) expect(await getValue(store.reader, root, path)).toBeUndefined();
  });

  it('takes one block on each layer at most', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(3_000));
    const layers = 1 + Math.max(...[...documents(3_000).keys()].map((path) => depthOf(path, KNOWLEDGE_TREE)));
    for (const path of [...documents(3_000).keys()].slice(0, 200)) {
      store.asked.length = 0;
      await getValue(store.reader, root, path);
      expect(store.asked.length).toBe(layers - depthOf(path, KNOWLEDGE_TREE));
    }
  });

  it('is nothing in the empty tree', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, new Map());
    expect(await getValue(store.reader, root, 'a' as KnowledgePath)).toBeUndefined();
  });
});
