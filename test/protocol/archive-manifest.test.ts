// Hostile manifests: where they are, how large, and what two JSON parsers could read in them.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../src/protocol/json.ts';
import { codesOf, inspect, noise, packWith, tarOf } from '../world/archives.ts';

const withManifest = (bytes: string | Uint8Array): Buffer => gzipSync(tarOf({ name: 'pack.json', bytes }));

/** What is wrong with the manifest's text once the archive itself was found sound. */
const problemWith = async (text: string | Uint8Array): Promise<string> => {
  const report = await inspect(withManifest(text));
  expect(report.violations).toEqual([]);
  const parsed = parseStrictJson(report.manifestBytes ?? new Uint8Array(0));
  return parsed.ok ? 'none' : parsed.problem.message;
};

describe('a pack is refused when its manifest', () => {
  it('is missing', async () => {
    expect(await codesOf(gzipSync(tarOf({ name: 'README.md' })))).toEqual(['tarball_manifest_missing']);
  });

  it.each(['package/pack.json', 'dist/pack.json', 'pack.json/x', 'Pack.json'])(
    'is only at %s',
    async (name) => {
      expect(await codesOf(gzipSync(tarOf({ name, bytes: '{}' })))).toContain('tarball_manifest_missing');
    },
  );

  it('is a folder', async () => {
    expect(await codesOf(gzipSync(tarOf({ name: 'pack.json/', type: '5' })))).toEqual([
      'tarball_manifest_missing',
    ]);
  });

  it('is a link', async () => {
    const link = { name: 'pack.json', type: '2', linkName: 'other.json' };
    expect(await codesOf(gzipSync(tarOf(link, { name: 'other.json', bytes: '{}' })))).toEqual([
      'tarball_tar_parse_failed',
      'tarball_manifest_missing',
    ]);
  });

  it('has one byte more than 256 KB', async () => {
    const report = await inspect(withManifest(`"${'x'.repeat(262_143)}"`));
    expect(report.violations.map((each) => each.code)).toEqual(['tarball_manifest_too_large']);
    expect(report.manifestBytes).toBeUndefined();
    expect(await problemWith(`"${'x'.repeat(262_142)}"`)).toBe('none');
  });

  it.each([
    ['names a key twice', '{"name":"a","name":"b"}', 'stands twice'],
    ['names a key twice behind an escape', '{"name":"a","n\\u0061me":"b"}', 'stands twice'],
    ['reaches for the prototype', '{"__proto__":{"admin":true}}', '"__proto__" is not allowed'],
    ['reaches for the prototype behind an escape', '{"__pr\\u006fto__":{}}', '"__proto__" is not allowed'],
    ['holds a lone surrogate', '{"name":"\\ud800"}', 'lone surrogate'],
    ['holds an integer that parsers round differently', '{"size":9007199254740993}', 'beyond 2^53-1'],
    ['holds U+0000 behind an escape', '{"name":"a\\u0000b"}', 'holds U+0000'],
    ['overflows', '{"size":1e999}', 'too large'],
    ['is followed by a second value', '{"name":"a"}{"name":"b"}', 'follows after the value'],
    ['starts with a byte order mark', '\ufeff{}', 'byte order mark'],
    ['is nested a hundred thousand levels deep', '['.repeat(100_000) + ']'.repeat(100_000), 'deeper than 64'],
    ['is nested deep in objects that never close', '{"a":'.repeat(50_000), 'deeper than 64'],
  ])('%s', async (_, text, message) => {
    expect(await problemWith(text)).toContain(message);
  });

  it('holds a surrogate as raw bytes', async () => {
    expect(await problemWith(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toContain('not UTF-8');
  });
});

describe('what is kept in memory', () => {
  it('is the manifest and what stands under keys/, and nothing else unless asked for', async () => {
    const signature = Buffer.alloc(64, 7);
    const report = await inspect(
      packWith({ name: 'keys/pack.json.sig', bytes: signature }, { name: 'index.mjs' }),
    );
    expect([...report.contents.keys()]).toEqual(['pack.json', 'keys/pack.json.sig']);
    expect(report.contents.get('keys/pack.json.sig')).toEqual(new Uint8Array(signature));
    expect(report.manifestBytes).toEqual(report.contents.get('pack.json'));
  });

  it('is bounded, however many files an attacker puts where signatures may stand', async () => {
    const signed = noise(250_000);
    const keys = Array.from({ length: 40 }, (_, at) => ({
      name: `keys/${at}`,
      bytes: signed,
    }));
    const report = await inspect(packWith(...keys));
    expect(report.violations).toEqual([]);
    expect([...report.contents.values()].reduce((sum, each) => sum + each.length, 0)).toBeLessThan(
      16 * 262_144,
    );
    expect(report.files).toHaveLength(41);
  });
});
