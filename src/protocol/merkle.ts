// The Merkle tree of the log (RFC 6962, RFC 9162): its hashes, which of them a proof needs, and what a proof shows. Pure.
import { concatBytes, equalBytes, utf8 } from '../../keys/bytes.ts';
import { sha256 } from '../../keys/hash.ts';

export const HASH_BYTES = 32;

/** The root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256(utf8(''));

const LEAF = Uint8Array.of(0);
const CHILDREN = Uint8Array.of(1);

export const hashLeaf = (entry: Uint8Array): Uint8Array => sha256(concatBytes(LEAF, entry));

/** Written anew for each pair, and read before the next: a buffer for each would cost more than its hash. */
const pair = new Uint8Array(1 + 2 * HASH_BYTES);

export const hashChildren = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES)
    return sha256(concatBytes(CHILDREN, left, right));
  pair.set(CHILDREN);
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
};

type HashChildren = typeof hashChildren;

const rowAbove = (hashes: readonly Uint8Array[], hashPair: HashChildren): readonly Uint8Array[] => {
  const row: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += 2) {
    const [left = EMPTY_ROOT, right] = [hashes[at], hashes[at + 1]];
    row.push(right === undefined ? left : hashPair(left, right));
  }
  return row;
};

/** The root over leaf hashes, or over the roots of subtrees of one size of which only the last may be smaller. */
export const rootOf = (
  leafHashes: readonly Uint8Array[],
  hashPair: HashChildren = hashChildren,
): Uint8Array => {
  let row = leafHashes;
  while (row.length > 1) row = rowAbove(row, hashPair);
  return row[0] ?? EMPTY_ROOT;
};

/** The complete subtree over the leaves from index * 2^level up to, not including, (index + 1) * 2^level. */
export interface Node {
  readonly level: number;
  readonly index: number;
}

/** The complete subtrees, left to right, that cover `width` leaves from `start`, a multiple of a power of two >= width. */
const nodesOver = (start: number, width: number): readonly Node[] =>
  Array.from(width.toString(2)).flatMap((bit, at, bits) => {
    const level = bits.length - 1 - at;
    return bit === '1' ? [{ level, index: Math.floor((start + width) / 2 ** level) - 1 }] : [];
  });

/** The complete subtrees, left to right, that make up a tree of that size. */
export const frontierNodes = (size: number): readonly Node[] => nodesOver(0, size);

/** The hashes of such subtrees, left to right, as the one hash of all their leaves. */
export const foldHashes = (hashes: readonly Uint8Array[]): Uint8Array =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => hashChildren(left, right));

/** The leaves in the left child of a tree of `width` >= 2 leaves: the largest power of two below it. */
const leftWidth = (width: number): number => 2 ** ((width - 1).toString(2).length - 1);

interface Descent {
  /** Where the subtree starts that was arrived at. */
  readonly start: number;
  /** Every subtree left aside on the way, the lowest one first. */
  readonly passed: readonly (readonly Node[])[];
}

// Walks from the root towards leaf `end - 1`.
const descend = (end: number, size: number, isThere: (start: number, width: number) => boolean): Descent => {
  const passed: (readonly Node[])[] = [];
  let start = 0;
  let width = size;
  while (!isThere(start, width)) {
    const left = leftWidth(width);
    const goesLeft = end - start <= left;
    passed.unshift(goesLeft ? nodesOver(start + left, width - left) : nodesOver(start, left));
    start += goesLeft ? 0 : left;
    width = goesLeft ? left : width - left;
  }
  return { start, passed };
};

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/**
 * PATH(index, D[size]) of RFC 6962 section 2.1.1: each hash of the proof as the nodes it folds from.
 * @throws RangeError where there is no such leaf
 */
export const inclusionNodes = (index: number, size: number): readonly (readonly Node[])[] => {
  if (!isSize(size) || !isSize(index) || index >= size)
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  return descend(index + 1, size, (_, width) => width === 1).passed;
};

