// SHA-256 and SHA-512 for keys and documents: native where Node offers it, portable elsewhere.
import { sha256 as portableSha256, sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import { nativeCrypto } from './native.ts';

const native = (name: 'sha256' | 'sha512') => {
  const crypto = nativeCrypto;
  return crypto && ((message: Uint8Array) => new Uint8Array(crypto.hash(name, message, 'buffer')));
};

/** 32 bytes. */
export const sha256: (message: Uint8Array) => Uint8Array = native('sha256') ?? portableSha256;

/** 64 bytes. */
export const sha512: (message: Uint8Array) => Uint8Array = native('sha512') ?? portableSha512;
