// Trees made to deceive: each refused for its own reason, by every walk, and never by anything but a refusal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../keys/bytes.ts';
import { type Cid, cidOf } from '../../../src/protocol/cid.ts';
import { ContentError } from '../../../src/protocol/content-errors.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { diffTrees } from '../../../src/protocol/merkle-tree/diff.ts';
import { editTree } from '../../../src/protocol/merkle-tree/edit.ts';
import { walkEntries } from '../../../src/protocol/merkle-tree/list.ts';
import { getValue } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import { decodeNode, type NodeEntry, type TreeNode } from '../../../src/protocol/merkle-tree/node.ts';
import { depthOf, KNOWLEDGE_TREE, maxNodeBytes } from '../../../src/protocol/merkle-tree/profile.ts';
import { encodeNode } from '../../../src/protocol/merkle-tree/write-node.ts';
import {
  built,
  documents,
  emptyStore,
  grown,
  refusedAs,
  type Store,
  sorted,
  valueFor,
} from './tree-world.ts';

const always = { numRuns: 3_000, seed: 20_260_601 };
const value = valueFor('the same');
const nothing = built(KNOWLEDGE_TREE, []).root;

/** The first paths in the order of their bytes that stand at a depth and begin with a letter. */
const pathsAt = (depth: number, letter: string, count: number): readonly KnowledgePath[] => {
  const found: string[] = [];
  for (let number = 0; found.length < count; number += 1) {
    const path = `${letter}${String(number).padStart(6, '0')}`;
    if (depthOf(path, KNOWLEDGE_TREE) === depth) found.push(path);
  }
  return found as KnowledgePath[];
};

const [low = value, low2 = value] = pathsAt(0, 'm', 2) as readonly string[];
const [high = value] = pathsAt(1, 'p', 1) as readonly string[];
const [higher = value] = pathsAt(2, 'r', 1) as readonly string[];
const entry = (path: string, tail: Cid | null = null): NodeEntry => ({
  path: path as KnowledgePath,
  value,
  tail,
});

const put = (store: Store, node: TreeNode): Cid => {
  const bytes = encodeNode(node);
  const cid = cidOf('dag-cbor', bytes);
  store.put([{ cid, bytes }]);
  return cid;
};

/** Every way to walk down a tree far enough to see all of it. */
const walks: Readonly<Record<string, (store: Store, root: Cid) => Promise<unknown>>> = {
  list: async ({ reader }, root) => {
    for await (const each of walkEntries(reader, root)) void each;
  },
  diff: async (store, root) => diffTrees(store.reader, grown(store, new Map()), root),
  get: async ({ reader }, root) => {
    for (const path of [low, low2, high, 'm', 'z']) await getValue(reader, root, path as KnowledgePath);
  },
  edit: async ({ reader }, root) =>
    editTree(
      reader,
      root,
      [low, low2, 'a', 'z'].map((path) => ({ path: path as KnowledgePath, value: valueFor('new') })),
    ),
};

interface Deceit {
  readonly why: string;
  readonly code: string;
  readonly root: (store: Store) => Cid;
}

const deceits: readonly Deceit[] = [
  {
    why: 'a key right of the one above it on the left',
    code: 'node_bounds',
    root: (store) =>
      put(store, { left: put(store, { left: null, entries: [entry('z')] }), entries: [entry(high)] }),
  },
  {
    why: 'a key left of the one above it on the right',
    code: 'node_bounds',
    root: (store) =>
      put(store, { left: null, entries: [entry(high, put(store, { left: null, entries: [entry(low)] }))] }),
  },
  {
    why: 'the key above once more below',
    code: 'node_bounds',
    root: (store) =>
      put(store, { left: null, entries: [entry(high, put(store, { left: null, entries: [entry(high)] }))] }),
  },
  {
    why: 'keys of two depths in one node',
    code: 'node_depth',
    root: (store) => put(store, { left: null, entries: [entry(low), entry(high)] }),
  },
  {
    why: 'a layer skipped',
    code: 'node_depth',
    root: (store) =>
      put(store, { left: put(store, { left: null, entries: [entry(low)] }), entries: [entry(higher)] }),
  },
  {
    why: 'a child below the lowest layer',
    code: 'node_bottom',
    root: (store) =>
      put(store, { left: put(store, { left: null, entries: [entry('a')] }), entries: [entry(low)] }),
  },
  {
    why: 'a chain of nodes without entries that goes on below the lowest layer',
    code: 'node_bottom',
    root: (store) => {
      let left = put(store, { left: null, entries: [entry(low)] });
      for (let each = 0; each < 40; each += 1) left = put(store, { left, entries: [] });
      return put(store, { left, entries: [entry(higher)] });
    },
  },
  {
    why: 'a root without entries above the real one',
    code: 'node_empty',
    root: (store) => put(store, { left: put(store, { left: null, entries: [entry(low)] }), entries: [] }),
  },
  {
    why: 'an empty node where there should be none',
    code: 'node_empty',
    root: (store) => put(store, { left: nothing, entries: [entry(high)] }),
  },
  {
    why: 'a block that is not there',
    code: 'block_missing',
    root: (store) => put(store, { left: cidOf('dag-cbor', new Uint8Array(1)), entries: [entry(high)] }),
  },
  {
    why: 'a root that is called raw bytes',
    code: 'block_mismatch',
    root: (store) => {
      const bytes = encodeNode({ left: null, entries: [entry(low)] });
      const cid = cidOf('raw', bytes);
      store.blocks.set(cid, bytes);
      return cid;
    },
  },
  {
    why: 'a block under the name of its own parent, round and round',
    code: 'block_mismatch',
    root: (store) => {
      const child = put(store, { left: null, entries: [entry(low)] });
      const root = put(store, { left: child, entries: [entry(high)] });
      store.blocks.set(child, store.blocks.get(root) ?? new Uint8Array());
      return root;
    },
  },
];

