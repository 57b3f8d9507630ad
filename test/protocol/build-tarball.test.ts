// Building a pack: one archive from the same files, the bytes of the public builder, or a clear refusal.
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildTarball, SIGNATURE_PATH } from '../../src/protocol/build-tarball.ts';
import { Fault } from '../../src/protocol/faults.ts';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import { digestOf } from '../../storage/digest.ts';
import { chunked, inspect, MANIFEST, sampleTarballs } from '../world/archives.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const filesOf = (files: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(files).map(([path, text]) => [path, utf8(text)]));

const small = filesOf({
  'schemas/b.json': '{}',
  'pack.json':
    '{ "version": "1.0.0", "name": "vendor.acme.tools", "engines": { "openwop": ">=1.0.0 <3.0.0" } }\n',
  'README.md': '# Tools\n',
  'schemas/a.json': '{"type":"object"}',
});

const block = { keyId: 'acme-1', scheme: 'ed25519-canonical-json' };
const sign = (manifest: Uint8Array): Uint8Array =>
  Buffer.from(`${digestOf(manifest)}`, 'latin1').subarray(0, 64);

const faultOf = async (files: ReadonlyMap<string, Uint8Array>): Promise<Fault> => {
  const error: unknown = await buildTarball(files).catch((reason: unknown) => reason);
  if (!(error instanceof Fault)) throw new Error('nothing was refused');
  return error;
};

describe('a built tarball', () => {
  // Pinned unpacked: Node's zlib and others choose different deflate bytes for the same archive.
  it('unpacks to the golden archive, which a second implementation made too', async () => {
    const { bytes } = await buildTarball(small, { block, sign });
    expect(digestOf(gunzipSync(bytes))).toBe(
      'dfd6532fe34ce52b588904cb608a05025f674fcd8fa3ea91de126a055b349727',
    );
  });

  it('holds a canonical manifest without a newline, signed as it stands there', async () => {
    const { bytes, manifestBytes, signature } = await buildTarball(small, { block, sign });
    const report = await inspect(bytes);
    expect(Buffer.from(report.manifestBytes ?? []).toString()).toBe(
      '{"engines":{"openwop":">=1.0.0 <3.0.0"},"name":"vendor.acme.tools","signing":{"keyId":"acme-1","scheme":"ed25519-canonical-json"},"version":"1.0.0"}',
    );
    expect(report.manifestBytes).toEqual(manifestBytes);
    expect(signature).toEqual(sign(manifestBytes));
    expect(report.contents.get(SIGNATURE_PATH)).toEqual(new Uint8Array(signature ?? []));
  });

  it('does not depend on the order or the time in which it is built', async () => {
    const once = await buildTarball(small, { block, sign });
    const again = await buildTarball(new Map([...small].reverse()), { block, sign });
    expect(again.bytes).toEqual(once.bytes);
  });

  it('lists its files by code unit, capitals first', async () => {
    const { bytes } = await buildTarball(small, { sign });
    const report = await inspect(bytes);
    expect(report.violations).toEqual([]);
    expect(report.files.map((file) => file.path)).toEqual([
      'README.md',
      'keys/pack.json.sig',
      'pack.json',
      'schemas/a.json',
      'schemas/b.json',
    ]);
  });

  it('is unsigned where there is nothing to sign with', async () => {
    const built = await buildTarball(small);
    expect(built.signature).toBeUndefined();
    expect((await inspect(built.bytes)).contents.has(SIGNATURE_PATH)).toBe(false);
  });

  it('names no time, no operating system and no file in its gzip header', async () => {
    const { bytes } = await buildTarball(small);
    expect(Buffer.from(bytes.subarray(0, 10)).toString('hex')).toBe('1f8b08000000000002ff');
  });

  it('carries long names in the ustar prefix', async () => {
    const path = `${'folder/'.repeat(20)}${'n'.repeat(90)}`;
    const { bytes } = await buildTarball(new Map([...small, [path, utf8('x')]]));
    const report = await inspect(bytes);
    expect(report.violations).toEqual([]);
    expect(report.files.some((file) => file.path === path)).toBe(true);
  });
});

