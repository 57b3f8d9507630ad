// What bytes are called.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digestBytes,
  digestOf,
  digestOfIntegrity,
  integrityOf,
  parseDigest,
  sameDigest,
  startDigest,
} from '../../storage/digest.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('a digest', () => {
  it('is SHA-256 in lower-case hex', () => {
    expect(digestOf(new Uint8Array())).toBe(EMPTY);
    expect(digestOf(Buffer.from('abc'))).toBe(ABC);
  });

  it('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (pieces) => {
        const running = startDigest();
        for (const piece of pieces) running.update(piece);
        return running.finish() === digestOf(Buffer.concat(pieces));
      }),
    );
  });

  it.each([
    ['upper case', ABC.toUpperCase()],
    ['one short', ABC.slice(1)],
    ['one long', `${ABC}0`],
    ['a newline', `${ABC}\n`],
    ['no hex', `g${ABC.slice(1)}`],
    ['nothing', ''],
  ])('is refused when spelled with %s', (_, text) => {
    expect(parseDigest(text)).toBeUndefined();
  });

  it('survives each of its text forms', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const digest = digestOf(bytes);
        expect(parseDigest(digest)).toBe(digest);
        expect(digestOfIntegrity(integrityOf(digest))).toBe(digest);
        expect(Buffer.from(digestBytes(digest)).toString('hex')).toBe(digest);
      }),
    );
  });

  it('equals itself and no other', () => {
    expect(sameDigest(digestOf(Buffer.from('a')), digestOf(Buffer.from('a')))).toBe(true);
    expect(sameDigest(digestOf(Buffer.from('a')), digestOf(Buffer.from('b')))).toBe(false);
  });
});

describe('the integrity form', () => {
  const good = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';

  it('is standard padded base64', () => {
    const digest = parseDigest(ABC);
    expect(digest && integrityOf(digest)).toBe(good);
    expect(digestOfIntegrity(good)).toBe(ABC);
  });

  it.each([
    ['no padding', good.slice(0, -1)],
    ['the URL alphabet', good.replaceAll('+', '-').replaceAll('/', '_')],
    ['stray bits before the padding', good.replace('Fa0=', 'Fa1=')],
    ['a space', good.replace('-', '- ')],
    ['a newline at the end', `${good}\n`],
    ['another algorithm', good.replace('sha256', 'sha512')],
    ['an upper-case algorithm', good.replace('sha256', 'SHA256')],
    ['two hashes', `${good} ${good}`],
    ['hex', `sha256-${ABC}`],
    ['nothing after the algorithm', 'sha256-'],
  ])('is refused with %s', (_, text) => {
    expect(digestOfIntegrity(text)).toBeUndefined();
  });

  it('has one spelling: any other text that is accepted would not come back the same', () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 40, maxLength: 48 }), (text) => {
        const digest = digestOfIntegrity(`sha256-${text}`);
        return digest === undefined || integrityOf(digest) === `sha256-${text}`;
      }),
    );
  });
});
