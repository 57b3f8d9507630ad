// A tree edited is the tree built anew: same root, only new blocks, few of the old ones even read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidOf } from '../../../src/protocol/cid.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { type Change, editTree } from '../../../src/protocol/merkle-tree/edit.ts';
import { depthOf, KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { naiveTree } from './naive-tree.ts';
import { changesOf, entriesOf, someBits } from './some-entries.ts';
import {
  built,
  changed,
  documentPath,
  documents,
  type Entries,
  emptyStore,
  grown,
  refusedAs,
  sorted,
  treeVectors,
  valueFor,
} from './tree-world.ts';

const always = { numRuns: 250, seed: 20_260_601 };
const profileOf = (bits: number) => ({ ...KNOWLEDGE_TREE, bits });

describe('a tree after some changes', () => {
  it('is the tree of the outcome, its new blocks are those that the old tree lacks', async () => {
    const isOutcome = async (entries: Entries, changes: readonly Change[], bits: number) => {
      const store = emptyStore(profileOf(bits));
      const root = grown(store, entries);
      const before = new Set(store.blocks.keys());
      const edited = await editTree(store.reader, root, changes);
      const naive = naiveTree(changed(entries, changes), bits);
      expect(edited.root).toBe(naive.root);
      const lacking = [...naive.blocks.keys()].filter((cid) => !before.has(cid as never));
      expect(edited.blocks.map(({ cid }) => cid).sort()).toEqual(lacking.sort());
      for (const { cid, bytes } of edited.blocks) expect(cidOf('dag-cbor', bytes)).toBe(cid);
    };
    await fc.assert(fc.asyncProperty(entriesOf(60), changesOf(20), someBits, isOutcome), always);
  });

  it('is the same whatever the order and the batches in which they are made', async () => {
    const isSame = async (changes: readonly Change[], cut: number, bits: number) => {
      const store = emptyStore(profileOf(bits));
      let root = grown(store, new Map());
      for (const batch of [changes.slice(0, cut), changes.slice(cut), []]) {
        const edited = await editTree(store.reader, root, [...batch].reverse());
        store.put(edited.blocks);
        root = edited.root;
      }
      expect(root).toBe(built(profileOf(bits), sorted(changed(new Map(), changes))).root);
    };
    await fc.assert(fc.asyncProperty(changesOf(40), fc.nat(40), someBits, isSame), always);
  });

  it('is itself again once they are undone, and nothing is new about it', async () => {
    const comesBack = async (entries: Entries, changes: readonly Change[], bits: number) => {
      const store = emptyStore(profileOf(bits));
      const root = grown(store, entries);
      const edited = await editTree(store.reader, root, changes);
      store.put(edited.blocks);
      const undo = changes.map(({ path }) => ({ path, value: entries.get(path) ?? null }));
      const undone = await editTree(store.reader, edited.root, undo);
      expect(undone.root).toBe(root);
      const same = await editTree(store.reader, root, undo);
      expect(same).toEqual({ root, blocks: [] });
    };
    await fc.assert(fc.asyncProperty(entriesOf(60), changesOf(20), someBits, comesBack), always);
  });

  it('can lose everything, and one path can come to nothing', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const entries = documents(200);
    const root = grown(store, entries);
    const nothing = built(KNOWLEDGE_TREE, []).root;
    const cleared = await editTree(
      store.reader,
      root,
      [...entries.keys()].map((path) => ({ path, value: null })),
    );
    expect(cleared.root).toBe(nothing);
    store.put(cleared.blocks);
    const path = documentPath(7);
    const one = await editTree(store.reader, nothing, [{ path, value: valueFor(7) }]);
    expect(one.root).toBe(built(KNOWLEDGE_TREE, [{ path, value: valueFor(7) }]).root);
  });

  it('refuses two changes to one path, and says which', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(5));
    const path = documentPath(3);
    const twice = [
      { path, value: null },
      { path, value: valueFor(1) },
    ];
    expect(await refusedAs(() => editTree(store.reader, root, twice))).toBe('change_twice');
  });

  it('refuses a path too many for one node, wherever it would go', async () => {
    const crowd = Array.from({ length: 40 }, (_, number) => documentPath(number)).filter(
      (path) => depthOf(path, KNOWLEDGE_TREE) === 0,
    );
    const store = emptyStore({ ...KNOWLEDGE_TREE, maxEntries: crowd.length - 1 });
    const [first, ...rest] = crowd as [KnowledgePath, ...KnowledgePath[]];
    const root = grown(store, new Map(rest.map((path) => [path, valueFor(0)])));
    const crowded = () => editTree(store.reader, root, [{ path: first, value: valueFor(0) }]);
    expect(await refusedAs(crowded)).toBe('node_too_large');
  });
});

describe('what an edit costs', () => {
  const SIZE = 20_000;
  const entries = documents(SIZE);
  const store = emptyStore(KNOWLEDGE_TREE);
  const root = grown(store, entries);
  const layers = 1 + Math.max(...[...entries.keys()].map((path) => depthOf(path, KNOWLEDGE_TREE)));

  const costOf = async (changes: readonly Change[]) => {
    store.asked.length = 0;
    const { blocks } = await editTree(store.reader, root, changes);
    expect(new Set(store.asked).size).toBe(store.asked.length);
    return { read: store.asked.length, written: blocks.length };
  };

  it('is a block on each layer at most to set a value', async () => {
    for (let number = 0; number < 200; number += 1) {
      const { read, written } = await costOf([{ path: documentPath(number), value: valueFor('new') }]);
      expect(read).toBeLessThanOrEqual(layers);
      expect(written).toBeLessThanOrEqual(layers);
    }
  });

  it('is two on each layer at most to add or delete a path, wherever it stands', async () => {
    for (let number = 0; number < 200; number += 1)
      for (const change of [
        { path: `${documentPath(number)}.new` as KnowledgePath, value: valueFor('new') },
        { path: documentPath(number), value: null },
      ]) {
        const { read, written } = await costOf([change]);
        expect(read).toBeLessThanOrEqual(2 * layers);
        expect(written).toBeLessThanOrEqual(2 * layers);
      }
  });

  it('is for many changes no more than for each of them alone', async () => {
    const changes = Array.from({ length: 100 }, (_, at) => ({
      path: documentPath(at * 199),
      value: at % 2 === 0 ? null : valueFor('new'),
    }));
    const { read, written } = await costOf(changes);
    expect(read).toBeLessThanOrEqual(2 * layers * changes.length);
    expect(written).toBeLessThanOrEqual(2 * layers * changes.length);
    expect(read).toBeLessThan(store.blocks.size / 2);
  });

  it('stays bounded for paths that were searched for to stand far above the others', async () => {
    const far = treeVectors()
      .trees.list.flatMap(({ paths = [] }) => paths)
      .filter((path) => depthOf(path, KNOWLEDGE_TREE) > layers);
    expect(far.length).toBeGreaterThan(0);
    for (const path of far) {
      const { read, written } = await costOf([{ path, value: valueFor('far') }]);
      expect(read).toBeLessThanOrEqual(layers);
      expect(written).toBeLessThanOrEqual(2 * (depthOf(path, KNOWLEDGE_TREE) + 1));
    }
  });
});
