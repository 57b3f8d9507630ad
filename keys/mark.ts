// Marks: what a client keeps of a registrar's list it believed, in order to notice an older or a different one later. Pure.
import { encodeHex } from './bytes.ts';
import { canonicalBytes } from './canonical.ts';
import { namedKeyJson } from './document.ts';
import { KeyError, type KeyErrorCode } from './errors.ts';
import { sha256 } from './hash.ts';
import type { Root } from './root.ts';

export interface ListMark {
  readonly version: number;
  readonly treeSize: number;
  /** Hex digests of the list's payload and of the registrar role that signed it. */
  readonly sha256: string;
  readonly registrar: string;
}

/** `payload`: the canonical bytes of the list. */
export const markOf = (
  { registrar }: Root,
  { version, treeSize }: Pick<ListMark, 'version' | 'treeSize'>,
  payload: Uint8Array,
): ListMark => ({
  version,
  treeSize,
  sha256: encodeHex(sha256(payload)),
  registrar: encodeHex(sha256(canonicalBytes({ ...registrar, keys: registrar.keys.map(namedKeyJson) }))),
});

/** Under which codes a kind of list is refused. */
export interface RollbackCodes {
  readonly rollback: KeyErrorCode;
  readonly fork: KeyErrorCode;
}

/**
 * Refuses a list older than one seen, or another one of the same version. A changed registrar starts afresh: else a
 * stolen registrar key could lock out its successor for ever by signing a list with the highest version there is.
 * @throws KeyError `codes.rollback` or `codes.fork`, with both marks
 */
export const refuseRollback = (seen: ListMark | undefined, found: ListMark, codes: RollbackCodes): void => {
  if (seen === undefined || seen.registrar !== found.registrar) return;
  const evidence = { seen, found };
  if (found.version < seen.version || found.treeSize < seen.treeSize)
    throw new KeyError(codes.rollback, evidence);
  if (found.version === seen.version && found.sha256 !== seen.sha256)
    throw new KeyError(codes.fork, evidence);
};
