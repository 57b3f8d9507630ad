// What objects are called.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../storage/digest.ts';
import { BLOB_PREFIX, blobKey, parseBlobKey, parseObjectKey } from '../../storage/object-keys.ts';

const digest = digestOf(Buffer.from('abc'));

describe("a blob's key", () => {
  it('is the digest below a two-character fan', () => {
    expect(blobKey(digest)).toBe(`${BLOB_PREFIX}ba/${digest}`);
  });

  it('tells its digest back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => parseBlobKey(blobKey(digestOf(bytes))) === digestOf(bytes)),
    );
  });

  it.each([
    ['the wrong fan', `${BLOB_PREFIX}bb/${digest}`],
    ['no fan', `${BLOB_PREFIX}${digest}`],
    ['a step upwards', `${BLOB_PREFIX}../${digest}`],
    ['upper case', `${BLOB_PREFIX}ba/${digest.toUpperCase()}`],
    ['something before', `x/${BLOB_PREFIX}ba/${digest}`],
    ['something after', `${BLOB_PREFIX}ba/${digest}.part`],
    ['a newline', `${BLOB_PREFIX}ba/${digest}\n`],
    ['nothing', ''],
  ])('is not recognised with %s', (_, text) => {
    expect(parseBlobKey(text)).toBeUndefined();
    expect(parseObjectKey(text)).toBeUndefined();
  });
});
