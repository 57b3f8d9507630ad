// The tree of the log: published hashes, every proof of small trees against the words of RFC 6962, and altered proofs.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeHex, encodeHex, equalBytes } from '../../../keys/bytes.ts';
import {
  type Consistency,
  consistencyNodes,
  EMPTY_ROOT,
  foldHashes,
  frontierNodes,
  hashChildren,
  hashLeaf,
  inclusionNodes,
  isConsistent,
  type Node,
  rootFromInclusion,
  rootOf,
} from '../../../src/protocol/merkle.ts';
import { vectors } from '../../keys/trust-world.ts';
import { entriesOf } from './log-world.ts';
import { naivePath, naiveProof, naiveTree, type Range } from './naive-tree.ts';

interface MerkleVectors {
  readonly leaves: readonly string[];
  readonly roots: readonly string[];
  readonly inclusion: readonly { index: number; size: number; path: readonly string[] }[];
  readonly consistency: readonly { oldSize: number; newSize: number; proof: readonly string[] }[];
}

const published = vectors<MerkleVectors>('merkle');
const bytes = (hex: string): Uint8Array => decodeHex(hex) ?? new Uint8Array();
const publishedLeaves = published.leaves.map(bytes).map(hashLeaf);
const publishedRoot = (size: number): Uint8Array => bytes(published.roots[size] ?? '');

const LARGEST = 300;
const entries = entriesOf(LARGEST);
const leafHashes = entries.map(hashLeaf);
const leafHash = (index: number): Uint8Array => leafHashes[index] ?? EMPTY_ROOT;
const naive = naiveTree(entries);
const naiveHash = (range: Range): Uint8Array => naive(range);
const root = (size: number): Uint8Array => naive({ from: 0n, to: BigInt(size) });

const nodeHashes = new Map<string, Uint8Array>();
const hashOfNode = ({ level, index }: Node): Uint8Array => {
  const name = `${level}/${index}`;
  const hash = nodeHashes.get(name) ?? rootOf(leafHashes.slice(index * 2 ** level, (index + 1) * 2 ** level));
  nodeHashes.set(name, hash);
  return hash;
};
const hashesOf = (proof: readonly (readonly Node[])[]): readonly Uint8Array[] =>
  proof.map((nodes) => foldHashes(nodes.map(hashOfNode)));

const pathOf = (index: number, size: number) => hashesOf(inclusionNodes(index, size));
const proofOf = (oldSize: number, newSize: number) => hashesOf(consistencyNodes(oldSize, newSize));

