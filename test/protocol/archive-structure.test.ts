// Archives that are cut, continued, padded or random: the blocks between and after the entries.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import {
  chunked,
  END,
  inspect,
  manifestEntry,
  noise,
  rawEntry,
  refusals,
  tarOf,
  violationsOf,
} from '../world/archives.ts';

const tar = tarOf(
  manifestEntry,
  { name: 'README.md', bytes: 'hello' },
  { name: 'data.bin', bytes: noise(3_000) },
);

const only = async (archive: Uint8Array): Promise<string> => {
  const found = await refusals(gzipSync(archive));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
};

describe('an archive is refused when', () => {
  it('it is truncated at any multiple of 512 bytes', async () => {
    for (let end = 0; end < tar.length; end += 512)
      expect(await only(tar.subarray(0, end))).toContain('cut short: its two empty end blocks are missing');
  });

  it('it is truncated anywhere else', async () => {
    for (let end = 1; end < tar.length; end += 97)
      expect(await only(tar.subarray(0, end))).toContain('tarball_tar_parse_failed');
  });

  it('garbage follows after its end', async () => {
    const garbage = [Buffer.from('x'), noise(512), Buffer.concat([Buffer.alloc(9_000), Buffer.from('x')])];
    for (const tail of garbage)
      expect(await only(Buffer.concat([tar, tail]))).toContain('Bytes follow after the end of the archive');
  });

  it('a second archive follows after its end, which some readers would go on to read', async () => {
    const second = tarOf({ name: 'pack.json', bytes: '{"name":"evil"}' });
    expect(await only(Buffer.concat([tar, second]))).toContain('Bytes follow after the end of the archive');
  });

  it('an entry follows after a single empty block, where some readers stop', async () => {
    const archive = Buffer.concat([
      rawEntry(manifestEntry),
      Buffer.alloc(512),
      rawEntry({ name: 'late' }),
      END,
    ]);
    expect(await only(archive)).toContain('An entry follows after an empty block');
  });

  it('its end has only one empty block', async () => {
    expect(await only(tar.subarray(0, -512))).toContain('cut short');
  });

  it('it is not a whole number of blocks', async () => {
    expect(await only(Buffer.concat([tar, Buffer.alloc(100)]))).toContain(
      'not a whole number of 512-byte blocks',
    );
  });

  it('bytes are hidden in the padding after a file', async () => {
    const archive = Buffer.from(tar);
    archive.write('hidden', 512 + 500);
    expect(await only(archive)).toContain('Bytes are hidden in the padding after a file');
  });

  it('it is empty, or nothing but its end', async () => {
    expect(await only(Buffer.alloc(0))).toContain('cut short');
    expect(await only(END)).toContain('tarball_manifest_missing');
  });

  it('it is random bytes', async () => {
    for (const length of [1, 511, 512, 513, 10_240, 100_000])
      expect(await only(noise(length))).toContain('tarball_tar_parse_failed');
  });
});

describe('an archive is taken when', () => {
  it('its last record is filled with zeros, as GNU tar does', async () => {
    const filled = Buffer.concat([tar, Buffer.alloc(-tar.length & 10_239 || 10_240 - (tar.length % 10_240))]);
    expect(await violationsOf(gzipSync(Buffer.concat([tar, Buffer.alloc(10_240)])))).toEqual([]);
    expect(await violationsOf(gzipSync(filled.subarray(0, filled.length - (filled.length % 512))))).toEqual(
      [],
    );
  });

  it('its bytes arrive in any pieces: the report is the same', async () => {
    const bytes = gzipSync(
      Buffer.concat([tarOf(manifestEntry, { name: 'data.bin', bytes: noise(200_000) })]),
    );
    const whole = await inspect(bytes);
    expect(whole.violations).toEqual([]);
    for (const size of [13, 100, 511, 512, 513, 10_000])
      expect(await inspectTarball(chunked(bytes, size).source)).toEqual(whole);
  });
});
