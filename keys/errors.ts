// Why a key, a signature or a signed document was refused: one closed list. Pure.

export const KEY_ERRORS = {
  // Canonical JSON
  json_value: 'The value cannot be written as JSON.',
  json_too_deep: 'The value is nested deeper than this registry reads.',
  json_not_canonical: 'The bytes are not the canonical spelling (RFC 8785) of their value.',
  // Keys and their text forms
  key_length: 'A public key has exactly 32 bytes.',
  key_form: 'The text is no public key in a form known here (PEM, base64, hex, vkey).',
  key_non_canonical: 'The public key is not in its canonical encoding.',
  key_small_order: 'The public key is a small-order point, for which signatures prove nothing.',
  key_id: 'A key id has 1 to 128 characters out of A-Z a-z 0-9 . _ ~ - and is not "." or "..".',
  seed_length: 'A seed has exactly 32 bytes.',
  vkey_form: 'A vkey reads <name>+<8 hex>+<base64>.',
  vkey_algorithm: 'Only Ed25519 vkeys (algorithm byte 1) are known here.',
  vkey_hash: 'The key hash of the vkey is not the hash of its name and key.',
  // Envelopes
  envelope_form: 'That is not a DSSE envelope.',
  envelope_too_large: 'The envelope is larger than this registry reads.',
  payload_type: 'The envelope carries another payload type than was asked for.',
  threshold: 'A threshold is a whole number of at least 1.',
  threshold_not_met: 'Too few of the keys that count have signed.',
  signer_broken: 'The signer returned a signature that its own public key refuses.',
  // Signed documents
  document: 'The signed document breaks a rule of its type.',
  root_old_threshold: 'The new root is not signed by enough keys of the root trusted so far.',
  root_new_threshold: 'The new root is not signed by enough of its own keys.',
  root_registry: 'The root belongs to another registry.',
  root_rollback: 'The root is not newer than the one trusted so far.',
  root_skipped: 'The root skips a version: every step must be walked.',
  keyring_rollback: 'The keyring is older than one seen before.',
  keyring_fork: 'Two different keyrings carry the same version.',
  withdrawals_rollback: 'The list of withdrawn versions is older than one seen before.',
  withdrawals_fork: 'Two different lists of withdrawn versions carry the same version number.',
  // Key files
  seed_file_exists: 'There is a file at that path; a key is never overwritten.',
  seed_file_unreadable: 'The key file cannot be read.',
  seed_file_open: 'The key file can be read by others than its owner.',
  seed_file_encrypted: 'The key file is encrypted; this registry reads unencrypted key files only.',
  seed_file_type: 'The key file holds a key that is not Ed25519.',
  seed_file_form: 'The key file is not a PKCS#8 PEM private key.',
} as const;

export type KeyErrorCode = keyof typeof KEY_ERRORS;

/** The evidence of a refusal: plain JSON values, never key material. */
export type Evidence = Readonly<Record<string, unknown>>;

export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;
  readonly details: Evidence;

  constructor(code: KeyErrorCode, details: Evidence = {}, message: string = KEY_ERRORS[code]) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
