// Names that some file system or terminal takes for another name, for none, or for a device.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileKey } from '../../src/protocol/archive-names.ts';
import { inspect, packWith, type RawEntry, refusals } from '../world/archives.ts';

const refusalsWith = (...entries: readonly RawEntry[]) => refusals(packWith(...entries));

describe('an archive is refused when a name', () => {
  it.each([
    ['a newline', 'README\n.md'],
    ['an escape sequence', 'README\u001b[2J'],
    ['a delete', 'README\u007f'],
    ['a control character of the second range', 'README\u0085'],
  ])('holds %s', async (_, name) => {
    expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
      `tarball_path_traversal ${JSON.stringify(name)} The name holds a control character.`,
    ]);
  });

  it.each([
    ['a zero-width space', 'index\u200b.mjs'],
    ['a zero-width joiner', 'index\u200d.mjs'],
    ['a byte order mark', '\ufeffindex.mjs'],
    ['a soft hyphen', 'in\u00addex.mjs'],
    ['an override that shows it backwards', 'exe\u202egnp.mjs'],
    ['an isolate of a direction', 'a\u2066b'],
    ['a letter of the tags plane', 'a\u{e0041}'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a variation selector', 'index\ufe0f.mjs'],
    ['a filler', 'index\u3164.mjs'],
  ])('holds %s, which nobody sees', async (_, name) => {
    for (const [where, raw] of [name, `${name}/x`, `x/${name}`].entries()) {
      const found = await refusalsWith({ name: raw, bytes: 'x' });
      expect([where, found]).toEqual([
        where,
        [`tarball_path_traversal ${JSON.stringify(raw)} The name holds an invisible character.`],
      ]);
    }
  });

  it.each([...'<>:"|?*'])('holds %s, which Windows keeps for itself', async (sign) => {
    for (const name of [`READ${sign}ME`, `data/x${sign}`, `x.txt${sign}stream`, `${sign}/x`])
      expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
        `tarball_path_traversal ${JSON.stringify(name)} The name holds one of the characters <>:"|?*, which Windows does not take.`,
      ]);
  });

  it.each(['index.mjs.', 'index.mjs ', 'index.mjs. .', 'schemas./x', 'schemas /x', '...', 'a/... ', ' '])(
    'ends in what Windows leaves out: %j',
    async (name) => {
      expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
        `tarball_path_traversal ${JSON.stringify(name)} A segment of the name ends in a dot or a space.`,
      ]);
    },
  );

  it.each([' index.mjs', 'schemas/ x', ' schemas/x', '\u3000x'])('begins with a space: %j', async (name) => {
    expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
      `tarball_path_traversal ${JSON.stringify(name)} A segment of the name begins with a space.`,
    ]);
  });

  it.each([
    ...['CON', 'PRN', 'AUX', 'NUL', 'COM0', 'COM9', 'LPT0', 'LPT9', 'COM\u00b9', 'LPT\u00b3', 'CONIN$'],
    ...['con', 'Nul', 'nul.txt', 'Com1.tar.gz', 'lpt2 .txt', 'aux/x', 'schemas/prn', 'schemas/prn.d/x'],
  ])('is a device of Windows: %s', async (name) => {
    expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
      `tarball_path_traversal ${JSON.stringify(name)} A segment of the name is a device on Windows.`,
    ]);
  });

  it.each(['LONGFI~1.JSO', 'schema~2', 'folder~1/x', 'a/B1C2~12.md'])(
    'is what Windows calls another, longer name: %s',
    async (name) => {
      expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
        `tarball_path_traversal ${JSON.stringify(name)} A segment of the name is a short name, as Windows gives to longer ones.`,
      ]);
    },
  );

  it.each(['a\uffffb', '\ufdd0', 'a\u{1fffe}'])('holds a noncharacter: %j', async (name) => {
    expect(await refusalsWith({ name, bytes: 'x' })).toEqual([
      `tarball_path_traversal ${JSON.stringify(name)} The name holds a lone surrogate or a noncharacter.`,
    ]);
  });

  it('is not in NFC: it is refused, not rewritten', async () => {
    for (const name of ['cafe\u0301.md', 'cafe\u0301/x', '\u212b.md', '\u1112\u1161\u11ab']) {
      const report = await inspect(packWith({ name }));
      expect(report.violations).toEqual([
        { code: 'tarball_path_traversal', where: name, message: 'The name is not in Unicode normal form C.' },
      ]);
      expect(report.files[1]?.path).toBe(name);
    }
  });
});

describe('two names that Unicode folds to one', () => {
  it('are always found, whatever characters they hold', () => {
    const cased = fc
      .integer({ min: 0, max: 0x1e943 })
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code));
    fc.assert(
      fc.property(fc.array(cased, { minLength: 1, maxLength: 5 }), (signs) => {
        const name = signs.join('');
        const others = [name.toLowerCase(), name.toUpperCase(), name.normalize('NFD')];
        expect(others.filter((each) => fileKey(each) !== fileKey(name))).toEqual([]);
      }),
      { numRuns: 5_000, seed: 7 },
    );
    for (let code = 0; code < 0x20000; code += 1) {
      const sign = code < 0xd800 || code > 0xdfff ? String.fromCodePoint(code) : 'x';
      const keys = new Set([sign, sign.toLowerCase(), sign.toUpperCase()].map(fileKey));
      if (keys.size > 1) expect(code.toString(16)).toBe('found');
    }
  });
});

describe('an archive is taken when', () => {
  it.each([
    ...[
      '.gitignore',
      '.well-known/x',
      'a.b.c',
      'a..b',
      '..a',
      'a b',
      "it's (1) [2] {3} & $x #5 @6 !7 ^8 `9`",
    ],
    ...['console.md', 'com10', 'lpt', 'nul_', 'auxiliary/x', 'x.con', 'com.md', 'null', 'my-nul.txt'],
    ...['~', '~x', 'x~', 'notes~1~', 'longer-than-eight~1', 'a~b', '-rf', '%2e%2e', 'a=b,c;d+e'],
    ...['caf\u00e9.md', '\u65e5\u672c\u8a9e.md', '\u0939\u093f\u0928\u094d\u0926\u0940', '\u{1f600}.md'],
  ])('a name is %s', async (name) => {
    const report = await inspect(packWith({ name }));
    expect(report.violations).toEqual([]);
    expect(report.files[1]?.path).toBe(name);
  });
});
