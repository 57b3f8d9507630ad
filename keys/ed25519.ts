// The one door to Ed25519: strict verdicts, native where Node offers it and portable elsewhere.
import type { KeyObject } from 'node:crypto';
import * as noble from '@noble/ed25519';
import { concatBytes, decodeHex } from './bytes.ts';
import { KeyError } from './errors.ts';
import { sha512 } from './hash.ts';
import { spkiOf } from './key.ts';
import { type NodeCrypto, nativeCrypto } from './native.ts';
import { isCanonicalScalar, pointFlaw } from './point.ts';

noble.hashes.sha512 = (message) => new Uint8Array(sha512(message));

/** What stands before the seed in a DER PKCS#8 private key (RFC 8410). */
const PKCS8_PREFIX = decodeHex('302e020100300506032b657004220420') ?? new Uint8Array();

/** How many imported keys are kept ready; bounded, because whoever sends signatures chooses the keys. */
const CACHED_KEYS = 1024;

/** 32 bytes of key, any message, 64 bytes of signature; anything else is answered with false, never thrown. */
export interface SignedMessage {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

// Native verification takes small-order keys; every way in passes here first, so that no path is more lenient.
const isWellFormed = ({ publicKey, message, signature }: SignedMessage): boolean =>
  isBytes(publicKey) &&
  isBytes(message) &&
  isBytes(signature) &&
  signature.length === 64 &&
  pointFlaw(publicKey) === undefined &&
  pointFlaw(signature.subarray(0, 32)) === undefined &&
  isCanonicalScalar(signature.subarray(32));

const cache = new Map<string, KeyObject>();

// A map keeps the order of insertion: put back at every use, its first key is the one longest unused.
const importedKey = (crypto: NodeCrypto, publicKey: Uint8Array): KeyObject => {
  const name = String.fromCharCode(...publicKey);
  const der = () => Buffer.from(spkiOf(publicKey));
  const key = cache.get(name) ?? crypto.createPublicKey({ key: der(), format: 'der', type: 'spki' });
  cache.delete(name);
  cache.set(name, key);
  const [oldest] = cache.size > CACHED_KEYS ? cache.keys() : [];
  if (oldest !== undefined) cache.delete(oldest);
  return key;
};

/**
 * Whether the signature is valid under strict rules (RFC 8032 section 5.1.7, S below L, canonical A and R, neither of
 * small order). On Node the group equation is checked without the cofactor, by the portable code with it: a
 * signature made with a small-order component added to key or R can pass only the portable check. Nothing passes
 * only the native one, so a server never believes what a portable verifier refuses; the reverse is a refusal here.
 */
export const verify = (signed: SignedMessage): boolean => {
  if (nativeCrypto === undefined) return verifyPortable(signed);
  if (!isWellFormed(signed)) return false;
  try {
    return nativeCrypto.verify(
      null,
      signed.message,
      importedKey(nativeCrypto, signed.publicKey),
      signed.signature,
    );
  } catch {
    return false;
  }
};

/** The same verdict, made beside the thread that asks for it where Node offers that. */
export const verifyAside = (signed: SignedMessage): Promise<boolean> => {
  const crypto = nativeCrypto;
  if (crypto === undefined) return Promise.resolve(verifyPortable(signed));
  if (!isWellFormed(signed)) return Promise.resolve(false);
  const { publicKey, message, signature } = signed;
  return new Promise((resolve) => {
    const settle = (error: Error | null, verdict: boolean): void => resolve(error === null && verdict);
    try {
      crypto.verify(null, message, importedKey(crypto, publicKey), signature, settle);
    } catch {
      resolve(false);
    }
  });
};

/** The same verdict in plain JavaScript, and slower; see `verify` for the one difference. */
export const verifyPortable = (signed: SignedMessage): boolean => {
  if (!isWellFormed(signed)) return false;
  try {
    return noble.verify(signed.signature, signed.message, signed.publicKey, { zip215: false });
  } catch {
    return false;
  }
};

const requireSeed = (seed: Uint8Array): Uint8Array => {
  if (seed.length !== 32) throw new KeyError('seed_length', { found: seed.length });
  return seed;
};

/**
 * The 48 bytes of a DER PKCS#8 private key around a seed.
 * @throws KeyError `seed_length`
 */
export const pkcs8Of = (seed: Uint8Array): Uint8Array => concatBytes(PKCS8_PREFIX, requireSeed(seed));

const privateKey = (crypto: NodeCrypto, seed: Uint8Array): KeyObject =>
  crypto.createPrivateKey({ key: Buffer.from(pkcs8Of(seed)), format: 'der', type: 'pkcs8' });

/**
 * A function that signs with this seed: deterministic 64-byte signatures (RFC 8032 section 5.1.6). Importing the key
 * costs far more than signing, so whoever signs often keeps the function.
 * @throws KeyError `seed_length`
 */
export const signWith = (seed: Uint8Array): ((message: Uint8Array) => Uint8Array) => {
  const crypto = nativeCrypto;
  const held = Uint8Array.from(requireSeed(seed));
  if (crypto === undefined) return (message) => noble.sign(message, held);
  const key = privateKey(crypto, held);
  return (message) => new Uint8Array(crypto.sign(null, message, key));
};

/** One signature; throws like `signWith`. */
export const sign = (message: Uint8Array, seed: Uint8Array): Uint8Array => signWith(seed)(message);

/**
 * The 32 bytes of the public key that belongs to a seed.
 * @throws KeyError `seed_length`
 */
export const publicKeyOf = (seed: Uint8Array): Uint8Array => {
  if (nativeCrypto === undefined) return noble.getPublicKey(requireSeed(seed));
  const key = nativeCrypto.createPublicKey(privateKey(nativeCrypto, seed));
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32));
};

/** 32 fresh random bytes. */
export const newSeed = (): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(32));
