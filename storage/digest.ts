// What bytes are called: SHA-256 digests and their text forms, with Node's hash or in a browser without. Pure.
import { sha256 } from '@noble/hashes/sha2.js';

// Asked for at run time rather than imported, so that a bundle for the browser holds no Node module.
const native = globalThis.process?.getBuiltinModule?.('node:crypto');

/** The SHA-256 of some bytes as 64 lower-case hex characters. */
export type Digest = string & { readonly __brand: 'Digest' };

/** A digest in the making; `finish` may be called once. */
export interface RunningDigest {
  readonly update: (bytes: Uint8Array) => void;
  readonly finish: () => Digest;
}

const HEX = /^[0-9a-f]{64}$/;
const SRI_PREFIX = 'sha256-';
const SRI = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** Reads 64 lower-case hex characters; any other spelling is undefined. */
export const parseDigest = (text: string): Digest | undefined =>
  HEX.test(text) ? (text as Digest) : undefined;

const hexOf = (bytes: Uint8Array): Digest => {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex as Digest;
};

const startPortable = (): RunningDigest => {
  const hash = sha256.create();
  return { update: (bytes) => void hash.update(bytes), finish: () => hexOf(hash.digest()) };
};

export const startDigest = (): RunningDigest => {
  if (native === undefined) return startPortable();
  const hash = native.createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    finish: () => hash.digest('hex') as Digest,
  };
};

export const digestOf = (bytes: Uint8Array): Digest =>
  native === undefined ? hexOf(sha256(bytes)) : (native.hash('sha256', bytes, 'hex') as Digest);

/** The 32 raw bytes of a digest. */
export const digestBytes = (digest: Digest): Uint8Array =>
  native === undefined
    ? Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(digest.slice(2 * at, 2 * at + 2), 16))
    : new Uint8Array(Buffer.from(digest, 'hex'));

/** The digest that has these 32 raw bytes. */
export const digestOfRaw = (bytes: Uint8Array): Digest => {
  if (bytes.length !== 32) throw new Error('a stored digest is not one');
  return native === undefined ? hexOf(bytes) : (Buffer.from(bytes).toString('hex') as Digest);
};

const base64Of = (digest: Digest): string =>
  native === undefined
    ? btoa(String.fromCharCode(...digestBytes(digest)))
    : Buffer.from(digest, 'hex').toString('base64');

const ofBase64 = (text: string): Digest =>
  native === undefined
    ? hexOf(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)))
    : (Buffer.from(text, 'base64').toString('hex') as Digest);

/** The subresource-integrity form (W3C SRI): `sha256-` and padded standard base64. */
export const integrityOf = (digest: Digest): string => SRI_PREFIX + base64Of(digest);

/**
 * Reads the integrity form. Base64 decoders forgive much (missing padding, stray bits, the URL alphabet), so only
 * the one spelling that `integrityOf` would write is accepted.
 */
export const digestOfIntegrity = (text: string): Digest | undefined => {
  if (!SRI.test(text)) return undefined;
  const digest = ofBase64(text.slice(SRI_PREFIX.length));
  return integrityOf(digest) === text ? digest : undefined;
};

/** Compares in constant time: every character is looked at, wherever the first difference stands. */
export const sameDigest = (a: Digest, b: Digest): boolean => {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
};
