// One upload that may break several rules at once, byte by byte, and the rules in the order in which they count.
import { gzipSync } from 'node:zlib';
import { canonicalBytes } from '../../keys/canonical.ts';
import { sign } from '../../keys/ed25519.ts';
import { SIGNATURE_PATH } from '../../src/protocol/build-tarball.ts';
import { referencedFiles } from '../../src/protocol/manifest/references.ts';
import { noise, type RawEntry, tarOf } from '../world/archives.ts';
import { edited, manifestOf } from '../world/manifests.ts';
import type { Publisher } from '../world/publisher.ts';
import type { Major } from './majors.ts';

export interface Attempt {
  /** As the address has them. */
  readonly name: string;
  readonly version: string;
  readonly as: 'publisher' | 'reader' | 'nobody';
  readonly contentType: string;
  readonly edits: Parameters<typeof edited>[1];
  /** In the place of the manifest's own bytes; null leaves pack.json out. */
  readonly manifest?: Uint8Array | null;
  /** Before all others. */
  readonly entries: readonly RawEntry[];
  readonly leftOut: readonly string[];
  readonly seed?: Uint8Array;
  /** In the place of the gzipped archive. */
  readonly body?: Uint8Array;
  readonly expectedDigest?: string;
}

export const soundAttempt = (name: string, version = '1.0.0'): Attempt => ({
  name,
  version,
  as: 'publisher',
  contentType: 'application/gzip',
  edits: {},
  entries: [],
  leftOut: [],
});

const signingOf = (major: Major, keyId: string) =>
  major === 'v1'
    ? { method: 'manual', publicKeyRef: keyId, signatureRef: SIGNATURE_PATH }
    : { keyId, scheme: 'ed25519-canonical-json' };

/** The bytes of an attempt on a pack that is called `name` unless its edits say otherwise. */
export const bodyOf = (attempt: Attempt, major: Major, name: string, publisher: Publisher): Uint8Array => {
  if (attempt.body !== undefined) return attempt.body;
  const version = /^\d+\.\d+\.\d+$/.test(attempt.version) ? attempt.version : '1.0.0';
  const identity = { '/name': name, '/version': version, '/signing': signingOf(major, publisher.keyId) };
  const manifest = edited(manifestOf('node', major, identity), attempt.edits);
  const bytes = attempt.manifest === undefined ? canonicalBytes(manifest) : attempt.manifest;
  const files = [...new Set(referencedFiles(manifest).map(({ path }) => path))]
    .filter((path) => !attempt.leftOut.includes(path))
    .map((path) => ({ name: path, bytes: '{"type":"object"}' }));
  const signature = sign(bytes ?? new Uint8Array(), attempt.seed ?? publisher.seed);
  const own = bytes === null ? [] : [{ name: 'pack.json', bytes }];
  const tar = tarOf(...attempt.entries, ...own, { name: SIGNATURE_PATH, bytes: signature }, ...files);
  return gzipSync(tar, { level: 1 });
};

export interface Rule {
  readonly id: string;
  /** Spelt by hand, so that nothing but the specification stands behind them. */
  readonly v1: readonly [status: number, code: string];
  readonly v2: readonly [status: number, code: string];
  readonly majors?: readonly Major[];
  /** Its bytes take long to pack. */
  readonly heavy?: true;
  /** With the rule before it, it is another one. */
  readonly alone?: true;
  readonly breakIt: (attempt: Attempt, major: Major) => Attempt;
}

const folded = (code: string) => ({ v1: [400, code], v2: [400, 'pack_validation_failed'] }) as const;
const same = (status: number, code: string) => ({ v1: [status, code], v2: [status, code] }) as const;

const withEdits =
  (edits: (major: Major) => Attempt['edits'], leftOut: readonly string[] = []) =>
  (attempt: Attempt, major: Major): Attempt => ({
    ...attempt,
    edits: { ...attempt.edits, ...edits(major) },
    leftOut: [...attempt.leftOut, ...leftOut],
  });

/** Of a version that the test has published before, with other bytes. */
export const TAKEN = '9.9.9';
const BIG = noise(5 * 1_048_576 + 1);
const LARGE_MANIFEST = noise(262_145);
const OTHER_SEED = noise(32, 'another key');
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 1 });