describe('a build is refused when', () => {
  it.each([
    ['a name is too long for ustar', 'n'.repeat(101), 'tarball_path_traversal'],
    [
      'a name in folders is too long for ustar',
      `${'f/'.repeat(90)}${'n'.repeat(90)}`,
      'tarball_path_traversal',
    ],
    ['a name climbs out of the pack', '../x', 'tarball_path_traversal'],
    ['a name is absolute', '/x', 'tarball_path_traversal'],
    ['a name starts with "./"', './x', 'tarball_path_traversal'],
    ['a name is not in normal form C', 'cafe\u0301', 'tarball_path_traversal'],
    ['a name is a device on Windows', 'schemas/nul.json', 'tarball_path_traversal'],
    ['a name holds what nobody sees', 'READ\u200bME', 'tarball_path_traversal'],
    ['a name is no text, so that an archive would hold another', '\ud800', 'tarball_path_traversal'],
    ['a name is the record of an install', '.attestry.json', 'tarball_tar_parse_failed'],
    ['a name clashes with another in case', 'readme.md', 'tarball_tar_parse_failed'],
  ])('%s', async (_, path, code) => {
    expect((await faultOf(new Map([...small, [path, utf8('x')]]))).code).toBe(code);
  });

  it.each([
    ['there is no manifest', undefined, 'tarball_manifest_missing'],
    ['the manifest is no JSON', '{', 'tarball_manifest_not_json'],
    ['the manifest names a key twice', '{"a":1,"a":1}', 'tarball_manifest_not_json'],
    ['the manifest holds U+0000', '{"a":"\\u0000"}', 'tarball_manifest_not_json'],
    ['the manifest is no object', '[]', 'invalid_manifest'],
    [
      'the manifest holds a number whose canonical spelling no strict reader takes',
      '{"a":1e20}',
      'tarball_manifest_not_json',
    ],
  ])('%s', async (_, manifest, code) => {
    const files = filesOf(manifest === undefined ? { 'README.md': 'x' } : { 'pack.json': manifest });
    expect((await faultOf(files)).code).toBe(code);
  });

  it('a file or the whole is larger than the registry takes', async () => {
    const big = new Map([
      ['pack.json', utf8(MANIFEST)],
      ['big.bin', new Uint8Array(5 * 1_048_576 + 1)],
    ]);
    expect((await faultOf(big)).code).toBe('tarball_entry_too_large');
    const many = Array.from({ length: 11 }, (_, at) => [`${at}.bin`, new Uint8Array(5 * 1_048_576)] as const);
    expect((await faultOf(new Map([['pack.json', utf8(MANIFEST)], ...many]))).code).toBe('tarball_too_large');
  });

  it('several rules are broken: all of them are named at once', async () => {
    const { details } = await faultOf(filesOf({ '../a': '', '/b': '', 'cafe\u0301': '' }));
    expect(details.violations).toHaveLength(4);
  });
});

const SAMPLE = sampleTarballs();
const OS_UNKNOWN = 255;

const rebuild = async (bytes: Uint8Array): Promise<Uint8Array> => {
  const report = await inspectTarball(chunked(bytes).source, undefined, () => true);
  const signature = report.contents.get(SIGNATURE_PATH);
  const files = new Map(
    report.files.map(({ path }) => [path, report.contents.get(path) ?? new Uint8Array(0)]),
  );
  return (await buildTarball(files, signature && { sign: () => signature })).bytes;
};

describe.skipIf(SAMPLE.length === 0)('the public registry (skipped where its sample is not at hand)', () => {
  it('has tarballs that this builder makes again from their files, byte for byte', async () => {
    const built = SAMPLE.filter(({ bytes }) => bytes[9] === OS_UNKNOWN);
    const differing: string[] = [];
    for (const { label, bytes } of built)
      if (digestOf(await rebuild(bytes)) !== digestOf(bytes)) differing.push(label);
    expect(differing).toEqual([]);
    expect(built).toHaveLength(44);
  });
});
