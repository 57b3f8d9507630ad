// Trees far larger than any 32-bit number: which nodes a proof needs, and proofs out of trees of almost equal leaves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyNodes,
  foldHashes,
  frontierNodes,
  hashChildren,
  inclusionNodes,
  isConsistent,
  type Node,
  rootFromInclusion,
} from '../../../src/protocol/merkle.ts';
import { proveConsistency, proveInclusion, treeRoot } from '../../../src/protocol/tiles.ts';
import { almostUniform, uniformReader } from './log-world.ts';
import { naivePath, naiveProof, type Range } from './naive-tree.ts';

const always = { numRuns: 500, seed: 20_260_601 };

/** Sizes up to 2^53 - 1, as often around powers of two as anywhere else. */
const sizes = fc
  .oneof(
    fc.integer({ min: 1, max: 2 ** 40 }),
    fc.maxSafeInteger().map((value) => Math.abs(value) + 1),
    fc
      .tuple(fc.integer({ min: 2, max: 52 }), fc.integer({ min: -2, max: 2 }))
      .map(([level, beside]) => 2 ** level + beside),
  )
  .map((size) => Math.min(size, Number.MAX_SAFE_INTEGER));

/** A size and something from 0 up to, not including, it. */
const pairs = sizes.chain((size) =>
  fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: size - 1 }), fc.constantFrom(0, size - 1, Math.floor(size / 2))),
    fc.constant(size),
  ),
);

const rangeOf = ({ level, index }: Node): Range => {
  const width = 2n ** BigInt(level);
  return { from: BigInt(index) * width, to: (BigInt(index) + 1n) * width };
};

/** The one range that nodes cover side by side, each half of its predecessor or less; undefined where they do not. */
const coverOf = (nodes: readonly Node[]): Range | undefined => {
  const ranges = nodes.map(rangeOf);
  const isSound = ranges.every((range, at) => at === 0 || range.from === ranges[at - 1]?.to);
  const isFalling = nodes.every((node, at) => at === 0 || node.level < (nodes[at - 1]?.level ?? 0));
  const [first, last] = [ranges[0], ranges.at(-1)];
  return isSound && isFalling && first && last ? { from: first.from, to: last.to } : undefined;
};

describe('the nodes of trees up to 2^53 - 1 leaves', () => {
  it('the frontier covers the tree', () => {
    const whole = (size: number) => {
      expect(coverOf(frontierNodes(size))).toEqual({ from: 0n, to: BigInt(size) });
    };
    fc.assert(fc.property(sizes, whole), always);
    expect(frontierNodes(0)).toEqual([]);
  });

  it('an inclusion proof is PATH of RFC 6962, node by node', () => {
    const isPath = ([index, size]: readonly [number, number]) => {
      const expected = naivePath(BigInt(index), { from: 0n, to: BigInt(size) });
      expect(inclusionNodes(index, size).map(coverOf)).toEqual(expected);
    };
    fc.assert(fc.property(pairs, isPath), always);
  });

  it('a consistency proof is PROOF of RFC 6962, node by node', () => {
    const isProof = ([oldSize, newSize]: readonly [number, number]) => {
      const expected = oldSize === 0 ? [] : naiveProof(BigInt(oldSize), BigInt(newSize));
      expect(consistencyNodes(oldSize, newSize).map(coverOf)).toEqual(expected);
    };
    fc.assert(fc.property(pairs, isProof), always);
  });
});

describe('proofs of trees up to 2^53 - 1 leaves, all equal but one', () => {
  const few = { ...always, numRuns: 150 };

  it('of inclusion lead from the odd leaf to the root, and from no other place', () => {
    const leads = ([index, size]: readonly [number, number]) => {
      const hashOf = almostUniform(index);
      const path = inclusionNodes(index, size).map((nodes) => foldHashes(nodes.map(hashOf)));
      const root = foldHashes(frontierNodes(size).map(hashOf));
      const leafHash = hashOf({ level: 0, index });
      expect(rootFromInclusion({ index, size, leafHash, path })).toEqual(root);
      for (const other of [index - 1, index + 1, Math.floor(index / 2)].filter((each) => each !== index))
        expect(rootFromInclusion({ index: other, size, leafHash, path })).not.toEqual(root);
    };
    fc.assert(fc.property(pairs, leads), few);
  });

  it('of consistency are accepted, and refused for another old root', () => {
    const accepts = ([oldSize, newSize]: readonly [number, number]) => {
      fc.pre(oldSize > 0);
      const hashOf = almostUniform(oldSize - 1);
      const rootAt = (size: number) => foldHashes(frontierNodes(size).map(hashOf));
      const proof = consistencyNodes(oldSize, newSize).map((nodes) => foldHashes(nodes.map(hashOf)));
      const claim = { oldSize, oldRoot: rootAt(oldSize), newSize, newRoot: rootAt(newSize), proof };
      expect(isConsistent(claim)).toBe(true);
      expect(isConsistent({ ...claim, oldRoot: hashChildren(claim.oldRoot, claim.newRoot) })).toBe(false);
    };
    fc.assert(fc.property(pairs, accepts), few);
  });

  it('come out of tiles just the same', async () => {
    const agrees = async ([index, size]: readonly [number, number]) => {
      const hashOf = almostUniform(index);
      const read = uniformReader(size, hashOf);
      const direct = (proof: readonly (readonly Node[])[]) =>
        proof.map((nodes) => foldHashes(nodes.map(hashOf)));
      expect(await proveInclusion(index, size, read)).toEqual(direct(inclusionNodes(index, size)));
      expect(await proveConsistency(index, size, read)).toEqual(direct(consistencyNodes(index, size)));
      expect(await treeRoot(size, read)).toEqual(foldHashes(frontierNodes(size).map(hashOf)));
    };
    await fc.assert(fc.asyncProperty(pairs, agrees), { ...always, numRuns: 60 });
  });
});
