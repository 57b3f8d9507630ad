// A public key in every text form is the same key, and bytes that are no good key have no form.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeHex, encodeBase64, encodeHex, utf8 } from '../../keys/bytes.ts';
import { verify } from '../../keys/ed25519.ts';
import {
  formatPublicKeyBase64,
  formatPublicKeyHex,
  formatPublicKeyPem,
  formatVkey,
  keyFingerprint,
  parseKeyId,
  parsePublicKey,
  parsePublicKeyPem,
  parseVkey,
  publicKeyFromBytes,
  vkeyOf,
} from '../../keys/key.ts';
import { refusalOf, signer, vectors } from './trust-world.ts';

const key = signer('publisher').publicKey;
const pem = formatPublicKeyPem(key);

describe('the forms of a public key', () => {
  it('PEM has 113 bytes and one final newline, and OpenSSL reads and writes the same', () => {
    expect(utf8(pem)).toHaveLength(113);
    expect(pem).toMatch(/[^\n]\n$/);
    expect(createPublicKey(pem).export({ type: 'spki', format: 'pem' })).toBe(pem);
  });

  it.each([
    ['PEM', pem],
    ['PEM with other line ends', pem.replaceAll('\n', '\r\n')],
    ['PEM without the last newline', pem.trimEnd()],
    ['base64', formatPublicKeyBase64(key)],
    ['hex', formatPublicKeyHex(key)],
    ['hex in capitals', formatPublicKeyHex(key).toUpperCase()],
    ['vkey', formatVkey(vkeyOf('example.com/log', key))],
    ['base64 with a newline', `${formatPublicKeyBase64(key)}\n`],
  ])('%s is read back to the same key', (_, text) => {
    expect(encodeHex(parsePublicKey(text))).toBe(encodeHex(key));
  });

  it('the fingerprint is of the SubjectPublicKeyInfo', () => {
    expect(keyFingerprint(key)).toMatch(/^SHA256:[0-9a-f]{64}$/);
    expect(keyFingerprint(signer('other').publicKey)).not.toBe(keyFingerprint(key));
  });

  it('is a copy: changing the source afterwards changes nothing', () => {
    const source = Uint8Array.from(key);
    const taken = publicKeyFromBytes(source);
    source.fill(0);
    expect(encodeHex(taken)).toBe(encodeHex(key));
  });
});

describe('what is refused as a public key', () => {
  const smallOrder = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
  const nonCanonical = `f0${'ff'.repeat(30)}7f`;
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const body = pem.split('\n')[1] ?? '';

  it.each([
    ['31 bytes', 'key_length', encodeBase64(key.subarray(0, 31))],
    ['33 bytes', 'key_length', encodeBase64(new Uint8Array(33))],
    ['nothing', 'key_length', ''],
    ['a small-order key', 'key_small_order', smallOrder],
    ['the identity with a sign', 'key_small_order', `01${'00'.repeat(30)}80`],
    ['a non-canonical key', 'key_non_canonical', nonCanonical],
    ['any text', 'key_form', 'not a key'],
    ['base64 without padding', 'key_form', formatPublicKeyBase64(key).slice(0, -1)],
    ['base64 with spare bits set', 'key_form', `${'A'.repeat(42)}B=`],
    ['a PEM of another algorithm', 'key_form', x25519],
    ['a PEM of two keys', 'key_form', pem + pem],
    ['a PEM with a broken line', 'key_form', pem.replace(body, `${body.slice(0, 30)}\n${body.slice(30)}`)],
  ])('%s', (_, code, text) => {
    expect(refusalOf(() => parsePublicKey(text)).code).toBe(code);
  });

  it('a PEM around a small-order key', () => {
    const spki = `302a300506032b6570032100${smallOrder}`;
    const text = pem.replace(body, encodeBase64(decodeHex(spki) ?? new Uint8Array()));
    expect(refusalOf(() => parsePublicKeyPem(text)).code).toBe('key_small_order');
  });
});

describe('vkeys (C2SP signed-note)', () => {
  interface VkeyVector {
    readonly vkey: string;
    readonly name: string;
    readonly id: string;
    readonly text: string;
    readonly signatureLine: string;
  }
  const vector = vectors<VkeyVector>('vkey');

  it('the published vkey is read, written back, and its published signature verifies', () => {
    const vkey = parseVkey(vector.vkey);
    const blob = decodeBase64(vector.signatureLine) ?? new Uint8Array();
    expect([vkey.name, encodeHex(vkey.id)]).toEqual([vector.name, vector.id]);
    expect(formatVkey(vkey)).toBe(vector.vkey);
    expect(encodeHex(blob.subarray(0, 4))).toBe(vector.id);
    const [message, signature] = [utf8(vector.text), blob.subarray(4)];
    expect(verify({ publicKey: vkey.publicKey, message, signature })).toBe(true);
  });

  it('a plus in the base64 does not confuse the split', () => {
    const withPlus = Array.from({ length: 200 }, (_, n) => signer(`plus-${n}`).publicKey)
      .map((publicKey) => formatVkey(vkeyOf('log.example.com', publicKey)))
      .filter((text) => text.split('+').length > 3);
    expect(withPlus.length).toBeGreaterThan(0);
    expect(withPlus.map((text) => formatVkey(parseVkey(text)))).toEqual(withPlus);
  });

  it.each([
    ['the hash of another name', 'vkey_hash', vector.vkey.replace('foo', 'bar')],
    ['another algorithm byte', 'vkey_algorithm', `x+00000000+${encodeBase64(new Uint8Array(33).fill(2))}`],
    ['an empty name', 'vkey_form', vector.vkey.slice('example.com/foo'.length)],
    ['a blank in the name', 'vkey_form', vector.vkey.replace('/', ' ')],
    ['no key', 'vkey_form', 'example.com/foo+530d903a+'],
    ['a short hash', 'vkey_form', vector.vkey.replace('530d903a', '530d903')],
  ])('%s is refused', (_, code, text) => {
    expect(refusalOf(() => parseVkey(text)).code).toBe(code);
  });
});

describe('key ids', () => {
  it.each(['openwop-registry-root', 'a', 'A.b_c~d-9', 'x'.repeat(128)])('%s is one', (text) => {
    expect(parseKeyId(text)).toBe(text);
  });
  it.each(['', '.', '..', 'a/b', 'a b', 'a\n', 'ä', 'x'.repeat(129), '../keys'])('%j is none', (text) => {
    expect(refusalOf(() => parseKeyId(text)).code).toBe('key_id');
  });
});
