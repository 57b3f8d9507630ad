// What bytes are called: SHA-256 digests and their text forms. Pure.
import { createHash, timingSafeEqual } from 'node:crypto';

/** The SHA-256 of some bytes as 64 lower-case hex characters. */
export type Digest = string & { readonly __brand: 'Digest' };

/** A digest in the making; `finish` may be called once. */
export interface RunningDigest {
  readonly update: (bytes: Uint8Array) => void;
  readonly finish: () => Digest;
}

const HEX = /^[0-9a-f]{64}$/;
const SRI_PREFIX = 'sha256-';

/** Reads 64 lower-case hex characters; any other spelling is undefined. */
export const parseDigest = (text: string): Digest | undefined =>
  HEX.test(text) ? (text as Digest) : undefined;

export const startDigest = (): RunningDigest => {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    finish: () => hash.digest('hex') as Digest,
  };
};

export const digestOf = (bytes: Uint8Array): Digest =>
  createHash('sha256').update(bytes).digest('hex') as Digest;

/** The 32 raw bytes of a digest. */
export const digestBytes = (digest: Digest): Uint8Array => new Uint8Array(Buffer.from(digest, 'hex'));

/** The subresource-integrity form (W3C SRI): `sha256-` and padded standard base64. */
export const integrityOf = (digest: Digest): string =>
  SRI_PREFIX + Buffer.from(digest, 'hex').toString('base64');

/**
 * Reads the integrity form. Base64 decoders forgive much (missing padding, stray bits, the URL alphabet), so only
 * the one spelling that `integrityOf` would write is accepted.
 */
export const digestOfIntegrity = (text: string): Digest | undefined => {
  if (!text.startsWith(SRI_PREFIX)) return undefined;
  const digest = parseDigest(Buffer.from(text.slice(SRI_PREFIX.length), 'base64').toString('hex'));
  return digest !== undefined && integrityOf(digest) === text ? digest : undefined;
};

/** Compares in constant time. */
export const sameDigest = (a: Digest, b: Digest): boolean =>
  timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
