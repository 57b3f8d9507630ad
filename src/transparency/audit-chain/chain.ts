// The hash chain over the events of the log, and what a checkpoint of it signs (RFC 0218, audit-log integrity). Pure.
import { concatBytes, encodeHex, utf8 } from '../../../keys/bytes.ts';
import { sha256 } from '../../../keys/hash.ts';

const HASH_BYTES = 32;

/**
 * The canonical bytes (RFC 8785) of one entry: `{atSequence, event, prevHash}`, where `event` is the leaf as the log has
 * it, `prevHash` the hex hash of the entry before, and null in the first. Sequences count from 1.
 */
export const entryBytes = (
  sequence: number,
  leaf: Uint8Array,
  previous: Uint8Array | undefined,
): Uint8Array => {
  const prevHash = previous === undefined ? 'null' : `"${encodeHex(previous)}"`;
  return concatBytes(utf8(`{"atSequence":${sequence},"event":`), leaf, utf8(`,"prevHash":${prevHash}}`));
};

/** 32 bytes; in hex, what the next entry carries as `prevHash`. */
export const entryHash = (sequence: number, leaf: Uint8Array, previous: Uint8Array | undefined): Uint8Array =>
  sha256(entryBytes(sequence, leaf, previous));

/** The hashes of entries from `first` on, each made with the one before. */
export const chainFrom = (
  first: number,
  leaves: readonly Uint8Array[],
  previous: Uint8Array | undefined,
): readonly Uint8Array[] => {
  const hashes: Uint8Array[] = [];
  for (const [at, leaf] of leaves.entries())
    hashes.push(entryHash(first + at, leaf, hashes[at - 1] ?? previous));
  return hashes;
};

const parentOf = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(utf8(encodeHex(left) + encodeHex(right)));

const rowAbove = (hashes: readonly Uint8Array[]): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(hashes.length / 2) }, (_, pair) => {
    const [left = new Uint8Array(), right] = [hashes[pair * 2], hashes[pair * 2 + 1]];
    return right === undefined ? left : parentOf(left, right);
  });

/**
 * The root over the hashes of all entries after one checkpoint up to the next: pairs of hex texts, a last odd one
 * promoted. Leaves and nodes look alike, so whoever makes it has to know how many entries there are.
 * @throws RangeError for none
 */
export const checkpointRoot = (hashes: readonly Uint8Array[]): Uint8Array => {
  let row = hashes;
  while (row.length > 1) row = rowAbove(row);
  const [root] = row;
  if (root === undefined) throw new RangeError('a checkpoint covers at least one entry');
  return root;
};

/** Hashes one behind the other, as they are stored. */
export const packHashes = (hashes: readonly Uint8Array[]): Uint8Array => concatBytes(...hashes);

export const unpackHashes = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, at) =>
    bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
