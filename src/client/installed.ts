// What an install leaves beside the files of a pack, and how a host loads them: every byte checked against it.
import { fstatSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../keys/canonical.ts';
import { digestOf, parseDigest } from '../../storage/digest.ts';
import { inLanes } from '../../storage/in-lanes.ts';
import { INSTALL_RECORD_PATH } from '../protocol/archive-rules.ts';
import { parsePackName } from '../protocol/pack-id.ts';
import { DEFAULT_ARCHIVE_CAPS } from '../protocol/tarball.ts';
import type { Assurance } from './assurance.ts';
import { undefinedIfAbsent } from './files-on-disk.ts';
import { refusal } from './refusal.ts';
import { readJsonObject } from './registry-reader.ts';
import { RequestInvalid } from './request-invalid.ts';

/** The record of one install; `files` maps each path to the hex SHA-256 of its bytes, `sizes` to their number. */
export interface InstallMarker {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly keyId: string | null;
  readonly registry: string;
  readonly assurance: Assurance;
  /** Which leaf of the log records the version, when that says it was published, and how large the log was. */
  readonly recorded?: { readonly index: number; readonly at: string; readonly treeSize: number } | undefined;
  /** RFC 3339, UTC. */
  readonly installedAt: string;
  readonly files: Readonly<Record<string, string>>;
  /** Absent in records of the first installs. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

export interface InstalledPack {
  readonly marker: InstallMarker;
  /** Where the pack stands. Use `files` instead of reading again: these are the bytes that were checked. */
  readonly path: string;
  readonly manifest: JsonObject;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Room for as many files as an archive may hold, with names as long as they may be. */
const MAX_MARKER_BYTES = 16 * 1024 * 1024;
/** Files that are read at once. */
const AT_ONCE = 4;

/** Where the old version stands while a new one takes its place; after a crash it may be the only whole one. */
export const asidePath = (dir: string, name: string): string => join(dir, `.attestry-old-${name}`);

const TEXTS = ['name', 'version', 'integrity', 'registry', 'assurance', 'installedAt'] as const;

/** A size for each of the files, and for nothing else. */
const areSizes = (value: unknown, files: readonly string[]): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const sizes = new Map<string, unknown>(Object.entries(value));
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && Number(size) >= 0;
  return sizes.size === files.length && files.every((path) => isSize(sizes.get(path)));
};

const isRecord = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const { index, at, treeSize } = value as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(index) && typeof at === 'string' && Number.isSafeInteger(treeSize);
};

const isMarker = (value: unknown): value is InstallMarker => {
  const marker = value as Readonly<Record<string, unknown>>;
  const { files, sizes, recorded } = marker;
  return (
    TEXTS.every((each) => typeof marker[each] === 'string') &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every((digest) => typeof digest === 'string' && parseDigest(digest) !== undefined) &&
    (recorded === undefined || isRecord(recorded)) &&
    (sizes === undefined || areSizes(sizes, Object.keys(files)))
  );
};

/** Undefined where there is none. @throws Refusal `installed_marker_invalid` */
export const readMarker = async (path: string): Promise<InstallMarker | undefined> => {
  const place = join(path, INSTALL_RECORD_PATH);
  const standing = await stat(place).catch(undefinedIfAbsent);
  if (standing === undefined) return undefined;
  const text = standing.size > MAX_MARKER_BYTES ? '' : await readFile(place, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (isMarker(value)) return value;
  } catch {
    // Falls through to the one refusal that both kinds of damage get.
  }
  throw refusal('installed', 'installed_marker_invalid', { path: place });
};

/** Every file below a directory, by its path from there; anything that is neither file nor directory is a refusal. */
const listFiles = async (root: string, below = ''): Promise<readonly string[]> => {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(root, path)));
    else if (entry.isFile()) found.push(path);
    else throw refusal('installed', 'installed_file_changed', { path, expected: 'a plain file' });
  }
  return found;
};

