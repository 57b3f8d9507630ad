// What the compression around an archive can hide, repeat or blow up.
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ARCHIVE_CAPS, inspectTarball } from '../../src/protocol/tarball.ts';
import {
  chunked,
  inspect,
  manifestEntry,
  noise,
  packWith,
  refusals,
  tarOf,
  violationsOf,
} from '../world/archives.ts';

const good = packWith({ name: 'README.md', bytes: 'hello' });
/** More than is inflated in one call, so that the streaming road is walked. */
const large = packWith({ name: 'data.bin', bytes: noise(300_000) });
const bomb = gzipSync(Buffer.alloc(64 * 1_048_576), { level: 9 });

const withFlags = (flags: number, ...inserted: readonly Uint8Array[]): Buffer => {
  const head = Buffer.from(good.subarray(0, 10));
  head[3] = flags;
  return Buffer.concat([head, ...inserted, good.subarray(10)]);
};

describe.each([
  ['small', good],
  ['large', large],
])('a %s tarball is refused when', (_, sound) => {
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(sound);
    change(bytes);
    return bytes;
  };
  const only = async (bytes: Uint8Array): Promise<string> => {
    const found = await refusals(bytes);
    expect(found).toHaveLength(1);
    return found[0] ?? '';
  };

  it('a second gzip member follows', async () => {
    expect(await only(Buffer.concat([sound, good]))).toBe(
      'tarball_gunzip_failed "" A second gzip member follows the first.',
    );
  });

  it('garbage follows, even one byte or one zero', async () => {
    for (const tail of [Buffer.from('garbage'), Buffer.from([1]), Buffer.from([0])]) {
      expect(await only(Buffer.concat([sound, tail]))).toBe(
        'tarball_gunzip_failed "" Bytes follow after the gzip member.',
      );
    }
  });

  it('its checksum or its size is wrong', async () => {
    for (const at of [8, 4]) {
      const bytes = changed((each) => each.writeUInt8((each.at(-at) ?? 0) ^ 1, each.length - at));
      expect(await only(bytes)).toContain('does not match the checksum and size');
    }
  });

  it('its checksum is cut off', async () => {
    for (const cut of [1, 4, 8])
      expect(await only(sound.subarray(0, -cut))).toContain('tarball_gunzip_failed');
  });

  it('its compressed data is damaged', async () => {
    const bytes = changed((each) => each.fill(0xff, 12, 16));
    expect(await only(bytes)).toContain('tarball_gunzip_failed');
  });

  it('nothing of that kind, in whatever pieces the bytes arrive', async () => {
    for (const size of [1, 7, 512, 65_536]) {
      if (sound === large && size < 7) continue;
      const report = await inspectTarball(chunked(sound, size).source);
      expect(report.violations).toEqual([]);
      expect(report.files).toHaveLength(2);
    }
  });

  it('a trailing member arrives in pieces of its own', async () => {
    const report = await inspectTarball(chunked(Buffer.concat([sound, good]), 97).source);
    expect(report.violations.map((each) => each.message)).toEqual([
      'A second gzip member follows the first.',
    ]);
  });
});

describe('a body is refused when it', () => {
  it.each([
    ['is no gzip', Buffer.from('not a gzip stream')],
    ['is empty', Buffer.alloc(0)],
    ['ends inside the header', good.subarray(0, 6)],
    ['is only a header', good.subarray(0, 10)],
    ['is a broken gzip of twelve bytes', Buffer.from('1f8b0800000000000003deadbeef'.slice(0, 24), 'hex')],
    ['uses another compression', Buffer.concat([Buffer.from([0x1f, 0x8b, 7]), good.subarray(3)])],
    ['is a zlib stream', Buffer.from('789c030000000001', 'hex')],
    ['sets a reserved flag', withFlags(0x20)],
    ['carries an extra field', withFlags(0x04, Buffer.from([2, 0, 9, 9]))],
    ['carries a comment', withFlags(0x10, Buffer.from('hidden\0'))],
    ['carries a header checksum', withFlags(0x02, Buffer.from([0, 0]))],
    ['has a file name without an end', withFlags(0x08, Buffer.alloc(4_000, 'n'))],
  ])('%s', async (_, bytes) => {
    expect(await violationsOf(bytes)).toMatchObject([{ code: 'tarball_gunzip_failed' }]);
  });

  it('is cut anywhere', async () => {
    for (let end = 0; end < good.length; end += 1)
      expect(await violationsOf(good.subarray(0, end))).toMatchObject([{ code: 'tarball_gunzip_failed' }]);
  });
});

