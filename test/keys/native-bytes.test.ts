// What Node does natively says the same as the portable code, for good texts and for bad ones.
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

const bytes = fc.uint8Array({ maxLength: 200 });

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
      }),
      { numRuns: 5_000 },
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