/** @throws Refusal naming what is there and should not be, or what should be and is not */
export const requireSameSet = (expected: readonly string[], found: readonly string[]): void => {
  const [wanted, standing] = [new Set(expected), new Set(found)];
  const added = found.filter((path) => !wanted.has(path));
  if (added.length > 0) throw refusal('installed', 'installed_file_added', { paths: added.slice(0, 50) });
  const missing = expected.filter((path) => !standing.has(path));
  if (missing.length > 0)
    throw refusal('installed', 'installed_file_missing', { paths: missing.slice(0, 50) });
};

/** Files of the first installs, whose records hold no sizes, were no larger than an archive's may be. */
const requireSize = (path: string, found: number, recorded: number | undefined): void => {
  const { maxEntryBytes } = DEFAULT_ARCHIVE_CAPS;
  if (recorded === undefined ? found <= maxEntryBytes : found === recorded) return;
  const expected = recorded === undefined ? `at most ${maxEntryBytes} bytes` : `${recorded} bytes`;
  throw refusal('installed', 'installed_file_changed', { path, expected, found: `${found} bytes` });
};

/** So many bytes as the file had when it was asked; what was added since is none of the pack, what is gone is missing. */
const readWhole = async (file: FileHandle, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
};

/** The size is asked of the very file that was opened, before any of it is read. */
const readSized = async (root: string, path: string, recorded: number | undefined): Promise<Uint8Array> => {
  const file = await open(join(root, path), 'r');
  try {
    const { size } = fstatSync(file.fd);
    requireSize(path, size, recorded);
    return await readWhole(file, size);
  } finally {
    await file.close();
  }
};

const readChecked = async (root: string, path: string, marker: InstallMarker): Promise<Uint8Array> => {
  const bytes = await readSized(root, path, marker.sizes?.[path]);
  const [expected, found] = [marker.files[path], digestOf(bytes)];
  if (found !== expected) throw refusal('installed', 'installed_file_changed', { path, expected, found });
  return bytes;
};

const loadFrom = async (path: string, name: string): Promise<InstalledPack | undefined> => {
  const standing = await lstat(path).catch(undefinedIfAbsent);
  if (standing === undefined) return undefined;
  if (!standing.isDirectory()) throw refusal('installed', 'install_target_foreign', { path });
  const marker = await readMarker(path);
  if (marker === undefined || marker.name !== name)
    throw refusal('installed', 'install_target_foreign', {
      path,
      expected: name,
      found: marker?.name ?? null,
    });
  const expected = Object.keys(marker.files);
  requireSameSet([...expected, INSTALL_RECORD_PATH], await listFiles(path));
  // In the order of the record, whichever is read first.
  const files = new Map<string, Uint8Array>(expected.map((file) => [file, new Uint8Array()]));
  await inLanes(expected, AT_ONCE, async (file) => files.set(file, await readChecked(path, file, marker)));
  const manifest = readJsonObject('installed', files.get('pack.json') ?? new Uint8Array(), 'pack.json');
  return { marker, path, manifest, files };
};

/**
 * Loads an installed pack and checks every byte of it against what was installed. It guards against accidents and
 * against whoever can change a file, not against whoever can rewrite the record of the install as well.
 * @throws Refusal of `installed` for changed, added or missing files; RequestInvalid for a name that is none
 */
export const loadInstalled = async (dir: string, name: string): Promise<InstalledPack> => {
  const parsed = parsePackName(name);
  if (!parsed.ok) throw new RequestInvalid(parsed.violation.message);
  const path = join(dir, name);
  // Between two renames only the old version stands, aside; after them only the new one, in its place.
  const found =
    (await loadFrom(path, name)) ??
    (await loadFrom(asidePath(dir, name), name)) ??
    (await loadFrom(path, name));
  if (found === undefined) throw refusal('installed', 'not_installed', { name, dir });
  return found;
};
