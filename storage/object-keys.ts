// The one list of every object name this product writes. Pure.
import { type Digest, parseDigest } from './digest.ts';

/**
 * The name of an object: lower-case ASCII segments joined by `/`. It is at once a safe relative path on disk (also
 * where file names ignore case) and a safe key in S3.
 */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' };

/** Every blob lies below this prefix. */
export const BLOB_PREFIX = 'blobs/sha256/';

const BLOB_KEY = /^blobs\/sha256\/([0-9a-f]{2})\/([0-9a-f]{64})$/;

/** `blobs/sha256/<first two hex characters>/<digest>`: the fan-out keeps directories on disk small. */
export const blobKey = (digest: Digest): ObjectKey =>
  `${BLOB_PREFIX}${digest.slice(0, 2)}/${digest}` as ObjectKey;

/** The digest a blob's key promises; undefined for any other text. */
export const parseBlobKey = (text: string): Digest | undefined => {
  const [, fan, hex = ''] = BLOB_KEY.exec(text) ?? [];
  return hex.startsWith(fan ?? '-') ? parseDigest(hex) : undefined;
};

/** Recognises a name this product writes; what a shared bucket or directory holds besides is not ours. */
export const parseObjectKey = (text: string): ObjectKey | undefined =>
  parseBlobKey(text) === undefined ? undefined : (text as ObjectKey);
