// Blobs in an S3-compatible bucket; the only file that knows the S3 SDK.
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  type BlobSource,
  type BlobStore,
  type ByteRange,
  bytesSource,
  type FoundBlob,
  type ListedBlob,
  rangeWithin,
  requireReplaceable,
  verifiedSource,
} from './blob-store.ts';
import { digestBytes } from './digest.ts';
import { storageError } from './errors.ts';
import { type ObjectKey, parseObjectKey } from './object-keys.ts';
import { isConflict, mayRepeat, type Place, s3CodeOf, s3Failure, statusOf } from './s3-errors.ts';
import { collectBytes } from './verify-bytes.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Options {
  readonly bucket: string;
  /** Goes before every key; empty, or ends in `/`. */
  readonly prefix: string;
  /** `http(s)://host[:port]`; AWS itself when undefined. */
  readonly endpoint: string | undefined;
  /** When undefined, the SDK's own settings decide (with an endpoint: `us-east-1`, which most stores ignore). */
  readonly region: string | undefined;
  /** When undefined, the SDK's default chain (environment, shared files, instance role). */
  readonly credentials?: S3Credentials | undefined;
  /** A connection on which nothing moves for this long is given up; 30 000 when undefined. */
  readonly idleMs?: number;
  /** Keys per listing request; the store's own 1000 when undefined. */
  readonly pageSize?: number;
}

interface Bucket extends S3Options {
  readonly client: S3Client;
}

/** Up to here a put is sent from memory, so that the SDK may repeat it and the length is never in doubt. */
const BUFFERED_BYTES = 1024 * 1024;
/** What S3 takes in one put; multipart uploads are not create-only in every store. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 50;

/** Opens a store in an existing bucket. Nothing is sent before the first call; `ping` tells whether it works. */
export const openS3Store = (options: S3Options): BlobStore => {
  const bucket: Bucket = { ...options, client: clientFor(options) };
  return {
    put: (key, source) => put(bucket, key, source),
    replace: async (key, bytes) => {
      requireReplaceable(key);
      const command = new PutObjectCommand(wholeObject(bucket, key, bytesSource(bytes), bytes));
      await bucket.client.send(command).catch(failing(bucket, 'replace', key));
    },
    get: (key, range) => get(bucket, key, range),
    head: (key) => head(bucket, key),
    list: (prefix) => list(bucket, prefix),
    delete: async (key) => {
      const command = new DeleteObjectCommand(at(bucket, key));
      await bucket.client.send(command).catch(failing(bucket, 'delete', key));
    },
    ping: async () => {
      const command = new HeadBucketCommand({ Bucket: bucket.bucket });
      await bucket.client.send(command).catch((error) => {
        // A HEAD answer has no body, so S3 cannot say which thing is missing; here it can only be the bucket.
        throw s3Failure(placeOf(bucket), 'look', statusOf(error) === 404 ? { name: 'NoSuchBucket' } : error);
      });
    },
  };
};

const silence = (): void => {};
const SILENT = { debug: silence, info: silence, warn: silence, error: silence };

const clientFor = (options: S3Options): S3Client =>
  new S3Client({
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.region === undefined && options.endpoint === undefined
      ? {}
      : { region: options.region ?? 'us-east-1' }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    // Left to itself the SDK chunks streamed puts with a trailing checksum, which older stores refuse (411).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    // Whatever goes wrong is thrown; the SDK would print some of it besides.
    logger: SILENT,
    requestHandler: { connectionTimeout: 5000, socketTimeout: options.idleMs ?? 30_000 },
  });

/** Only what may stand in an error: never the client or its credentials. */
const placeOf = ({ bucket, endpoint }: Bucket): Place => ({ bucket, endpoint });

const at = (bucket: Bucket, key: ObjectKey) => ({ Bucket: bucket.bucket, Key: bucket.prefix + key });

const failing =
  (bucket: Bucket, operation: string, key: ObjectKey) =>
  (error: unknown): never => {
    throw s3Failure(placeOf(bucket), operation, error, { key });
  };

const put = async (bucket: Bucket, key: ObjectKey, source: BlobSource): Promise<'created' | 'exists'> => {
  if (source.size > MAX_PUT_BYTES)
    throw storageError('too_large', { key, size: source.size, limit: MAX_PUT_BYTES });
  const buffered =
    source.size <= BUFFERED_BYTES ? await collectBytes(verifiedSource(key, source)) : undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (buffered) await bucket.client.send(new PutObjectCommand(createOnly(bucket, key, source, buffered)));
      else await sendStream(bucket, key, source);
      return 'created';
    } catch (error) {
      if (error instanceof SourceFailure) throw error.cause;
      if (statusOf(error) === 412) return 'exists';
      // What is sent from memory the SDK has repeated already, except after a conflict.
      const again = buffered ? isConflict(error) : mayRepeat(error);
      if (attempt === ATTEMPTS || !again) failing(bucket, 'put', key)(error);
    }
    await pause(FIRST_PAUSE_MS * 2 ** attempt);
  }
};