describe.each(Object.entries(walks))('%s', (_, walk) => {
  it.each(deceits)('refuses $why', async ({ code, root }) => {
    const store = emptyStore(KNOWLEDGE_TREE);
    grown(store, new Map());
    expect(await refusedAs(() => walk(store, root(store)))).toBe(code);
  });

  it('goes through a sound tree', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    expect(await refusedAs(() => walk(store, grown(store, documents(300))))).toBeUndefined();
  });
});

describe('a difference', () => {
  it('does not hide a subtree behind its double', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const child = put(store, { left: null, entries: [entry(low)] });
    const root = put(store, { left: child, entries: [entry(high, child)] });
    expect(await refusedAs(() => diffTrees(store.reader, grown(store, new Map()), root))).toBe('node_bounds');
  });
});

describe('a node that is too large', () => {
  it('is refused by its bytes before it is read, and by its entries', async () => {
    const oversized = new Uint8Array(maxNodeBytes(KNOWLEDGE_TREE) + 1);
    expect(await refusedAs(() => decodeNode(oversized, KNOWLEDGE_TREE))).toBe('node_too_large');
    const many = encodeNode({ left: null, entries: pathsAt(0, 'm', 513).map((path) => entry(path)) });
    expect(many.length).toBeLessThan(maxNodeBytes(KNOWLEDGE_TREE));
    expect(await refusedAs(() => decodeNode(many, KNOWLEDGE_TREE))).toBe('node_too_large');
  });

  it('is none with as many of the longest paths as a node may have', () => {
    const longest = pathsAt(0, `${'x'.repeat(505)}`, KNOWLEDGE_TREE.maxEntries);
    const reversed = longest.map((path, at) => `${String(at).padStart(3, '0')}${path.slice(2)}`);
    const tail = cidOf('dag-cbor', new Uint8Array());
    const bytes = encodeNode({ left: tail, entries: reversed.map((path) => entry(path, tail)) });
    expect(bytes.length).toBeGreaterThan(maxNodeBytes(KNOWLEDGE_TREE) * 0.9);
    expect(decodeNode(bytes, KNOWLEDGE_TREE).entries).toHaveLength(KNOWLEDGE_TREE.maxEntries);
  });
});

describe('bytes of a node that someone has altered', () => {
  const blocks = built(KNOWLEDGE_TREE, sorted(documents(60))).blocks.map(({ bytes }) => bytes);
  const answers = (bytes: Uint8Array) => {
    try {
      expect(encodeNode(decodeNode(bytes, KNOWLEDGE_TREE))).toEqual(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ContentError);
    }
  };

  it('are refused, or the one spelling of what they say', () => {
    const altered = fc
      .tuple(
        fc.constantFrom(...blocks),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
      )
      .map(([bytes, edits, cut]) => {
        const copy = bytes.slice();
        for (const [at, byte] of edits) copy[at % copy.length] = byte;
        return cut % 5 === 0 ? copy.subarray(0, cut % copy.length) : copy;
      });
    fc.assert(fc.property(altered, answers), always);
  });

  it('are refused where they are spliced or made up', () => {
    const pieces = fc.tuple(fc.constantFrom(...blocks), fc.nat(), fc.constantFrom(...blocks), fc.nat());
    const spliced = pieces.map(([head, at, tail, from]) =>
      concatBytes(head.subarray(0, at % head.length), tail.subarray(from % tail.length)),
    );
    fc.assert(fc.property(fc.oneof(spliced, fc.uint8Array({ maxLength: 200 })), answers), always);
  });
});
