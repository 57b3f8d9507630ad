// Proofs from a tree: believed only for what they show, each block needed, no block replaceable.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cid } from '../../../src/protocol/cid.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { diffTrees } from '../../../src/protocol/merkle-tree/diff.ts';
import type { Change } from '../../../src/protocol/merkle-tree/edit.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import {
  proveDiff,
  provePath,
  type TreeProof,
  verifyDiff,
  verifyPath,
} from '../../../src/protocol/merkle-tree/proof.ts';
import { changesOf, entriesOf, someBits, somePath } from './some-entries.ts';
import {
  built,
  changed,
  documentPath,
  documents,
  type Entries,
  emptyStore,
  grown,
  refusedAs,
  valueFor,
} from './tree-world.ts';

const always = { numRuns: 200, seed: 20_260_601 };
const profileOf = (bits: number) => ({ ...KNOWLEDGE_TREE, bits });
const foreign = built(KNOWLEDGE_TREE, [{ path: documentPath(1), value: valueFor('foreign') }]).blocks[0]
  ?.bytes;

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

describe('the proof of a path', () => {
  it('shows its value, or that it has none, and only that', async () => {
    const shows = async (entries: Entries, path: KnowledgePath, at: number, bits: number) => {
      const store = emptyStore(profileOf(bits));
      const root = grown(store, entries);
      const { value, proof } = await provePath(store.reader, root, path);
      expect(value).toBe(entries.get(path));
      expect(await verifyPath(profileOf(bits), root, path, proof)).toBe(entries.get(path));
      expect(await verifyPath(profileOf(bits), root, path, [...proof].reverse())).toBe(entries.get(path));
      for (const other of tampered(proof, at))
        expect(FAULTS).toContain(await refusedAs(() => verifyPath(profileOf(bits), root, path, other)));
    };
    await fc.assert(fc.asyncProperty(entriesOf(50), somePath, fc.nat(500), someBits, shows), always);
  });

  it('begins at the root and is no longer than the tree is high', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(3_000));
    const { proof } = await provePath(store.reader, root, documentPath(77));
    expect(proof[0]).toEqual(store.blocks.get(root));
    expect(proof.length).toBeLessThanOrEqual(4);
  });

  it('shows nothing for another root, another path or another profile', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const entries = documents(300);
    const root = grown(store, entries);
    const other = grown(store, changed(entries, [{ path: documentPath(9), value: null }]));
    const { proof } = await provePath(store.reader, root, documentPath(9));
    const asked = (at: Cid, bits = 4, path = documentPath(9)) =>
      refusedAs(() => verifyPath(profileOf(bits), at, path, proof));
    expect(await asked(root)).toBeUndefined();
    expect(await asked(other)).toBe('block_missing');
    expect(await asked(root, 2)).toBe('node_depth');
    expect(await asked(root, 4, 'zzz' as KnowledgePath)).toMatch(/block_missing|proof_surplus/);
    expect(await refusedAs(() => verifyPath(KNOWLEDGE_TREE, root, documentPath(9), []))).toBe(
      'block_missing',
    );
  });

  it('is not made from a tree that lacks a block', async () => {
    const store = emptyStore(KNOWLEDGE_TREE);
    const root = grown(store, documents(300));
    store.blocks.delete(root);
    expect(await refusedAs(() => provePath(store.reader, root, documentPath(9)))).toBe('block_missing');
  });
});

describe('the proof of a difference', () => {
  it('shows all of it, and nothing with a block changed, missing or too many', async () => {
    const shows = async (from: Entries, changes: readonly Change[], at: number, bits: number) => {
      const store = emptyStore(profileOf(bits));
      const [older, newer] = [grown(store, from), grown(store, changed(from, changes))];
      const differences = await diffTrees(store.reader, older, newer);
      const { value, proof } = await proveDiff(store.reader, older, newer);
      expect(value).toEqual(differences);
      expect(await verifyDiff(profileOf(bits), older, newer, proof)).toEqual(differences);
      const undone = await verifyDiff(profileOf(bits), newer, older, proof);
      expect(undone.map(({ path }) => path)).toEqual(differences.map(({ path }) => path));
      if (older === newer) expect(proof).toEqual([]);
      else
        for (const other of tampered(proof, at))
          expect(FAULTS).toContain(await refusedAs(() => verifyDiff(profileOf(bits), older, newer, other)));
    };
    const property = fc.asyncProperty(entriesOf(50), changesOf(8), fc.nat(500), someBits, shows);
    await fc.assert(property, always);
  });
});
