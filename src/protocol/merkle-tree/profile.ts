// What makes a tree the one tree of its entries: how deep a path stands, and how large a node may be. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { sha256 } from '../../../keys/hash.ts';

export interface TreeProfile {
  readonly name: string;
  /** Leading zero bits of SHA-256 that lift a path by one layer; 2^bits is about what a node has children. */
  readonly bits: number;
  /** More entries in one node are refused; chosen so that only paths searched for on purpose get there. */
  readonly maxEntries: number;
}

/** The profile of knowledge bases. A node has more than 512 entries by chance once in 10^8 trees of a million. */
export const KNOWLEDGE_TREE: TreeProfile = { name: 'attestry-kb/1', bits: 4, maxEntries: 512 };

// The longest path, two links and what stands around them.
const MAX_ENTRY_BYTES = 612;
const MAX_FRAME_BYTES = 64;

/** No node of that many entries is larger. */
export const maxNodeBytes = ({ maxEntries }: TreeProfile): number =>
  MAX_FRAME_BYTES + maxEntries * MAX_ENTRY_BYTES;

const leadingZeroBits = (bytes: Uint8Array): number => {
  const at = bytes.findIndex((byte) => byte !== 0);
  return at < 0 ? bytes.length * 8 : at * 8 + Math.clz32(bytes[at] ?? 0) - 24;
};

/** The layer that a path stands on, 0 the lowest: leading zero bits of the SHA-256 of its UTF-8, divided by `bits`. */
export const depthOf = (path: string, { bits }: Pick<TreeProfile, 'bits'>): number =>
  Math.floor(leadingZeroBits(sha256(utf8(path))) / bits);
