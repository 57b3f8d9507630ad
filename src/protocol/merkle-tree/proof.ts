// Proofs about a tree as lists of its blocks: that a path has a value or none, and what differs between two trees. Pure.
import { type Cid, cidOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import type { KnowledgePath } from '../knowledge-path.ts';
import { type Difference, type DiffLimits, diffTrees } from './diff.ts';
import { getValue } from './merkle-tree.ts';
import type { BlockSource, TreeReader } from './place.ts';
import type { TreeProfile } from './profile.ts';

/** The blocks that a reader of the tree needs, each once, in the order in which it asks for them. */
export type TreeProof = readonly Uint8Array[];

export interface Proven<T> {
  readonly value: T;
  readonly proof: TreeProof;
}

// Reads through, and keeps each block that was read.
export const proving = async <T>(
  { profile, blocks }: TreeReader,
  read: (reader: TreeReader) => Promise<T>,
): Promise<Proven<T>> => {
  const kept = new Map<Cid, Uint8Array | undefined>();
  const get: BlockSource['get'] = async (cid) => {
    kept.set(cid, undefined);
    const bytes = await blocks.get(cid);
    kept.set(cid, bytes);
    return bytes;
  };
  const value = await read({ profile, blocks: { get } });
  return { value, proof: [...kept.values()].filter((bytes) => bytes !== undefined) };
};

// Reads from nothing but the proof, all of which must be needed.
export const verifying = async <T>(
  profile: TreeProfile,
  proof: TreeProof,
  read: (reader: TreeReader) => Promise<T>,
): Promise<T> => {
  const held = new Map(proof.map((bytes) => [cidOf('dag-cbor', bytes), bytes]));
  const asked = new Set<Cid>();
  const get: BlockSource['get'] = async (cid) => {
    asked.add(cid);
    return held.get(cid);
  };
  const value = await read({ profile, blocks: { get } });
  const surplus = [...held.keys()].find((cid) => !asked.has(cid));
  if (surplus !== undefined || held.size !== proof.length)
    throw new ContentError('proof_surplus', { cid: surplus });
  return value;
};

/** The value at a path, undefined where there is none, and the proof of it. Rejects as `getValue` does. */
export const provePath = (
  reader: TreeReader,
  root: Cid,
  path: KnowledgePath,
): Promise<Proven<Cid | undefined>> => proving(reader, (recorder) => getValue(recorder, root, path));

/**
 * The value that the tree of this root has at the path, undefined where it has none: each of them proven.
 * Rejects with ContentError `block_missing` where the blocks do not prove it, `proof_surplus` where some prove nothing,
 * and as `readNode` does.
 */
export const verifyPath = (
  profile: TreeProfile,
  root: Cid,
  path: KnowledgePath,
  proof: TreeProof,
): Promise<Cid | undefined> => verifying(profile, proof, (reader) => getValue(reader, root, path));

/** What differs between two trees, and the proof that this is all of it. Rejects as `diffTrees` does. */
export const proveDiff = (
  reader: TreeReader,
  from: Cid,
  to: Cid,
  limits: DiffLimits = {},
): Promise<Proven<readonly Difference[]>> =>
  proving(reader, (recorder) => diffTrees(recorder, from, to, limits));

/** Everything that differs between the trees of these roots, proven; rejects as `verifyPath` does. */
export const verifyDiff = (
  profile: TreeProfile,
  from: Cid,
  to: Cid,
  proof: TreeProof,
): Promise<readonly Difference[]> => verifying(profile, proof, (reader) => diffTrees(reader, from, to));
