// The port through which anything is signed, so that a key can live in a file, a process or a device. Pure.
import type { KeyId, PublicKey } from './key.ts';

/**
 * One key that can sign. A signer promises:
 * - the key id and the public key never change while it lives;
 * - `sign` returns the 64 bytes that `verify` accepts for exactly that message and public key, or rejects;
 * - it signs what it is given and nothing else: what may be signed is decided before, by the caller;
 * - the same message may be signed again at any time, so a call that failed can be repeated;
 * - no private material appears in its properties, results or errors.
 */
export interface Signer {
  readonly keyId: KeyId;
  readonly publicKey: PublicKey;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}
