// The public vectors and our own: depths, prefixes, roots before and after edits, and blocks that are no nodes.
import { describe, expect, it } from 'vitest';
import { decodeHex, encodeHex, utf8 } from '../../../keys/bytes.ts';
import { type Cid, cidOf } from '../../../src/protocol/cid.ts';
import { parseKnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { editTree } from '../../../src/protocol/merkle-tree/edit.ts';
import { decodeNode, sharedPrefix } from '../../../src/protocol/merkle-tree/node.ts';
import { depthOf, KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { encodeNode } from '../../../src/protocol/merkle-tree/write-node.ts';
import { naiveTree } from './naive-tree.ts';
import {
  built,
  documentPath,
  type Entries,
  emptyStore,
  grown,
  PUBLIC_TREE,
  refusedAs,
  sorted,
  treeVectors,
} from './tree-world.ts';

const published = treeVectors();

describe('the depth of a path', () => {
  it.each(published.depths)('$path stands at $depth', ({ path, bits, depth }) => {
    expect(depthOf(path, { bits })).toBe(depth);
  });

  it('is the one in the name of every published example', () => {
    for (const path of published.depthInName) expect(depthOf(path, PUBLIC_TREE)).toBe(Number(path[1]));
  });
});

describe('what two keys share', () => {
  it.each(published.shared)('is $shared bytes of $left and $right', ({ left, right, shared }) => {
    expect(sharedPrefix(utf8(left), utf8(right))).toBe(shared);
  });
});

describe('the published edits', () => {
  it.each(published.edits)('$why', async ({ value, paths, set, deleted, root, edited, blocks }) => {
    const store = emptyStore(PUBLIC_TREE);
    expect(grown(store, new Map(paths.map((path) => [path, value])))).toBe(root);
    const changes = [
      ...set.map((path) => ({ path, value })),
      ...deleted.map((path) => ({ path, value: null })),
    ];
    const outcome = await editTree(store.reader, root, changes);
    expect(outcome.root).toBe(edited);
    store.put(outcome.blocks);
    expect(blocks.filter((cid) => !store.blocks.has(cid))).toEqual([]);
  });

  it('hold in every order of their single steps', async () => {
    for (const { value, paths, set, deleted, root, edited } of published.edits) {
      const store = emptyStore(PUBLIC_TREE);
      grown(store, new Map(paths.map((path) => [path, value])));
      const steps = [
        ...set.map((path) => ({ path, value })),
        ...deleted.map((path) => ({ path, value: null })),
      ];
      for (const order of [steps, [...steps].reverse()]) {
        let at: Cid = root;
        for (const step of order) {
          const outcome = await editTree(store.reader, at, [step]);
          store.put(outcome.blocks);
          at = outcome.root;
        }
        expect(at).toBe(edited);
      }
    }
  });
});

describe('the published trees', () => {
  const { value, list } = published.trees;

  it.each(list)('$why, at $bits bits', ({ bits, paths, documents = 0, root, nodes }) => {
    const all = paths ?? Array.from({ length: documents }, (_, number) => documentPath(number));
    const entries: Entries = new Map(all.map((path) => [parseKnowledgePath(path), value]));
    const tree = built({ ...KNOWLEDGE_TREE, bits }, sorted(entries));
    expect(tree).toMatchObject({ root });
    expect(tree.blocks).toHaveLength(nodes);
    expect(naiveTree(entries, bits).root).toBe(root);
  });

  it('have nodes that are read and written back the same', () => {
    for (const { bits, paths = [] } of list) {
      const entries = new Map(paths.map((path) => [path, value]));
      for (const { cid, bytes } of built({ ...KNOWLEDGE_TREE, bits }, sorted(entries)).blocks) {
        expect(encodeHex(encodeNode(decodeNode(bytes, KNOWLEDGE_TREE)))).toBe(encodeHex(bytes));
        expect(cidOf('dag-cbor', bytes)).toBe(cid);
      }
    }
  });
});

describe('a block that is no node', () => {
  it.each(published.refused)('$why: $code', async ({ code, hex }) => {
    expect(await refusedAs(() => decodeNode(decodeHex(hex) ?? new Uint8Array(), KNOWLEDGE_TREE))).toBe(code);
  });
});