const same = (left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean =>
  left.length === right.length && left.every((hash, at) => equalBytes(hash, right[at] ?? EMPTY_ROOT));

/** Every pair 0 <= small <= large <= upTo of which `isRight` does not hold. */
const wrongPairs = (upTo: number, isRight: (small: number, large: number) => boolean): string[] => {
  const wrong: string[] = [];
  for (let large = 0; large <= upTo; large += 1)
    for (let small = 0; small <= large; small += 1)
      if (!isRight(small, large)) wrong.push(`${small} of ${large}`);
  return wrong;
};

const flipped = (hash: Uint8Array, at: number): Uint8Array =>
  hash.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** Every way to change one thing about a list of hashes. */
const alterations = (path: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] => [
  [...path, EMPTY_ROOT],
  [EMPTY_ROOT, ...path],
  ...path.flatMap((hash, at) => [
    path.toSpliced(at, 1),
    path.toSpliced(at, 0, hash),
    path.toSpliced(at, 1, flipped(hash, at % 32)),
    path.toSpliced(at, 1, hash.subarray(1)),
    path.toSpliced(at, 1, new Uint8Array([...hash, 0])),
  ]),
  ...path.slice(1).map((hash, at) => path.toSpliced(at, 2, hash, path[at] ?? hash)),
];

describe('the published tree of RFC 6962', () => {
  it('has the published roots', () => {
    const roots = published.roots.map((_, size) => encodeHex(rootOf(publishedLeaves.slice(0, size))));
    expect(roots).toEqual(published.roots);
    expect(encodeHex(EMPTY_ROOT)).toBe(published.roots[0]);
  });

  it.each(published.inclusion)(
    'the path of leaf $index of $size leads to the root',
    ({ index, size, path }) => {
      const found = rootFromInclusion({
        index,
        size,
        leafHash: publishedLeaves[index] ?? EMPTY_ROOT,
        path: path.map(bytes),
      });
      expect(found).toEqual(publishedRoot(size));
    },
  );

  it.each(published.consistency)('$oldSize leaves begin $newSize', ({ oldSize, newSize, proof }) => {
    const [oldRoot, newRoot] = [publishedRoot(oldSize), publishedRoot(newSize)];
    expect(isConsistent({ oldSize, oldRoot, newSize, newRoot, proof: proof.map(bytes) })).toBe(true);
  });
});

describe('the hash of two children', () => {
  const digest = (...parts: readonly Uint8Array[]) =>
    new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());

  it('is over both of them behind a one, however long they are', () => {
    for (const [left, right] of [
      [32, 32],
      [31, 33],
      [0, 64],
      [0, 0],
      [32, 31],
      [100, 3],
    ] as const) {
      const [one, other] = [new Uint8Array(left).fill(7), new Uint8Array(right).fill(9)];
      expect(hashChildren(one, other)).toEqual(digest(Uint8Array.of(1), one, other));
    }
  });

  it('stays what it was when others are made, and may be a child itself', () => {
    const [left, right] = [leafHash(0), leafHash(1)];
    const [first, kept] = [hashChildren(left, right), hashChildren(left, right)];
    const above = hashChildren(first, hashChildren(right, first));
    expect(first).toEqual(kept);
    expect(above).toEqual(digest(Uint8Array.of(1), first, digest(Uint8Array.of(1), right, first)));
  });
});

describe(`every tree of up to ${LARGEST} leaves`, () => {
  it('has the root of the recursive definition, from its leaves and from its frontier', () => {
    for (let size = 0; size <= LARGEST; size += 1) {
      expect(rootOf(leafHashes.slice(0, size))).toEqual(root(size));
      expect(foldHashes(frontierNodes(size).map(hashOfNode))).toEqual(root(size));
    }
  });

  it('has exactly the inclusion proofs of the recursive definition, and each leads to the root', () => {
    const wrong = wrongPairs(LARGEST, (index, size) => {
      if (index === size) return true;
      const path = pathOf(index, size);
      const expected = naivePath(BigInt(index), { from: 0n, to: BigInt(size) }).map(naiveHash);
      const found = rootFromInclusion({ index, size, leafHash: leafHash(index), path });
      return same(path, expected) && found !== undefined && equalBytes(found, root(size));
    });
    expect(wrong).toEqual([]);
  });

  it('has exactly the consistency proofs of the recursive definition, and each is accepted', () => {
    const wrong = wrongPairs(LARGEST, (oldSize, newSize) => {
      const proof = proofOf(oldSize, newSize);
      const expected = oldSize === 0 ? [] : naiveProof(BigInt(oldSize), BigInt(newSize)).map(naiveHash);
      const claim = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize), proof };
      return same(proof, expected) && isConsistent(claim);
    });
    expect(wrong).toEqual([]);
  });

  it('grew from and into no other root than its own', () => {
    const wrong = wrongPairs(100, (oldSize, newSize) => {
      const [oldRoot, newRoot] = [root(oldSize), root(newSize)];
      const claim = { oldSize, oldRoot, newSize, newRoot, proof: proofOf(oldSize, newSize) };
      const isCaught = (lie: Partial<Consistency>) => !isConsistent({ ...claim, ...lie });
      const fromNothing = oldSize === 0 && newSize > 0;
      return (
        isCaught({ oldRoot: flipped(oldRoot, 31) }) &&
        (fromNothing || isCaught({ newRoot: flipped(newRoot, 0) }))
      );
    });
    expect(wrong).toEqual([]);
  });
});

