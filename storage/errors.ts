// The one catalogue of storage failures: what went wrong with bytes, always with the evidence. Pure.

export const STORAGE_ERRORS = {
  blob_missing: 'There are no bytes under this name.',
  blob_corrupt: 'The stored bytes are not the ones their name promises.',
  source_mismatch: 'The source gave other bytes than it announced; nothing was stored.',
  source_discarded: 'These staged bytes were discarded already.',
  too_large: 'There are more bytes than the limit allows.',
  not_replaceable: 'A blob is never replaced: its name is the digest of its bytes.',
  bad_range: 'The range lies outside the blob.',
  bad_location: 'The address of the blob store is not understood.',
  store_unavailable: 'The blob store did not do what was asked; it may be asked again.',
} as const;

export type StorageErrorCode = keyof typeof STORAGE_ERRORS;

/** What was seen: keys, sizes in bytes, digests in hex, limits. Never bytes, never credentials. */
export type StorageEvidence = Readonly<Record<string, unknown>>;

/** A failure of bytes or of the place they live in. `details` says what was expected and what was found. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly details: StorageEvidence;

  constructor(code: StorageErrorCode, message: string, details: StorageEvidence, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
  }
}

/** Makes a storage error; without `message` the catalogue's own sentence is shown. */
export const storageError = (
  code: StorageErrorCode,
  details: StorageEvidence = {},
  message: string = STORAGE_ERRORS[code],
  cause?: unknown,
): StorageError => new StorageError(code, message, details, cause);
