// SHA-256 and SHA-512 for keys and documents: native where Node offers it, portable elsewhere.
import { sha256 as portableSha256, sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import { nativeCrypto } from './native.ts';

/** The bytes that the characters of a `binary` text number. */
const bytesOf = (binary: string): Uint8Array => {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
};

// As a text: a Buffer of its own for each hash costs Node more than the hash.
const native = (name: 'sha256' | 'sha512') => {
  const crypto = nativeCrypto;
  return crypto && ((message: Uint8Array) => bytesOf(crypto.hash(name, message, 'binary')));
};

/** 32 bytes. */
export const sha256: (message: Uint8Array) => Uint8Array = native('sha256') ?? portableSha256;

/** 64 bytes. */
export const sha512: (message: Uint8Array) => Uint8Array = native('sha512') ?? portableSha512;
