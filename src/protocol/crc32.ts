// The checksum that gzip members end with (RFC 1952 section 8): native where Node offers it, portable elsewhere. Pure.
import { nativeZlib } from './native-zlib.ts';

const POLYNOMIAL = 0xedb88320;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** The same sum in plain JavaScript, and slower. */
export const crc32Portable = (bytes: Uint8Array, before = 0): number => {
  let rest = ~before;
  for (const byte of bytes) rest = (TABLE[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8);
  return ~rest >>> 0;
};

/** Of these bytes after others, whose sum was `before`. */
export const crc32: (bytes: Uint8Array, before?: number) => number = nativeZlib?.crc32 ?? crc32Portable;
