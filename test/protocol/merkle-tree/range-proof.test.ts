// The proof of a page, and of several paths at once: nothing can be left out of it, put into it or put elsewhere.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import type { Page } from '../../../src/protocol/merkle-tree/list.ts';
import { provePaths, verifyPaths } from '../../../src/protocol/merkle-tree/paths-proof.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import type { TreeProof } from '../../../src/protocol/merkle-tree/proof.ts';
import { type PageRequest, proveRange, verifyRange } from '../../../src/protocol/merkle-tree/range-proof.ts';
import { entriesOf, someBits, somePath } from './some-entries.ts';
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
  valueFor,
} from './tree-world.ts';

const always = { numRuns: 200, seed: 20_260_601 };
const profileOf = (bits: number) => ({ ...KNOWLEDGE_TREE, bits });
const foreign = built(KNOWLEDGE_TREE, [{ path: documentPath(1), value: valueFor('foreign') }]).blocks[0]
  ?.bytes;

/** The page by its definition: filter, sort, cut. */
const naivePage = (entries: Entries, { prefix = '', after = '', limit }: PageRequest): Page => {
  const inRange = sorted(entries).filter(
    ({ path }) => path.startsWith(prefix) && compareAsBytes(path, after) > 0,
  );
  const page = inRange.slice(0, limit);
  return { entries: page, next: inRange.length > limit ? page.at(-1)?.path : undefined };
};

/** The proof with one block left out, flipped in one bit, given twice, and with a block of another tree. */
const tampered = (proof: TreeProof, at: number): readonly TreeProof[] => {
  const place = at % proof.length;
  const bytes = proof[place] ?? new Uint8Array();
  const flipped = bytes.map((byte, index) => (index === at % bytes.length ? byte ^ 1 : byte));
  return [
    proof.toSpliced(place, 1),
    proof.toSpliced(place, 1, flipped),
    [...proof, bytes],
    [...proof, foreign ?? new Uint8Array()],
  ];
};

const FAULTS = ['block_missing', 'proof_surplus'];

const someRequest: fc.Arbitrary<PageRequest> = fc.record({
  prefix: fc.oneof(fc.constantFrom('', 'a', 'a/', 'a/1', 'b/', 'zz', 'é', 'deep/'), somePath),
  after: fc.oneof(fc.constant(''), somePath),
  limit: fc.integer({ min: 1, max: 30 }),
});

describe('the proof of a page', () => {
  it('shows exactly the entries that a naive list has, and only with every one of its blocks', async () => {
    const shows = async (entries: Entries, wanted: PageRequest, at: number, bits: number) => {
      const store = emptyStore(profileOf(bits));
      const root = grown(store, entries);
      const expected = naivePage(entries, wanted);
      const { value, proof } = await proveRange(store.reader, root, wanted);
      expect(value).toEqual(expected);
      expect(await verifyRange(profileOf(bits), root, wanted, proof)).toEqual(expected);
      for (const other of tampered(proof, at))
        expect(FAULTS).toContain(await refusedAs(() => verifyRange(profileOf(bits), root, wanted, other)));
    };
    const property = fc.asyncProperty(entriesOf(60), someRequest, fc.nat(500), someBits, shows);
    await fc.assert(property, always);
  });

  it('cannot be made from a tree with an entry withheld, moved or put in', async () => {
    const shows = async (entries: Entries, path: KnowledgePath, wanted: PageRequest) => {
      const store = emptyStore(KNOWLEDGE_TREE);
      const root = grown(store, entries);
      const value = entries.has(path) ? null : valueFor('put in');
      const lying = changed(entries, [{ path, value }]);
      const { proof } = await proveRange(store.reader, grown(store, lying), wanted);
      expect(FAULTS).toContain(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, root, wanted, proof)));
    };
    await fc.assert(fc.asyncProperty(entriesOf(40), somePath, someRequest, shows), always);
  });

  it('tells of an entry that was withheld from a page, and of one that was put on it', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(2_000));
    const wanted = { prefix: 'handbook/017/', limit: 40 };
    const { value, proof } = await proveRange(store.reader, root, wanted);
    const proven = await verifyRange(KNOWLEDGE_TREE, root, wanted, proof);
    const surplus = { path: documentPath(17_017), value: valueFor('surplus') };
    expect(proven.entries).toEqual(value.entries);
    expect(value.entries.toSpliced(7, 1)).not.toEqual(proven.entries);
    expect([...value.entries, surplus]).not.toEqual(proven.entries);
  });

  it('belongs to its own request: another range, limit, root or profile is not shown by it', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const entries = documents(3_000);
    const root = grown(store, entries);
    const other = grown(store, changed(entries, [{ path: documentPath(57), value: null }]));
    const wanted = { prefix: 'handbook/017/', limit: 20 };
    const { proof } = await proveRange(store.reader, root, wanted);
    expect(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, root, wanted, proof))).toBeUndefined();
    expect(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, other, wanted, proof))).toBe('block_missing');
    expect(await refusedAs(() => verifyRange(profileOf(2), root, wanted, proof))).toBe('node_depth');
    const whole = { ...wanted, limit: 1_000 };
    expect(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, root, whole, proof))).toBe('block_missing');
    const narrow = { ...wanted, limit: 1 };
    expect(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, root, narrow, proof))).toBe('proof_surplus');
    expect(await refusedAs(() => verifyRange(KNOWLEDGE_TREE, root, { limit: 0 }, []))).toBe('page_limit');
  });

  it('is as long as the page and the ways to it, not as the tree', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(20_000));
    const { proof } = await proveRange(store.reader, root, { prefix: 'handbook/017/', limit: 100 });
    expect(proof.length).toBeLessThanOrEqual(20);
  });
});

describe('the proof of several paths', () => {
  it('shows what each of them has or that it has nothing, and only with every one of its blocks', async () => {
    const shows = async (entries: Entries, paths: readonly KnowledgePath[], at: number, bits: number) => {
      const store = emptyStore(profileOf(bits));
      const root = grown(store, entries);
      const expected = paths.map((path) => entries.get(path));
      const { value, proof } = await provePaths(store.reader, root, paths);
      expect(value).toEqual(expected);
      expect(await verifyPaths(profileOf(bits), root, paths, proof)).toEqual(expected);
      for (const other of tampered(proof, at))
        expect(FAULTS).toContain(await refusedAs(() => verifyPaths(profileOf(bits), root, paths, other)));
    };
    const somePaths = fc.array(somePath, { minLength: 1, maxLength: 12 });
    await fc.assert(fc.asyncProperty(entriesOf(50), somePaths, fc.nat(500), someBits, shows), always);
  });

  it('carries a block that many of them need once, and none for no path', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(2_000));
    const paths = Array.from({ length: 40 }, (_, at) => documentPath(at));
    const { proof } = await provePaths(store.reader, root, paths);
    expect(new Set(proof).size).toBe(proof.length);
    expect(proof.filter((bytes) => bytes === store.blocks.get(root))).toHaveLength(1);
    expect((await provePaths(store.reader, root, [])).proof).toEqual([]);
    expect(await verifyPaths(KNOWLEDGE_TREE, root, [], [])).toEqual([]);
  });
});
