// Builds a pack's tarball: the same files and key give the same archive, byte for byte. Pure.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { canonicalBytes, type JsonObject } from '../../keys/canonical.ts';
import { ArchiveRefused } from './archive-refusal.ts';
import { MANIFEST_PATH, openEntryRules } from './archive-rules.ts';
import { fault, faultOf } from './faults.ts';
import { parseStrictJson } from './json.ts';
import type { TarProblem } from './tar-header.ts';
import { splitName, writeTar } from './tar-writer.ts';
import { type ArchiveCaps, DEFAULT_ARCHIVE_CAPS } from './tarball.ts';

export const SIGNATURE_PATH = 'keys/pack.json.sig';

export interface SigningMaterial {
  /** Becomes the manifest's `signing` member before signing; absent, the manifest's own stays as it is. */
  readonly block?: JsonObject;
  /** Signs the exact bytes of pack.json: 64 raw bytes of Ed25519. */
  readonly sign: (manifestBytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface BuiltTarball {
  readonly bytes: Uint8Array;
  /** pack.json as it stands in the archive: RFC 8785, no newline at the end. */
  readonly manifestBytes: Uint8Array;
  readonly signature?: Uint8Array;
}

const deflate = promisify(gzip);

const readManifest = (bytes: Uint8Array): JsonObject => {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok) throw fault('tarball_manifest_not_json', { ...parsed.problem }, parsed.problem.message);
  if (parsed.value === null || typeof parsed.value !== 'object' || Array.isArray(parsed.value))
    throw fault('invalid_manifest', {}, 'pack.json is not a JSON object.');
  return parsed.value as JsonObject;
};

const canonicalManifest = (bytes: Uint8Array, block: JsonObject | undefined): Uint8Array => {
  const manifest = readManifest(bytes);
  const canonical = canonicalBytes(block === undefined ? manifest : { ...manifest, signing: block });
  // 1e20 is a fine number, but its canonical spelling is an integer literal that no strict reader takes.
  readManifest(canonical);
  return canonical;
};

const namingProblems = (path: string): readonly TarProblem[] => {
  const problem = (message: string): readonly TarProblem[] => [{ code: 'tarball_path_traversal', message }];
  if (path.startsWith('./')) return problem('The name starts with "./".');
  if (splitName(path) === undefined)
    return problem('The name is too long for ustar: at most 100 bytes, or 155 and 100 parted at a slash.');
  return [];
};

/** The rules of the inspection, asked beforehand: what this builder makes is never refused for its form. */
const requireAdmissible = (files: ReadonlyMap<string, Uint8Array>, caps: ArchiveCaps): void => {
  const rules = openEntryRules(caps);
  try {
    for (const [name, { length: size }] of files)
      rules.admit({ name, type: 'file', size, problems: namingProblems(name) });
    rules.conclude();
  } catch (error) {
    throw error instanceof ArchiveRefused ? faultOf([error.violation, ...rules.violations()]) : error;
  }
  const [first, ...others] = rules.violations();
  if (first !== undefined) throw faultOf([first, ...others]);
};

/**
 * gzip at level 9; time and operating system are stamped out of the header, as the public builder does. Which bytes
 * deflate chooses is up to the zlib inside Node: another zlib packs the same archive into other bytes.
 */
const compress = async (tar: Uint8Array): Promise<Uint8Array> => {
  const bytes = await deflate(tar, { level: 9 });
  bytes.fill(0, 4, 8);
  bytes[9] = 0xff;
  return new Uint8Array(bytes);
};

/**
 * Builds the tarball of a pack from its files by path. pack.json is rewritten canonically; with signing material its
 * signature is added under `keys/pack.json.sig`.
 * @throws Fault with every rule of the archive that the files break, `tarball_manifest_not_json`, `invalid_manifest`
 */
export const buildTarball = async (
  files: ReadonlyMap<string, Uint8Array>,
  signing?: SigningMaterial,
  caps: ArchiveCaps = DEFAULT_ARCHIVE_CAPS,
): Promise<BuiltTarball> => {
  const manifest = files.get(MANIFEST_PATH) ?? new Uint8Array(0);
  const packed = new Map(files);
  requireAdmissible(packed, caps);
  const manifestBytes = canonicalManifest(manifest, signing?.block);
  packed.set(MANIFEST_PATH, manifestBytes);
  const signature = await signing?.sign(manifestBytes);
  if (signature !== undefined) packed.set(SIGNATURE_PATH, signature);
  requireAdmissible(packed, caps);
  const tar = writeTar(packed);
  if (tar.length > caps.maxUnpackedBytes) throw fault('tarball_too_large', { size: tar.length });
  const bytes = await compress(tar);
  return { bytes, manifestBytes, ...(signature === undefined ? {} : { signature }) };
};