describe('altered proofs', () => {
  it('of inclusion lead nowhere or to another root', () => {
    const wrong = wrongPairs(40, (index, size) => {
      if (index === size) return true;
      return alterations(pathOf(index, size)).every((path) => {
        const found = rootFromInclusion({ index, size, leafHash: leafHash(index), path });
        return found === undefined || !equalBytes(found, root(size));
      });
    });
    expect(wrong).toEqual([]);
  });

  it('of inclusion are of no other leaf and no other entry', () => {
    const wrong = wrongPairs(40, (index, size) => {
      if (index === size) return true;
      const path = pathOf(index, size);
      const others = Array.from({ length: size }, (_, other) => other).filter((other) => other !== index);
      return others.every((other) =>
        [leafHash(index), leafHash(other)].every((hash, at) => {
          const found = rootFromInclusion({ index: at === 0 ? other : index, size, leafHash: hash, path });
          return found === undefined || !equalBytes(found, root(size));
        }),
      );
    });
    expect(wrong).toEqual([]);
  });

  it('of inclusion lead nowhere at all with a hash too many, too few, too long or too short', () => {
    const [index, size] = [12, 21];
    const path = pathOf(index, size);
    const [first = EMPTY_ROOT, ...rest] = path;
    const lead = (change: { readonly path?: readonly Uint8Array[]; readonly leafHash?: Uint8Array }) =>
      rootFromInclusion({ index, size, leafHash: leafHash(index), path, ...change });
    expect(lead({})).toEqual(root(size));
    for (const altered of [[...path, first], rest, [], [new Uint8Array([...first, 0]), ...rest]])
      expect(lead({ path: altered })).toBeUndefined();
    // The same bytes in another cut would hash to the same parent.
    const [start, end] = [leafHash(index).subarray(0, 31), leafHash(index).subarray(31)];
    expect(lead({ leafHash: start, path: [new Uint8Array([...end, ...first]), ...rest] })).toBeUndefined();
  });

  it('of consistency are refused', () => {
    const wrong = wrongPairs(40, (oldSize, newSize) => {
      const claim = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize) };
      return alterations(proofOf(oldSize, newSize)).every((proof) => !isConsistent({ ...claim, proof }));
    });
    expect(wrong).toEqual([]);
  });
});

describe('what is no tree at all', () => {
  const path = pathOf(2, 7);
  const oddSizes = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -0.1];

  it.each(oddSizes)('a number like %d is neither a size nor an index', (odd) => {
    const leaf = leafHash(2);
    const roots = { oldRoot: root(2), newRoot: root(7) };
    expect(rootFromInclusion({ index: odd, size: 7, leafHash: leaf, path })).toBeUndefined();
    expect(rootFromInclusion({ index: 2, size: odd, leafHash: leaf, path })).toBeUndefined();
    expect(isConsistent({ oldSize: odd, newSize: 7, proof: path, ...roots })).toBe(false);
    expect(isConsistent({ oldSize: 2, newSize: odd, proof: path, ...roots })).toBe(false);
    for (const ask of [inclusionNodes, consistencyNodes]) {
      expect(() => ask(odd, 7)).toThrow(RangeError);
      expect(() => ask(2, odd)).toThrow(RangeError);
    }
  });

  it('has no leaf at its size, and does not shrink', () => {
    expect(() => inclusionNodes(7, 7)).toThrow(RangeError);
    expect(() => consistencyNodes(8, 7)).toThrow(RangeError);
    expect(rootFromInclusion({ index: 7, size: 7, leafHash: leafHash(6), path })).toBeUndefined();
    const claim = { oldSize: 8, oldRoot: root(8), newSize: 7, newRoot: root(7), proof: proofOf(7, 8) };
    expect(isConsistent(claim)).toBe(false);
  });

  it('begins with nothing only as the empty root, without a proof', () => {
    const claim = { oldSize: 0, oldRoot: EMPTY_ROOT, newSize: 7, newRoot: root(7), proof: [] };
    expect(isConsistent(claim)).toBe(true);
    expect(isConsistent({ ...claim, oldRoot: root(7) })).toBe(false);
    expect(isConsistent({ ...claim, proof: [root(7)] })).toBe(false);
    expect(isConsistent({ ...claim, newSize: 0 })).toBe(false);
    expect(isConsistent({ ...claim, newSize: 0, newRoot: EMPTY_ROOT })).toBe(true);
  });
});
