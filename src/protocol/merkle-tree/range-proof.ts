// The proof that a page of a tree's entries is all that stands in its range: none left out, none put in. Pure.
import type { Cid } from '../cid.ts';
import { listEntries, type Page, type Range } from './list.ts';
import type { TreeReader } from './place.ts';
import type { TreeProfile } from './profile.ts';
import { type Proven, proving, type TreeProof, verifying } from './proof.ts';

/** A range and how much of it is wanted. */
export interface PageRequest extends Range {
  readonly limit: number;
}

/** A page, and the blocks that show it to be complete. Rejects as `listEntries` does. */
export const proveRange = (reader: TreeReader, root: Cid, wanted: PageRequest): Promise<Proven<Page>> =>
  proving(reader, (recorder) => listEntries(recorder, root, wanted));

/**
 * The one page that the tree of this root has for the request, read from nothing but the proof: whatever else somebody
 * gave for it is wrong where it differs. Rejects with ContentError `block_missing` where the blocks do not prove it,
 * `proof_surplus` where some prove nothing, and as `listEntries` does.
 */
export const verifyRange = (
  profile: TreeProfile,
  root: Cid,
  wanted: PageRequest,
  proof: TreeProof,
): Promise<Page> => verifying(profile, proof, (reader) => listEntries(reader, root, wanted));