/** node-packs.md, PUT /v1/packs/{name}/-/{version}.tgz; spec/v2/core/packs.md: the first that is broken gives the code. */
export const RULES: readonly Rule[] = [
  {
    id: 'a name of one segment',
    ...folded('invalid_pack_name'),
    breakIt: (a) => ({ ...a, name: 'singleseg' }),
  },
  {
    id: 'an unknown scope',
    ...folded('invalid_pack_scope'),
    breakIt: (a) => ({ ...a, name: 'bogus.unsupported-scope.pack' }),
  },
  { id: 'no version', ...folded('invalid_version'), breakIt: (a) => ({ ...a, version: 'not-a-semver' }) },
  { id: 'no credential', ...same(401, 'unauthenticated'), breakIt: (a) => ({ ...a, as: 'nobody' }) },
  { id: 'no permission', ...same(403, 'forbidden'), breakIt: (a) => ({ ...a, as: 'reader' }) },
  {
    id: 'another content type',
    ...folded('invalid_body'),
    breakIt: (a) => ({ ...a, contentType: 'application/json' }),
  },
  { id: 'no bytes', ...folded('invalid_body'), breakIt: (a) => ({ ...a, body: new Uint8Array() }) },
  {
    id: 'no gzip',
    ...folded('tarball_gunzip_failed'),
    breakIt: (a) => ({ ...a, body: Buffer.from('not a gzip stream') }),
  },
  { id: '64 MiB of zeros', ...folded('tarball_too_large'), breakIt: (a) => ({ ...a, body: BOMB }) },
  {
    id: 'no tar',
    ...folded('tarball_tar_parse_failed'),
    breakIt: (a) => ({ ...a, body: gzipSync(noise(2_048)) }),
  },
  {
    id: 'a name that leaves the pack',
    ...folded('tarball_path_traversal'),
    breakIt: (a) => ({ ...a, entries: [{ name: '../x', bytes: 'x' }, ...a.entries] }),
  },
  {
    id: 'a file that is too large',
    heavy: true,
    ...folded('tarball_entry_too_large'),
    breakIt: (a) => ({ ...a, entries: [{ name: 'big', bytes: BIG }, ...a.entries] }),
  },
  {
    id: 'no pack.json',
    ...folded('tarball_manifest_missing'),
    breakIt: (a) => ({ ...a, manifest: null }),
  },
  {
    id: 'a pack.json that is too large',
    ...folded('tarball_manifest_too_large'),
    breakIt: (a) => ({ ...a, manifest: LARGE_MANIFEST }),
  },
  {
    id: 'a pack.json that is no JSON',
    ...folded('tarball_manifest_not_json'),
    breakIt: (a) => ({ ...a, manifest: Buffer.from('{"a":1,"a":2}') }),
  },
  {
    id: 'an unknown kind',
    ...same(400, 'pack_kind_invalid'),
    breakIt: withEdits(() => ({ '/kind': 'frontend' })),
  },
  {
    id: 'a manifest against its schema',
    ...folded('invalid_manifest'),
    breakIt: withEdits(() => ({ '/nodes/0/category': 'none' })),
  },
  {
    id: 'another name and version than the address',
    ...folded('manifest_mismatch'),
    breakIt: withEdits(() => ({ '/name': 'vendor.acme.other', '/version': '3.3.3' })),
  },
  {
    id: 'another name than the address',
    ...folded('manifest_name_mismatch'),
    breakIt: withEdits(() => ({ '/name': 'vendor.acme.other' })),
  },
  {
    id: 'another version than the address',
    alone: true,
    ...folded('manifest_version_mismatch'),
    breakIt: withEdits(() => ({ '/version': '3.3.3' })),
  },
  {
    id: 'an unknown runtime',
    ...same(400, 'unsupported_runtime'),
    breakIt: withEdits(() => ({ '/runtime/language': 'cobol' })),
  },
  {
    id: 'engines of another major',
    ...same(400, 'pack_engine_unsupported'),
    breakIt: withEdits((major) => ({ '/engines/openwop': major === 'v1' ? '>=3.0.0' : '>=1.0.0 <2.0.0' })),
  },
  {
    id: 'a peer that nobody defines',
    ...same(400, 'pack_peer_dependency_undefined'),
    majors: ['v2'],
    breakIt: withEdits(() => ({
      '/peerDependencies': { 'host.nonexistent': 'supported' },
      '/peerDependenciesMeta': undefined,
    })),
  },
  {
    id: 'an entry that is not in the tarball',
    ...folded('tarball_entry_missing'),
    breakIt: withEdits(() => ({ '/runtime/entry': './gone.mjs' }), ['gone.mjs']),
  },
  {
    id: 'another digest than X-Pack-Sha256',
    ...same(400, 'pack_integrity_failure'),
    majors: ['v1'],
    breakIt: (a) => ({ ...a, expectedDigest: '0'.repeat(64) }),
  },
  {
    id: 'the signature of another key',
    v1: [400, 'signature_invalid'],
    v2: [400, 'pack_signature_invalid'],
    breakIt: (a) => ({ ...a, seed: OTHER_SEED }),
  },
  {
    id: 'a version that is taken',
    v1: [409, 'conflict'],
    v2: [409, 'version_conflict'],
    breakIt: (a) => (a.version === '1.0.0' ? { ...a, version: TAKEN } : a),
  },
];
