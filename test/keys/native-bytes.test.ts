// What Node does natively says the same as the portable code, for good texts and for bad ones.
import { sha256 as portableSha256, sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBase64,
  decodeBase64Portable,
  encodeBase64,
  encodeBase64Portable,
  encodeHex,
  equalBytes,
  fromUtf8,
} from '../../keys/bytes.ts';
import { sha256, sha512 } from '../../keys/hash.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const LONG = 'QUJD'.repeat(100);

describe('native and portable', () => {
  it('base64 is the same text, of windows into larger buffers too', () => {
    fc.assert(
      fc.property(bytes, fc.nat(9), (all, start) => {
        const part = all.subarray(Math.min(start, all.length));
        expect(encodeBase64(part)).toBe(encodeBase64Portable(part));
        expect(decodeBase64(encodeBase64(part))).toEqual(new Uint8Array(part));
      }),
    );
  });

  it('base64 takes and refuses the same texts', () => {
    const sign = fc.constantFrom(...'AQgwBz+/09=-_ \n%é');
    fc.assert(
      fc.property(fc.string({ unit: sign, maxLength: 12 }), (text) => {
        expect(decodeBase64(text)).toEqual(decodeBase64Portable(text));
        // A long text takes the native way.
        expect(decodeBase64(LONG + text)).toEqual(decodeBase64Portable(LONG + text));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['spare bits that are set', 'QR=='],
    ['no padding', 'QQ'],
    ['too little padding', 'QQ='],
    ['padding alone', '===='],
    ['padding in the middle', 'QQ==QQ=='],
    ['the URL-safe alphabet', 'QQ-_'],
    ['a line end', 'QUJD\n'],
    ['a sign beyond ASCII', 'QUJé'],
    ['a sign whose last byte is of the alphabet', 'QUJ\u0141'],
    ['half a character', 'QUJ\ud800'],
  ])('base64 with %s is refused, in a short text and in a long one', (_, text) => {
    expect(decodeBase64Portable(text)).toBeUndefined();
    expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64(LONG + text)).toBeUndefined();
  });

  it('hashes are the same, of windows into larger buffers too, and each has its own memory', () => {
    fc.assert(
      fc.property(bytes, fc.nat(9), (all, start) => {
        const part = all.subarray(Math.min(start, all.length));
        const [one, other] = [sha256(part), sha256(part)];
        expect([one, sha512(part)]).toEqual([portableSha256(part), portableSha512(part)]);
        expect(one.buffer).toHaveProperty('byteLength', 32);
        one.fill(0);
        expect(other).toEqual(portableSha256(part));
      }),
    );
  });

  it('bytes are equal where each of them is', () => {
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        expect(equalBytes(left, right)).toBe(encodeHex(left) === encodeHex(right));
        expect(equalBytes(left, Uint8Array.from(left))).toBe(true);
      }),
    );
  });

  it('text after bytes that were none is read like any other', () => {
    expect(fromUtf8(Uint8Array.of(0xe2, 0x82))).toBeUndefined();
    expect(fromUtf8(Uint8Array.of(0xac, 0x41))).toBeUndefined();
    expect(fromUtf8(Uint8Array.of(0x41))).toBe('A');
  });
});