describe('a bomb', () => {
  it('of 64 MiB of zeros in 64 KB is too large, and nothing else', async () => {
    expect(bomb.length).toBeLessThan(70_000);
    expect((await violationsOf(bomb)).map((each) => each.code)).toEqual(['tarball_too_large']);
  });

  it('is stopped by the ratio long before the size', async () => {
    expect(await refusals(bomb)).toEqual([
      'tarball_too_large "" The tarball unpacks to more than 200 times its size.',
    ]);
  });

  it('is stopped by the size where the ratio is generous', async () => {
    const caps = { ...DEFAULT_ARCHIVE_CAPS, maxRatio: 5_000 };
    expect(await refusals(bomb, caps)).toEqual([
      'tarball_too_large "" The tarball unpacks to more than 52428800 bytes.',
    ]);
  });

  it('is not read further once a cap is passed', async () => {
    const { source, asked } = chunked(gzipSync(Buffer.alloc(256 * 1_048_576), { level: 1 }), 4_096);
    const report = await inspectTarball(source);
    expect(report.violations[0]?.code).toBe('tarball_too_large');
    expect(asked.bytes).toBeLessThan(80_000);
  });

  it('inside of a sound archive is a file like any other: nothing in an archive is ever unpacked', async () => {
    const report = await inspect(packWith({ name: 'nested.gz', bytes: bomb }));
    expect(report.violations).toEqual([]);
    expect(report.files[1]?.size).toBe(bomb.length);
  });

  it('inside of gzip inside of gzip is no archive, and only the outer gzip is ever unpacked', async () => {
    const nested = gzipSync(gzipSync(gzipSync(Buffer.alloc(300 * 1_048_576), { level: 1 })));
    expect(await violationsOf(nested)).toMatchObject([{ code: 'tarball_tar_parse_failed' }]);
  });

  it('as a file of zeros in a sound archive is too large', async () => {
    const wide = gzipSync(tarOf(manifestEntry, { name: 'zeros', bytes: Buffer.alloc(4 * 1_048_576) }));
    expect(await violationsOf(wide)).toMatchObject([{ code: 'tarball_too_large' }]);
  });

  it('may not be hidden behind data that does not compress', async () => {
    const lead = { name: 'noise', bytes: noise(50_000) };
    const zeros = Array.from({ length: 11 }, (_, at) => ({
      name: `z${at}`,
      bytes: Buffer.alloc(4 * 1_048_576),
    }));
    expect((await refusals(packWith(lead, ...zeros)))[0]).toContain('tarball_too_large');
  });
});

describe('a tarball is taken when', () => {
  it('gzip wrote the name of the file into its header', async () => {
    expect(await violationsOf(withFlags(0x08, Buffer.from('pack.tar\0')))).toEqual([]);
  });

  it('it is stored without compression', async () => {
    const tar = tarOf(manifestEntry);
    const stored = deflateRawSync(tar, { level: 0 });
    const tail = gzipSync(tar).subarray(-8);
    expect(await violationsOf(Buffer.concat([good.subarray(0, 10), stored, tail]))).toEqual([]);
  });

  it('a MiB of zeros is all that compresses so well', async () => {
    expect(await violationsOf(packWith({ name: 'zeros', bytes: Buffer.alloc(1_000_000) }))).toEqual([]);
  });
});

describe('a source that fails', () => {
  it('is not the fault of the archive: its error passes through', async () => {
    const failing = async function* () {
      yield good.subarray(0, 100);
      throw new Error('the disk is gone');
    };
    await expect(inspectTarball(failing())).rejects.toThrow('the disk is gone');
  });

  it('is let go of as soon as the archive is refused', async () => {
    let released = false;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(4_096, 'x');
      } finally {
        released = true;
      }
    };
    expect((await inspectTarball(endless())).violations).toHaveLength(1);
    expect(released).toBe(true);
  });
});
