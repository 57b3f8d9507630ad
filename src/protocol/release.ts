// What a tarball lets its release statement say, and whether one says so. Pure.
import { encodeHex } from '../../keys/bytes.ts';
import { canonicalText, type JsonObject } from '../../keys/canonical.ts';
import { sha256 } from '../../keys/hash.ts';
import { fault } from './faults.ts';
import { parseStrictJson } from './json.ts';
import { describeManifest } from './manifest/describe.ts';
import { at, objectOf, textOf } from './manifest/read.ts';
import type { ReleaseStatement } from './statement.ts';
import { StatementError } from './statement-errors.ts';

const textsOf = (object: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

/**
 * What an honest statement says of a tarball, but for its source.
 * @param digest SHA-256 of the tarball, in hex.
 * @throws Fault tarball_manifest_not_json
 */
export const describeRelease = (digest: string, manifestBytes: Uint8Array): ReleaseStatement => {
  const parsed = parseStrictJson(manifestBytes);
  if (!parsed.ok) throw fault('tarball_manifest_not_json', { ...parsed.problem });
  const manifest = parsed.value;
  return {
    name: textOf(at(manifest, 'name')) ?? '',
    version: textOf(at(manifest, 'version')) ?? '',
    sha256: digest,
    packJsonSha256: encodeHex(sha256(manifestBytes)),
    engines: textsOf(objectOf(at(manifest, 'engines')) ?? {}),
    kind: describeManifest(manifest).kind,
  };
};

/**
 * Refuses a statement about anything else than `release`.
 * @throws StatementError `disagrees`, with all members in which they differ
 */
export const requireAgreement = (stated: ReleaseStatement, release: ReleaseStatement): void => {
  const { source: _, ...members } = release;
  const names = Object.keys(members) as (keyof typeof members)[];
  const differing = names.filter((name) => canonicalText(stated[name]) !== canonicalText(release[name]));
  if (differing.length === 0) return;
  const found = Object.fromEntries(differing.map((name) => [name, stated[name]]));
  const expected = Object.fromEntries(differing.map((name) => [name, release[name]]));
  throw new StatementError('disagrees', { members: differing, expected, found });
};
