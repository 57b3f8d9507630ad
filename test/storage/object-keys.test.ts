// What objects are called.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../storage/digest.ts';
import {
  BLOB_PREFIX,
  blobKey,
  LOG_CHECKPOINT_KEY,
  logTileKey,
  parseBlobKey,
  parseObjectKey,
} from '../../storage/object-keys.ts';

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

describe("a log's key", () => {
  it.each([
    'tile/0/000',
    'tile/0/067',
    'tile/9/x001/067',
    'tile/63/x999/x000/000',
    'tile/entries/x001/067.p/12',
    'tile/1/x001/x234/067.p/255',
    'tile/0/999.p/1',
  ])('is the path of the tile below log/: %s', (path) => {
    expect(logTileKey(path)).toBe(`log/${path}`);
    expect(parseObjectKey(`log/${path}`)).toBe(`log/${path}`);
  });

  it('is, for the checkpoint, its name below log/', () => {
    expect(LOG_CHECKPOINT_KEY).toBe('log/checkpoint');
    expect(parseObjectKey('log/checkpoint')).toBe('log/checkpoint');
  });

  it.each([
    ['a level too high', 'tile/64/000'],
    ['a level with a leading zero', 'tile/00/000'],
    ['another kind', 'tile/leaves/000'],
    ['two digits', 'tile/0/67'],
    ['four digits', 'tile/0/0067'],
    ['no x where more follows', 'tile/0/001/067'],
    ['an x on the last group', 'tile/0/x067'],
    ['a leading group of zeros', 'tile/0/x000/067'],
    ['more groups than a number holds', 'tile/0/x001/x000/x000/x000/x000/x000/000'],
    ['a width of zero', 'tile/0/067.p/0'],
    ['a full width', 'tile/0/067.p/256'],
    ['a width with a leading zero', 'tile/0/067.p/012'],
    ['no width', 'tile/0/067.p'],
    ['something after', 'tile/0/067.p/12/1'],
    ['a step upwards', 'tile/0/../067'],
    ['a newline', 'tile/0/067\n'],
    ['no tile', 'checkpoint'],
    ['nothing', ''],
  ])('is not a tile with %s', (_, path) => {
    expect(() => logTileKey(path)).toThrow('is not the path of a tile');
    if (path !== 'checkpoint') expect(parseObjectKey(`log/${path}`)).toBeUndefined();
  });
});
