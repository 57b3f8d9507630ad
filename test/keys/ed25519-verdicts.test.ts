// What Ed25519 accepts and refuses, by vectors: those of the standard and those on which libraries disagree.
import * as noble from '@noble/ed25519';
import { describe, expect, it } from 'vitest';
import { decodeHex, encodeHex } from '../../keys/bytes.ts';
import { publicKeyOf, sign, verify, verifyAside, verifyPortable } from '../../keys/ed25519.ts';
import { type EdgeCase, edgeCases } from './edge-cases.ts';
import { vectors } from './trust-world.ts';

const bytes = (hex: string): Uint8Array => decodeHex(hex) ?? new Uint8Array();
const signedOf = (each: { publicKey: string; message: string; signature: string }) => ({
  publicKey: bytes(each.publicKey),
  message: bytes(each.message),
  signature: bytes(each.signature),
});

interface Rfc8032 {
  readonly name: string;
  readonly seed: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
}

describe('the vectors of RFC 8032', () => {
  it.each(vectors<{ vectors: Rfc8032[] }>('ed25519-rfc8032').vectors)('$name', (each) => {
    const [seed, signed] = [bytes(each.seed), signedOf(each)];
    expect(encodeHex(publicKeyOf(seed))).toBe(each.publicKey);
    expect(encodeHex(sign(signed.message, seed))).toBe(each.signature);
    expect([verify(signed), verifyPortable(signed)]).toEqual([true, true]);
  });
});

describe('the edges of Ed25519', () => {
  const written = vectors<{ vectors: EdgeCase[] }>('ed25519-edge').vectors;

  it('stand in the vector file exactly as the curve gives them', () => {
    expect(written).toEqual(edgeCases());
  });

  it.each(written)('$name: the same verdict, $strict, beside the thread that asks', async (each) => {
    expect(await verifyAside(signedOf(each))).toBe(each.strict);
  });

  it.each(written)('$name: native $strict, portable $portable', (each) => {
    expect([verify(signedOf(each)), verifyPortable(signedOf(each))]).toEqual([each.strict, each.portable]);
  });

  it('hold attacks that lenient verification falls for', () => {
    const forged = written.filter(({ name }) => name.startsWith('small-order key'));
    const lenient = forged.map(signedOf).map((each) => {
      return noble.verify(each.signature, each.message, each.publicKey, { zip215: true });
    });
    expect(lenient).toEqual(Array(28).fill(true));
  });
});

describe('hostile input', () => {
  const honest = signedOf({ publicKey: '', message: '', signature: '' });
  const wrong: readonly unknown[] = [undefined, null, 'x'.repeat(64), 7, {}, [], new Uint8Array(0)];

  it('is answered with false and never with an exception', () => {
    for (const value of wrong)
      for (const member of ['publicKey', 'message', 'signature']) {
        const signed = { ...honest, [member]: value } as typeof honest;
        expect([verify(signed), verifyPortable(signed)]).toEqual([false, false]);
      }
  });
});
