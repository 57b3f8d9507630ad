// Names in an archive that leave the pack, clash with one another, or stand where others look.
import { describe, expect, it } from 'vitest';
import { inspect, packWith, type RawEntry, refusals } from '../world/archives.ts';

const refusalsWith = (...entries: readonly RawEntry[]) => refusals(packWith(...entries));

const PREFIX_AT = 345;

describe('an archive is refused when a name', () => {
  it.each([
    ['climbs out of the pack', '../escape', 'holds a ".." segment.'],
    ['climbs out from within', 'schemas/../../escape', 'holds a ".." segment.'],
    ['is absolute', '/etc/passwd', 'is absolute.'],
    ['starts with a drive letter', 'C:evil.dll', 'starts with a drive letter.'],
    ['holds a backslash', 'schemas\\..\\..\\escape', 'holds a backslash; names use forward slashes.'],
    ['holds an empty segment', 'schemas//x.json', 'holds an empty segment.'],
    ['holds a dot segment', 'schemas/./x.json', 'holds a "." segment.'],
    ['ends in a slash although it is a file', 'schemas/', 'holds an empty segment.'],
    ['is empty', '', 'holds an empty segment.'],
  ])('%s', async (_, name, message) => {
    expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
      `tarball_path_traversal ${JSON.stringify(name)} The name ${message}`,
    ]);
  });

  it('is the record that an installer keeps, which a pack must not bring along', async () => {
    for (const name of ['.attestry.json', './.attestry.json', '.ATTESTRY.json', '.attestry.json/x'])
      expect(await refusalsWith({ name, bytes: '{}' })).toEqual([
        `tarball_tar_parse_failed ${JSON.stringify(name)} An installer keeps its own record at .attestry.json.`,
      ]);
    expect(await refusalsWith({ name: '.attestry.json', type: '5' })).toHaveLength(1);
    expect(await refusalsWith({ name: 'examples/.attestry.json' })).toEqual([]);
  });

  it('writes the root in a strange way', async () => {
    for (const name of ['/', '//', './/', './.', '..', '../'])
      expect((await refusalsWith({ name, type: '5' }))[0]).toContain('tarball_path_traversal');
  });

  it('goes on after a NUL, where some readers stop', async () => {
    expect(await refusalsWith({ name: 'README.md\0/../../escape', bytes: 'x' })).toEqual([
      'tarball_path_traversal "README.md" The name goes on after a NUL.',
    ]);
  });

  it('is not UTF-8', async () => {
    expect(await refusalsWith({ name: Buffer.from([0x72, 0xff, 0xfe]), bytes: 'x' })).toEqual([
      'tarball_path_traversal "r\ufffd\ufffd" The name is not UTF-8.',
    ]);
  });

  it('climbs out through the ustar prefix', async () => {
    const change = (header: Buffer) => void header.write('schemas/../..', PREFIX_AT);
    expect(await refusalsWith({ name: 'escape', bytes: 'x', change })).toEqual([
      'tarball_path_traversal "schemas/../../escape" The name holds a ".." segment.',
    ]);
  });

  it('stands in the archive twice', async () => {
    expect(
      await refusalsWith({ name: 'index.mjs', bytes: 'good' }, { name: './index.mjs', bytes: 'bad' }),
    ).toEqual(['tarball_tar_parse_failed "./index.mjs" The name stands in the archive twice.']);
  });

  it('is the manifest a second time, the one that is installed but not the one that was verified', async () => {
    expect(await refusalsWith({ name: './pack.json', bytes: '{}' })).toEqual([
      'tarball_tar_parse_failed "./pack.json" The name stands in the archive twice.',
    ]);
  });

  it('is a wrapped manifest, which some verifiers take for the manifest', async () => {
    for (const name of ['package/pack.json', 'Package/PACK.json']) {
      const [only, ...others] = await refusalsWith({ name, bytes: '{}' });
      expect(only).toContain('Some readers take this file for the manifest');
      expect(others).toEqual([]);
    }
  });

  it('equals another after normalisation to NFC', async () => {
    const [composed, decomposed] = ['caf\u00e9.md', 'cafe\u0301.md'];
    const clash = `It differs from ${composed} only in case or spelling.`;
    expect(await refusalsWith({ name: composed }, { name: decomposed })).toEqual([
      `tarball_path_traversal ${JSON.stringify(decomposed)} The name is not in Unicode normal form C.`,
      `tarball_tar_parse_failed ${JSON.stringify(decomposed)} ${clash}`,
    ]);
  });

  it.each([
    ['case', 'INDEX.mjs', 'index.mjs'],
    ['the case of a folder', 'Schemas/a.json', 'schemas/b.json'],
    ['the two forms of sharp s', 'stra\u00dfe.md', 'STRASSE.md'],
    ['the capital sharp s', 'stra\u00dfe.md', 'stra\u1e9ee.md'],
    ['the capital sharp s and two letters', 'STRA\u1e9eE.md', 'strasse.md'],
    ['the last letter of a Greek word', '\u03c3\u03bf\u03c3.md', '\u03c3\u03bf\u03c2.md'],
    ['a ligature', 'file.md', '\ufb01le.md'],
    ['the long s', 'schemas.md', '\u017fchemas.md'],
  ])('differs from another only in %s', async (_, first, second) => {
    const [only, ...others] = await refusalsWith({ name: first }, { name: second });
    expect(only).toContain('only in case or spelling');
    expect(others).toEqual([]);
  });

  it('is both a file and a folder', async () => {
    expect((await refusalsWith({ name: 'a' }, { name: 'a/b' }))[0]).toContain('both a file and a directory');
    expect((await refusalsWith({ name: 'a/b' }, { name: 'a' }))[0]).toContain('both a file and a directory');
    expect((await refusalsWith({ name: 'a/', type: '5' }, { name: 'a' }))[0]).toContain(
      'both a file and a directory',
    );
  });
});

describe('an archive is taken when', () => {
  it('its names start with "./" and its folders have entries of their own, as bsdtar writes them', async () => {
    const report = await inspect(
      packWith(
        { name: './', type: '5' },
        { name: './schemas/', type: '5' },
        { name: './schemas/a.json', bytes: '{}' },
        { name: './schemas/b.json', bytes: '{}' },
      ),
    );
    expect(report.violations).toEqual([]);
    expect(report.files.map((file) => file.path)).toEqual(['pack.json', 'schemas/a.json', 'schemas/b.json']);
  });

  it('a long name is parted into prefix and name', async () => {
    const folder = 'deep/'.repeat(30).slice(0, -1);
    const change = (header: Buffer) => void header.write(folder, PREFIX_AT);
    const report = await inspect(packWith({ name: 'x.json', bytes: '{}', change }));
    expect(report.violations).toEqual([]);
    expect(report.files[1]?.path).toBe(`${folder}/x.json`);
  });

  it('a folder entry comes after the files in it', async () => {
    expect(
      await refusalsWith({ name: 'a/b/c' }, { name: 'a/b/', type: '5' }, { name: 'a', type: '5' }),
    ).toEqual([]);
  });
});