/**
 * PROOF(oldSize, D[newSize]) of RFC 6962 section 2.1.2, likewise; empty where the old tree is empty or the same.
 * @throws RangeError where the old tree is larger
 */
export const consistencyNodes = (oldSize: number, newSize: number): readonly (readonly Node[])[] => {
  if (!isSize(newSize) || !isSize(oldSize) || oldSize > newSize)
    throw new RangeError(`a tree of ${newSize} has no beginning of ${oldSize}`);
  if (oldSize === 0 || oldSize === newSize) return [];
  const { start, passed } = descend(oldSize, newSize, (from, width) => from + width === oldSize);
  return start === 0 ? passed : [nodesOver(start, oldSize - start), ...passed];
};

// The climb of RFC 9162: for each hash of a path, whether it stands left of what is known so far; undefined where a
// path between these two places has another length.
const sidesOf = (index: number, last: number, length: number): readonly boolean[] | undefined => {
  const sides: boolean[] = [];
  let [fn, sn] = [index, last];
  for (let at = 0; at < length; at += 1) {
    if (sn === 0) return undefined;
    const isLeft = fn % 2 === 1 || fn === sn;
    sides.push(isLeft);
    for (; isLeft && fn % 2 === 0 && fn !== 0; fn /= 2) sn = Math.floor(sn / 2);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? sides : undefined;
};

const areHashes = (hashes: readonly Uint8Array[]): boolean =>
  hashes.every((hash) => hash.length === HASH_BYTES);

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  /** `hashLeaf` of the entry. */
  readonly leafHash: Uint8Array;
  /** From the sibling of the leaf up to the child of the root, 32 bytes each. */
  readonly path: readonly Uint8Array[];
}

/** The root the path leads to (RFC 9162 section 2.1.3.2); undefined where no such tree has a path of this form. */
export const rootFromInclusion = ({ index, size, leafHash, path }: Inclusion): Uint8Array | undefined => {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leafHash, ...path])) return undefined;
  const sides = sidesOf(index, size - 1, path.length);
  return sides?.reduce((hash, isLeft, at) => {
    const beside = path[at] ?? EMPTY_ROOT;
    return isLeft ? hashChildren(beside, hash) : hashChildren(hash, beside);
  }, leafHash);
};

export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

const isPowerOfTwo = (value: number): boolean => 2 ** (value.toString(2).length - 1) === value;

/** Both roots that the proof leads to, for 0 < oldSize < newSize. */
const rootsFromConsistency = ({
  oldSize,
  oldRoot,
  newSize,
  proof,
}: Consistency): readonly [Uint8Array, Uint8Array] | undefined => {
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  let [fn, sn] = [oldSize - 1, newSize - 1];
  for (; fn % 2 === 1; fn = Math.floor(fn / 2)) sn = Math.floor(sn / 2);
  const sides = sidesOf(fn, sn, rest.length);
  if (first === undefined || sides === undefined) return undefined;
  const onLeft = rest.filter((_, at) => sides[at] === true);
  return [
    onLeft.reduce((hash, left) => hashChildren(left, hash), first),
    rest.reduce((hash, next, at) => (sides[at] ? hashChildren(next, hash) : hashChildren(hash, next)), first),
  ];
};

/**
 * Whether the old tree is the beginning of the new one (RFC 9162 section 2.1.4.2). The empty tree begins every tree,
 * and a tree begins itself: both without a proof.
 */
export const isConsistent = (claim: Consistency): boolean => {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false;
  if (!areHashes([oldRoot, newRoot, ...proof])) return false;
  if (oldSize === newSize && !equalBytes(oldRoot, newRoot)) return false;
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, EMPTY_ROOT);
  if (oldSize === newSize) return proof.length === 0;
  const roots = rootsFromConsistency(claim);
  return roots !== undefined && equalBytes(roots[0], oldRoot) && equalBytes(roots[1], newRoot);
};
