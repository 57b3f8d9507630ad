// The vkey of a witness is another key than the vkey of a log, though name and bytes be the same.
import { describe, expect, it } from 'vitest';
import { encodeBase64, encodeHex } from '../../../keys/bytes.ts';
import {
  formatVkey,
  formatWitnessVkey,
  parsePublicKey,
  parseVkey,
  parseWitnessVkey,
  vkeyOf,
  witnessVkeyOf,
} from '../../../keys/key.ts';
import { readWitnesses } from '../../../src/protocol/witness.ts';
import { refusalOf, signer, vectors } from '../../keys/trust-world.ts';

const { publicKey } = signer('witness');
const asLog = vkeyOf('w.example.com', publicKey);
const asWitness = witnessVkeyOf('w.example.com', publicKey);
const text = formatWitnessVkey(asWitness);
const published = vectors<{ readonly cosignatures: readonly { readonly vkey: string }[] }>('signed-note');

describe('the vkey of a witness', () => {
  it.each(published.cosignatures)('$vkey is read and written back', ({ vkey }) => {
    expect(formatWitnessVkey(parseWitnessVkey(vkey))).toBe(vkey);
  });

  it('is read back to the same value', () => {
    expect(parseWitnessVkey(text)).toEqual(asWitness);
    expect(asWitness.algorithm).toBe('cosignature/v1');
  });

  it('has another id than that of a log with the same name and key', () => {
    expect(encodeHex(asWitness.id)).not.toBe(encodeHex(asLog.id));
  });

  it('is refused where the key of a log is asked for, and the other way round', () => {
    expect(refusalOf(() => parseVkey(text)).code).toBe('vkey_algorithm');
    expect(refusalOf(() => parsePublicKey(text)).code).toBe('vkey_algorithm');
    const { code, message } = refusalOf(() => parseWitnessVkey(formatVkey(asLog)));
    expect(code).toBe('vkey_algorithm');
    expect(message).toContain('algorithm byte 4');
  });

  it('that is listed without an address is said to have none', () => {
    expect(readWitnesses(text).problems).toEqual([expect.stringContaining('names no address')]);
  });

  it.each([
    ['the hash of another name', 'vkey_hash', text.replace('w.', 'v.')],
    ['the hash of the log key', 'vkey_hash', text.replace(encodeHex(asWitness.id), encodeHex(asLog.id))],
    ['a short key', 'key_length', `w.example.com+00000000+${encodeBase64(new Uint8Array(32).fill(4))}`],
    ['an empty name', 'vkey_form', text.slice('w.example.com'.length)],
    ['no key', 'vkey_form', 'w.example.com+00000000+'],
  ])('with %s is refused', (_, code, altered) => {
    expect(refusalOf(() => parseWitnessVkey(altered)).code).toBe(code);
  });

  it('is not made for a name with a plus or a blank', () => {
    for (const name of ['', 'a+b', 'a b', 'a\n'])
      expect(refusalOf(() => witnessVkeyOf(name, publicKey)).code).toBe('vkey_form');
  });
});
