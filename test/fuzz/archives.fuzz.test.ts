// Archives under damage: the tarballs of packs and the CARs of bases.
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { ContentError } from '../../src/protocol/content-errors.ts';
import { blockBytes, openCar } from '../../src/protocol/knowledge/car-reader.ts';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import { chunked } from '../world/archives.ts';
import { fuzz, thrownAs } from './harness.ts';

const inspectBoth = async (bytes: Uint8Array): Promise<void> => {
  const whole = await inspectTarball(chunked(bytes).source);
  expect(await inspectTarball(chunked(bytes, 61).source)).toEqual(whole);
  if (whole.violations.length > 0) return;
  expect(whole.manifestBytes).toBeDefined();
  for (const { path } of whole.files) expect(path).not.toMatch(/(^|\/)\.\.(\/|$)|^\/|\\|\0/);
};

fuzz({
  parser: 'tarball',
  read: (input) => inspectBoth(input),
  longest: 16 * 1024,
});

/** Past the checksum of the gzip member, which would hide the rest. */
fuzz({
  parser: 'tar',
  read: (input) => inspectBoth(gzipSync(input, { level: 1 })),
});

const readCar = async (bytes: Buffer): Promise<readonly string[]> => {
  const car = await openCar(chunked(bytes, 97).source);
  const found: string[] = [...car.roots];
  for (let block = await car.next(); block !== undefined; block = await car.next())
    found.push(`${block.cid} ${(await blockBytes(block)).length}`);
  return found;
};

fuzz({ parser: 'car', read: readCar, refuses: thrownAs(ContentError) });
