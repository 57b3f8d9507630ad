// The blob-store port: where bytes live, in promises every adapter keeps.
import { type Digest, digestOf } from './digest.ts';
import { storageError } from './errors.ts';
import { BLOB_PREFIX, blobKey, type ObjectKey } from './object-keys.ts';
import { collectBytes, type Measure, type Mismatch, verifyBytes } from './verify-bytes.ts';

/** Bytes on their way in, with the size and digest they claim to have. Adapters believe neither. */
export interface BlobSource extends Measure {
  /** Gives all bytes from the start; may be called again and then gives the same bytes again. */
  readonly read: () => AsyncIterable<Uint8Array>;
  /** A finished file with exactly these bytes. An adapter may hard-link it, so it must never be written again. */
  readonly file?: string;
}

/** First and last byte, both included, counted from 0. An `end` beyond the blob means its last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface FoundBlob {
  /** Length of the whole blob in bytes, also when only a range of it was asked for. */
  readonly size: number;
  /** Iterate once, to the end or until `break`; a body never touched may keep a connection busy. Unverified. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface BlobStat {
  readonly size: number;
  /** When the bytes were put, as the store's own clock saw it. */
  readonly modifiedAt: Date;
}

export interface ListedBlob extends BlobStat {
  readonly key: ObjectKey;
}

/** Failures of the store itself are `store_unavailable`; failures of a source pass untouched. */
export interface BlobStore {
  /**
   * Creates the object once. When it returns, the object is complete and durable; `exists` means that somebody had
   * created it (its bytes are not compared, and the source may not have been read). Bytes are never replaced. Of
   * concurrent puts under one key exactly one is told `created` — at most one when an answer got lost on the way.
   * A source that throws, or lies about size or digest (`source_mismatch`), leaves nothing visible. If the store
   * fails, the put may be done but unreported, never half done, and may be repeated.
   */
  readonly put: (key: ObjectKey, source: BlobSource) => Promise<'created' | 'exists'>;
  /**
   * For the few objects that change: puts these bytes under the key, whatever was there. When it returns they are
   * durable. At any instant a reader of the key, in any process, sees the old bytes or the new ones, whole. Of
   * concurrent calls one is the last, and nothing says which; a failed call may be done but unreported. Throws
   * `not_replaceable` for a blob.
   */
  readonly replace: (key: ObjectKey, bytes: Uint8Array) => Promise<void>;
  /** Opens an object; undefined when there is none, `bad_range` when the range starts beyond its end. */
  readonly get: (key: ObjectKey, range?: ByteRange) => Promise<FoundBlob | undefined>;
  readonly head: (key: ObjectKey) => Promise<BlobStat | undefined>;
  /** Every object of ours whose key starts with `prefix`, in ascending order of key. Sees no half-written ones. */
  readonly list: (prefix: string) => AsyncIterable<ListedBlob>;
  /** Removes an object for good; also succeeds when there is none. */
  readonly delete: (key: ObjectKey) => Promise<void>;
  /** Succeeds when the store can be used; otherwise the error names the cure. */
  readonly ping: () => Promise<void>;
}

/** Bytes at hand as the one chunk of a body. */
export async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Bytes at hand as a source. */
export const bytesSource = (bytes: Uint8Array): BlobSource => ({
  size: bytes.length,
  digest: digestOf(bytes),
  read: () => only(bytes),
});

/** For adapters: what the source gives, refused with `source_mismatch` unless it is what the source claims. */
export const verifiedSource = (key: ObjectKey, source: BlobSource): AsyncIterable<Uint8Array> => {
  const expected = { size: source.size, digest: source.digest };
  return verifyBytes(source.read(), expected, (found) =>
    storageError('source_mismatch', { key, expected, found }),
  );
};

/** For adapters: the range cut to the blob. Throws `bad_range` for one that is malformed or starts beyond the end. */
export const rangeWithin = (key: ObjectKey, size: number, range: ByteRange | undefined): ByteRange => {
  if (range === undefined) return { start: 0, end: size - 1 };
  const { start, end } = range;
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!whole || start < 0 || end < start || start >= size)
    throw storageError('bad_range', { key, size, range });
  return { start, end: Math.min(end, size - 1) };
};

/** For adapters: whether the bytes under a key may change. */
export const isReplaceable = (key: ObjectKey): boolean => !key.startsWith(BLOB_PREFIX);

/** For adapters: throws `not_replaceable` for a blob. */
export const requireReplaceable = (key: ObjectKey): void => {
  if (!isReplaceable(key)) throw storageError('not_replaceable', { key });
};

/**
 * All bytes of an object whose name promises no digest; undefined when there is none. Nothing is verified here: the
 * caller knows how. Throws `too_large` before reading, when it is longer than `maxBytes`.
 */
export const readObject = async (
  store: BlobStore,
  key: ObjectKey,
  { maxBytes }: { readonly maxBytes: number },
): Promise<Uint8Array | undefined> => {
  const found = await store.get(key);
  return found && collectBytes(await withinLimit(key, found, maxBytes));
};

/** The body of a blob that is short enough; of any other, lets go. */
const withinLimit = async (
  key: ObjectKey,
  { size, body }: FoundBlob,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array>> => {
  if (size <= maxBytes) return body;
  await body[Symbol.asyncIterator]().return?.();
  throw storageError('too_large', { key, size, limit: maxBytes });
};

/**
 * A whole blob, hashed again on every read. Throws `blob_missing`, `too_large` (before reading, when it is longer
 * than `maxBytes`), or `blob_corrupt` with the expected and found digest.
 */
export const readBlob = async (
  store: BlobStore,
  digest: Digest,
  limit: { readonly maxBytes: number },
): Promise<Uint8Array> => collectBytes(believedBlob(store, digest, limit.maxBytes));

/**
 * A blob chunk by chunk. Throws `blob_missing` at the first chunk, `blob_corrupt` at the last: the consumer must not
 * act on anything before the end. The last chunk is held back until the hash agrees, so a corrupt blob is never
 * given out whole: a reply of announced length breaks off instead of completing.
 */
export const streamBlob = (store: BlobStore, digest: Digest): AsyncIterable<Uint8Array> =>
  believedBlob(store, digest, Number.POSITIVE_INFINITY);

async function* believedBlob(
  store: BlobStore,
  digest: Digest,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = blobKey(digest);
  const found = await store.get(key);
  if (found === undefined) throw storageError('blob_missing', { key, digest });
  const body = await withinLimit(key, found, maxBytes);
  yield* verifyBytes(body, { size: found.size, digest }, (seen) => corrupt(key, digest, seen));
}

const corrupt = (key: ObjectKey, expected: Digest, found: Mismatch): Error =>
  storageError('blob_corrupt', { key, expected, found: found.digest, size: found.size });
