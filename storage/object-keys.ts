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

/** Everything of the transparency log lies below this prefix. */
export const LOG_PREFIX = 'log/';

/** The newest signed checkpoint of the log: the one object that changes. */
export const LOG_CHECKPOINT_KEY = `${LOG_PREFIX}checkpoint` as ObjectKey;

/**
 * C2SP tlog-tiles: a level of 0 to 63, or entry bundles; the index in groups of three digits, all but the last after an
 * `x` and the first of several not zero; a partial one with its width of 1 to 255. Six groups hold every index a number
 * can count exactly.
 */
const LOG_TILE =
  /^log\/tile\/(?:[0-9]|[1-5][0-9]|6[0-3]|entries)\/(?:x(?!000)[0-9]{3}\/(?:x[0-9]{3}\/){0,4})?[0-9]{3}(?:\.p\/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$/;

/** The name of a tile or entry bundle, from its path as the log's readers ask for it: `tile/0/x001/067.p/12`. */
export const logTileKey = (path: string): ObjectKey => {
  const key = LOG_PREFIX + path;
  if (!LOG_TILE.test(key)) throw new TypeError(`${path} is not the path of a tile`);
  return key as ObjectKey;
};

const isOurs = (text: string): boolean =>
  parseBlobKey(text) !== undefined || text === LOG_CHECKPOINT_KEY || LOG_TILE.test(text);

/** Recognises a name this product writes; what a shared bucket or directory holds besides is not ours. */
export const parseObjectKey = (text: string): ObjectKey | undefined =>
  isOurs(text) ? (text as ObjectKey) : undefined;
