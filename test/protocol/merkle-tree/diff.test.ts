// What differs between two trees: all of it, out of the blocks that differ and no others.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAsBytes } from '../../../src/protocol/knowledge-path.ts';
import { type Difference, diffTrees } from '../../../src/protocol/merkle-tree/diff.ts';
import { type Change, editTree } from '../../../src/protocol/merkle-tree/edit.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { naiveTree } from './naive-tree.ts';
import { changesOf, entriesOf, someBits } from './some-entries.ts';
import {
  changed,
  documentPath,
  documents,
  type Entries,
  emptyStore,
  grown,
  refusedAs,
  valueFor,
} from './tree-world.ts';

const always = { numRuns: 250, seed: 20_260_601 };

const differing = (from: Entries, to: Entries): readonly Difference[] =>
  [...new Set([...from.keys(), ...to.keys()])]
    .filter((path) => from.get(path) !== to.get(path))
    .sort(compareAsBytes)
    .map((path) => ({ path, before: from.get(path) ?? null, after: to.get(path) ?? null }));

/** What one block list has and the other does not. */
const lacking = (blocks: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): string[] =>
  [...blocks.keys()].filter((cid) => !other.has(cid));

describe('the difference of two trees', () => {
  it('is that of their entries, whatever the trees', async () => {
    const isThat = async (from: Entries, to: Entries, bits: number) => {
      const store = emptyStore({ ...KNOWLEDGE_TREE, bits });
      const [older, newer] = [grown(store, from), grown(store, to)];
      expect(await diffTrees(store.reader, older, newer)).toEqual(differing(from, to));
    };
    await fc.assert(fc.asyncProperty(entriesOf(40), entriesOf(40), someBits, isThat), always);
  });

  it('reads each block that one tree has and the other lacks, once, and no other but the roots', async () => {
    const readsThose = async (from: Entries, changes: readonly Change[], bits: number) => {
      const to = changed(from, changes);
      const store = emptyStore({ ...KNOWLEDGE_TREE, bits });
      const [older, newer] = [grown(store, from), grown(store, to)];
      store.asked.length = 0;
      expect(await diffTrees(store.reader, older, newer)).toEqual(differing(from, to));
      const [naive, other] = [naiveTree(from, bits), naiveTree(to, bits)];
      const expected = [...lacking(naive.blocks, other.blocks), ...lacking(other.blocks, naive.blocks)];
      const roots = older === newer ? [] : [older, newer].filter((cid) => !expected.includes(cid));
      expect([...store.asked].sort()).toEqual([...expected, ...roots].sort());
    };
    await fc.assert(fc.asyncProperty(entriesOf(80), changesOf(8), someBits, readsThose), always);
  });

  it('applied to the older tree gives the newer one', async () => {
    const gives = async (from: Entries, to: Entries, bits: number) => {
      const store = emptyStore({ ...KNOWLEDGE_TREE, bits });
      const [older, newer] = [grown(store, from), grown(store, to)];
      const changes = (await diffTrees(store.reader, older, newer)).map(({ path, after }) => ({
        path,
        value: after,
      }));
      expect((await editTree(store.reader, older, changes)).root).toBe(newer);
    };
    await fc.assert(fc.asyncProperty(entriesOf(40), entriesOf(40), someBits, gives), always);
  });

  it('is nothing for one tree, without a look at it', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(10));
    store.asked.length = 0;
    expect(await diffTrees(store.reader, root, root)).toEqual([]);
    expect(store.asked).toEqual([]);
  });

  it('of two large trees is as cheap as there are few changes', async () => {
    const entries = documents(20_000);
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, entries);
    const changes = Array.from({ length: 50 }, (_, at) => ({
      path: documentPath(at * 397),
      value: at % 3 === 0 ? null : valueFor('new'),
    }));
    const edited = await editTree(store.reader, root, changes);
    store.put(edited.blocks);
    store.asked.length = 0;
    expect(await diffTrees(store.reader, root, edited.root)).toHaveLength(50);
    const layers = 5;
    expect(store.asked.length).toBeLessThanOrEqual(3 * layers * changes.length);
    expect(store.asked.length).toBeLessThan(store.blocks.size / 2);
  });

  it('is refused once it takes more blocks than may be read', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const [older, newer] = [grown(store, documents(400)), grown(store, new Map())];
    const read = (maxBlocks: number) => diffTrees(store.reader, older, newer, { maxBlocks });
    store.asked.length = 0;
    expect(await refusedAs(() => read(10))).toBe('diff_too_large');
    expect(store.asked.length).toBeLessThanOrEqual(10);
    expect(await read(store.blocks.size)).toHaveLength(400);
  });
});
