// The hash of what a retrieval gave out: recorded before the bytes leave, and asked for again at replay. Pure.
import { canonicalBytes } from '../../../keys/canonical.ts';
import type { Cid } from '../cid.ts';
import { type NamedDigest, namedDigest, namedDigestOfCid } from './changes.ts';

export interface RetrievedEntry {
  readonly path: string;
  /** Of the document's bytes. */
  readonly blob: Cid;
}

/** One whole entry: the digest of its bytes. */
export const hashOfEntry = ({ blob }: RetrievedEntry): NamedDigest => namedDigestOfCid(blob);

/** Anything else: canonical JSON of `[{digest, path}, …]` in the order in which it was given; `[]` where nothing was. */
export const hashOfList = (entries: readonly RetrievedEntry[]): NamedDigest =>
  namedDigest(canonicalBytes(entries.map(({ path, blob }) => ({ digest: namedDigestOfCid(blob), path }))));
