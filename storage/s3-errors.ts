// Turns what an S3 store answers into our words, naming the cure where there is one. Pure.
import { type StorageError, type StorageEvidence, storageError } from './errors.ts';

/** The parts of an SDK error that say what happened; all may be missing when no answer came. */
interface Answer {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Where the bucket is, for sentences an operator can act on. */
export interface Place {
  readonly bucket: string;
  readonly endpoint: string | undefined;
}

const REFUSED = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'CredentialsProviderError',
]);

const answerOf = (error: unknown): Answer => (typeof error === 'object' && error !== null ? error : {});

/** The HTTP status of the answer; undefined when none came. */
export const statusOf = (error: unknown): number | undefined => answerOf(error).$metadata?.httpStatusCode;

/** S3's own word for what happened, such as `NoSuchKey`, or the name of a network error. */
export const s3CodeOf = (error: unknown): string => {
  const { Code, name } = answerOf(error);
  return typeof Code === 'string' ? Code : String(name ?? 'unknown');
};

/**
 * S3 answers 409 while another write or delete of the key is under way. Unlike 412 that does not mean the object
 * exists: both may fail or vanish yet, so the put has to be sent again.
 */
export const isConflict = (error: unknown): boolean => statusOf(error) === 409;

/** Whether the same put may simply be sent again: a conflict, no answer, or trouble on their side. */
export const mayRepeat = (error: unknown): boolean => {
  const status = statusOf(error);
  if (status === undefined) return !REFUSED.has(s3CodeOf(error));
  return isConflict(error) || status === 429 || status >= 500;
};

/** Always `store_unavailable`: a caller of the service never caused it. */
export const s3Failure = (
  place: Place,
  operation: string,
  cause: unknown,
  evidence: StorageEvidence = {},
): StorageError => {
  const code = s3CodeOf(cause);
  const details = { operation, ...place, ...evidence, s3Code: code, status: statusOf(cause) };
  return storageError('store_unavailable', details, sentence(place, operation, code, statusOf(cause)), cause);
};

const sentence = (place: Place, operation: string, code: string, status: number | undefined): string => {
  const where = `the bucket "${place.bucket}" at ${place.endpoint ?? 'AWS'}`;
  if (code === 'NoSuchBucket')
    return `There is no bucket "${place.bucket}" at ${place.endpoint ?? 'AWS'}: create it.`;
  if (REFUSED.has(code) || status === 403)
    return `The credentials do not open ${where} (${code}): check them.`;
  if (code === 'PermanentRedirect' || status === 301) return `The region is wrong for ${where}: correct it.`;
  return `Could not ${operation} in ${where} (${code}).`;
};
