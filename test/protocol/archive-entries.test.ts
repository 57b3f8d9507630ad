// Entries that are no plain files, sizes that lie, and archives with too much in them.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ARCHIVE_CAPS } from '../../src/protocol/tarball.ts';
import {
  END,
  inspect,
  manifestEntry,
  packWith,
  paxRecord,
  rawEntry,
  refusals,
  tarOf,
} from '../world/archives.ts';

describe('an archive is refused when it holds', () => {
  it.each([
    ['a hard link', { type: '1', linkName: '/etc/passwd' }],
    ['a symbolic link', { type: '2', linkName: '../../outside' }],
    ['a character device', { type: '3' }],
    ['a block device', { type: '4' }],
    ['a fifo', { type: '6' }],
    ['a contiguous file', { type: '7' }],
    ['a GNU sparse file', { type: 'S' }],
    ['an entry of an unknown type', { type: 'Z' }],
  ])('%s', async (kind, entry) => {
    expect(await refusals(packWith({ name: 'schemas/x', ...entry }))).toEqual([
      `tarball_tar_parse_failed "schemas/x" It is ${kind}; packs hold files and directories only.`,
    ]);
  });

  it('a link with data, after which readers stand at different places', async () => {
    const found = await refusals(packWith({ name: 'x', type: '1', linkName: 'y', bytes: 'z'.repeat(600) }));
    expect(found[0]).toContain('It is a hard link');
  });

  it('a pax header, and says how to pack without', async () => {
    const pax = { name: 'PaxHeader', type: 'x', bytes: paxRecord('mtime', '1770000000.5') };
    expect(await refusals(packWith(pax, { name: 'README.md', bytes: 'hello' }))).toEqual([
      'tarball_tar_parse_failed "PaxHeader" It is a pax header, which OpenWOP clients cannot read; pack it with "tar --format=ustar" or with "attestry pack".',
    ]);
  });

  it('a pax size that contradicts the header', async () => {
    const pax = { name: 'PaxHeader', type: 'x', bytes: paxRecord('size', '512') };
    const found = await refusals(packWith(pax, { name: 'README.md', bytes: 'hello' }, { name: 'index.mjs' }));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('It is a pax header');
    expect(found[1]).toContain(
      '"README.md" Tar readers disagree about the name, type or size of this entry.',
    );
  });

  it('a pax path that renames an entry behind the back of simple readers', async () => {
    const pax = { name: 'PaxHeader', type: 'x', bytes: paxRecord('path', 'pack.json') };
    const found = await refusals(packWith(pax, { name: 'harmless', bytes: '{}' }));
    expect(found[1]).toContain('"pack.json" Tar readers disagree');
  });

  it.each([
    ['a global pax header', { type: 'g', bytes: paxRecord('comment', 'x') }],
    ['a GNU long name', { type: 'L', bytes: `${'long/'.repeat(40)}name\0` }],
    ['a GNU long link name', { type: 'K', bytes: `${'long/'.repeat(40)}name\0` }],
  ])('%s', async (kind, entry) => {
    const found = await refusals(packWith({ name: '././@LongLink', ...entry }, { name: 'short' }));
    expect(found[0]).toContain(
      `It is ${kind}, which OpenWOP clients cannot read; pack it with "tar --format=ustar"`,
    );
  });

  it('a GNU header instead of a ustar one', async () => {
    const change = (header: Buffer) => void header.write('ustar  \0', 257, 'latin1');
    const found = await refusals(packWith({ name: 'README.md', change }));
    expect(found).toEqual([
      'tarball_tar_parse_failed "" The archive is not in the ustar format; pack it with "tar --format=ustar" or with "attestry pack".',
    ]);
  });

  it('a size in base 256, which simple readers take for another number', async () => {
    const change = (header: Buffer) => void header.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 124);
    const found = await refusals(packWith({ name: 'README.md', bytes: 'hello', change }));
    expect(found).toEqual(['tarball_tar_parse_failed "" A size is not written in plain octal digits.']);
  });

  it('an owner id in base 256', async () => {
    const change = (header: Buffer) => void header.set([0x80, 0, 0, 0, 1, 0, 0, 0], 108);
    expect((await refusals(packWith({ name: 'README.md', change })))[0]).toContain('plain octal digits');
  });

  it('a folder that claims to hold data', async () => {
    const found = await refusals(packWith({ name: 'schemas/', type: '5', bytes: 'x' }));
    expect(found).toEqual(['tarball_tar_parse_failed "" The directory schemas/ claims to hold data.']);
  });

  it('a link name on a plain file', async () => {
    const found = await refusals(packWith({ name: 'README.md', linkName: '/etc/passwd' }));
    expect(found[0]).toContain('holds bytes where a plain ustar header has none');
  });

  it.each([
    ['the set-uid bit', '0004755'],
    ['the set-gid bit', '0002755'],
    ['the sticky bit', '0001777'],
    ['all three beside the type of a file', '0107644'],
  ])('a mode with %s', async (_, mode) => {
    const change = (header: Buffer) => void header.write(mode, 100, 'latin1');
    for (const entry of [{ name: 'run.sh' }, { name: 'bin/', type: '5' }])
      expect(await refusals(packWith({ ...entry, change }))).toEqual([
        `tarball_tar_parse_failed "${entry.name}" Its mode sets the user id, the group id or the sticky bit.`,
      ]);
  });

  it.each([
    ['an escape sequence', Buffer.from('\u001b[2J')],
    ['a newline', Buffer.from('root\nroot')],
    ['a delete', Buffer.from('roo\u007ft')],
    ['letters beyond ASCII', Buffer.from('jos\u00e9')],
    ['bytes that are no text', Buffer.from([0xff, 0xfe])],
    ['bytes after a NUL', Buffer.from('root\0hidden')],
    ['bytes in its very last place', Buffer.concat([Buffer.alloc(31), Buffer.from('x')])],
  ])('a user or group name with %s', async (_, name) => {
    for (const at of [265, 297]) {
      const change = (header: Buffer) => void header.set(name, at);
      expect(await refusals(packWith({ name: 'README.md', change }))).toEqual([
        'tarball_tar_parse_failed "README.md" Its user or group name is not printable ASCII.',
      ]);
    }
  });

  it('a header whose checksum is wrong', async () => {
    const entry = rawEntry({ name: 'README.md', bytes: 'hello' });
    entry[0] = 0x51;
    const found = await refusals(gzipSync(Buffer.concat([rawEntry(manifestEntry), entry, END])));
    expect(found).toEqual(['tarball_tar_parse_failed "" A header is damaged: its checksum does not match.']);
  });

  it('a file that is ten times smaller than its header says', async () => {
    const found = await refusals(packWith({ name: 'x', bytes: 'y'.repeat(5_000), size: 50_000 }));
    expect(found).toEqual([
      'tarball_tar_parse_failed "" The archive is cut short: its two empty end blocks are missing.',
    ]);
  });

  it('a file that is ten times larger than its header says', async () => {
    const found = await refusals(packWith({ name: 'x', bytes: 'y'.repeat(50_000), size: 5_000 }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('tarball_tar_parse_failed');
  });

  it('a file larger than a file may be', async () => {
    const bytes = Buffer.alloc(DEFAULT_ARCHIVE_CAPS.maxEntryBytes + 1, 'a1b2c3');
    const found = await refusals(gzipSync(tarOf(manifestEntry, { name: 'big.wasm', bytes })), {
      ...DEFAULT_ARCHIVE_CAPS,
      maxRatio: 2_000,
    });
    expect(found).toEqual(['tarball_entry_too_large "big.wasm" The file has more than 5242880 bytes.']);
  });

  it('more than ten thousand entries', async () => {
    const files = Array.from({ length: 10_000 }, (_, at) => ({ name: `f${at}` }));
    const found = await refusals(packWith(...files));
    expect(found).toEqual(['tarball_too_large "" The archive has more than 10000 files and folders.']);
  });

  it('few entries that make more than ten thousand folders', async () => {
    const files = Array.from({ length: 500 }, (_, at) => ({ name: `${at}${'/d'.repeat(45)}/f` }));
    const found = await refusals(packWith(...files));
    expect(found).toEqual(['tarball_too_large "" The archive has more than 10000 files and folders.']);
  });

  it('so many broken rules that listing them would be an attack of its own', async () => {
    const files = Array.from({ length: 5_000 }, (_, at) => ({ name: `../${at}` }));
    const found = await refusals(packWith(...files));
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toContain('more than 100 rules; the rest was not read');
  });
});

describe('an archive is taken when an entry', () => {
  it.each(['0000755', '0000600', '0100644', '0040755', '       '])('has the mode %j', async (mode) => {
    const change = (header: Buffer) => {
      header.fill(0, 100, 108);
      header.write(mode.trim(), 100, 'latin1');
      header.fill(0x20, 107, 108);
    };
    const found = await refusals(packWith({ name: 'README.md', change }));
    expect(found).toEqual([]);
  });

  it('names its owner, up to the last byte that there is', async () => {
    const change = (header: Buffer) => {
      header.write('Domain Users (x)', 265);
      header.write('n'.repeat(32), 297);
    };
    expect(await refusals(packWith({ name: 'README.md', change }))).toEqual([]);
  });
});

describe('the report', () => {
  it('names every broken rule at once, in the order of the archive', async () => {
    const entries = [
      { name: '../a' },
      { name: 'b', type: '2' },
      { name: 'c' },
      { name: 'C' },
      { name: '/d' },
    ];
    const report = await inspect(gzipSync(tarOf(...entries)));
    expect(report.violations.map(({ code, where }) => [code, where])).toEqual([
      ['tarball_path_traversal', '../a'],
      ['tarball_tar_parse_failed', 'b'],
      ['tarball_tar_parse_failed', 'C'],
      ['tarball_path_traversal', '/d'],
      ['tarball_manifest_missing', ''],
    ]);
  });
});
