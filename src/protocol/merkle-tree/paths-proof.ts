// What a tree has at several paths, proven at once: blocks that several of them need are in the proof once. Pure.
import type { Cid } from '../cid.ts';
import type { KnowledgePath } from '../knowledge-path.ts';
import { getValue } from './merkle-tree.ts';
import type { TreeReader } from './place.ts';
import type { TreeProfile } from './profile.ts';
import { type Proven, proving, type TreeProof, verifying } from './proof.ts';

type Values = readonly (Cid | undefined)[];

// One after the other, so that the order of the blocks follows from the request alone.
const valuesAt = async (reader: TreeReader, root: Cid, paths: readonly KnowledgePath[]): Promise<Values> => {
  const values: (Cid | undefined)[] = [];
  for (const path of paths) values.push(await getValue(reader, root, path));
  return values;
};

/** The value at each path, in their order, undefined where there is none, and the proof of them. */
export const provePaths = (
  reader: TreeReader,
  root: Cid,
  paths: readonly KnowledgePath[],
): Promise<Proven<Values>> => proving(reader, (recorder) => valuesAt(recorder, root, paths));

/** The same, read from nothing but the proof; rejects as `verifyPath` does. */
export const verifyPaths = (
  profile: TreeProfile,
  root: Cid,
  paths: readonly KnowledgePath[],
  proof: TreeProof,
): Promise<Values> => verifying(profile, proof, (reader) => valuesAt(reader, root, paths));