/** Carries a source's own failure past everything that handles failures of the store. */
class SourceFailure extends Error {}

const sendStream = async (bucket: Bucket, key: ObjectKey, source: BlobSource): Promise<void> => {
  const stop = new AbortController();
  // The last chunk comes only after everything was verified: a lying source never completes the announced length.
  const body = Readable.from(verifiedSource(key, source), { objectMode: false });
  // The SDK pipes the body and would wait forever for the rest of one that failed.
  body.once('error', () => stop.abort());
  try {
    const command = new PutObjectCommand(createOnly(bucket, key, source, body));
    await bucket.client.send(command, { abortSignal: stop.signal });
  } catch (error) {
    throw body.errored ? new SourceFailure('the source failed', { cause: body.errored }) : error;
  } finally {
    body.destroy();
  }
};

/**
 * The algorithm is named besides the checksum because some stores ignore a checksum alone. Whether a store checks it
 * or not, nobody here relies on it: every read hashes again.
 */
const wholeObject = (
  bucket: Bucket,
  key: ObjectKey,
  source: BlobSource,
  body: Uint8Array | Readable,
): PutObjectCommandInput => ({
  ...at(bucket, key),
  Body: body,
  ContentLength: source.size,
  ContentType: 'application/octet-stream',
  ChecksumAlgorithm: 'SHA256',
  ChecksumSHA256: Buffer.from(digestBytes(source.digest)).toString('base64'),
});

const createOnly = (...request: Parameters<typeof wholeObject>): PutObjectCommandInput => ({
  ...wholeObject(...request),
  IfNoneMatch: '*',
});

const get = async (bucket: Bucket, key: ObjectKey, range?: ByteRange): Promise<FoundBlob | undefined> => {
  // A malformed range must fail alike in every adapter; S3 would answer it with the whole object.
  if (range) rangeWithin(key, Number.POSITIVE_INFINITY, range);
  const wanted = range ? { Range: `bytes=${range.start}-${range.end}` } : {};
  try {
    const reply = await bucket.client.send(new GetObjectCommand({ ...at(bucket, key), ...wanted }));
    const total = reply.ContentRange?.split('/')[1];
    return {
      size: total === undefined ? (reply.ContentLength ?? 0) : Number(total),
      body: bodyOf(reply.Body as Readable, failing(bucket, 'read', key)),
    };
  } catch (error) {
    if (s3CodeOf(error) === 'NoSuchKey') return undefined;
    if (statusOf(error) !== 416) return failing(bucket, 'get', key)(error);
    throw storageError('bad_range', { key, range, size: (await head(bucket, key))?.size });
  }
};

/** Lets go of the connection also when the reader stops before the first chunk. */
const bodyOf = (stream: Readable, fail: (error: unknown) => never): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => {
    const chunks = stream[Symbol.asyncIterator]();
    return {
      next: () => chunks.next().catch(fail),
      return: async () => {
        stream.destroy();
        return { done: true, value: undefined };
      },
    };
  },
});

const head = async (bucket: Bucket, key: ObjectKey) => {
  try {
    const reply = await bucket.client.send(new HeadObjectCommand(at(bucket, key)));
    return { size: reply.ContentLength ?? 0, modifiedAt: reply.LastModified ?? new Date(0) };
  } catch (error) {
    return statusOf(error) === 404 ? undefined : failing(bucket, 'head', key)(error);
  }
};

async function* list(bucket: Bucket, prefix: string): AsyncGenerator<ListedBlob, void, undefined> {
  const wanted = { Bucket: bucket.bucket, Prefix: bucket.prefix + prefix };
  const pages = paginateListObjectsV2({ client: bucket.client, pageSize: bucket.pageSize ?? 1000 }, wanted);
  try {
    for await (const page of pages) {
      for (const found of page.Contents ?? []) {
        const key = parseObjectKey(found.Key?.slice(bucket.prefix.length) ?? '');
        if (key) yield { key, size: found.Size ?? 0, modifiedAt: found.LastModified ?? new Date(0) };
      }
    }
  } catch (error) {
    throw s3Failure(placeOf(bucket), 'list', error, { prefix });
  }
}
