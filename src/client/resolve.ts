// Turns a request for a pack into one version: the highest that a range admits and that was not yanked.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, objectOf, textOf } from '../protocol/manifest/read.ts';
import { type PackName, type PackVersion, parsePackVersion } from '../protocol/pack-id.ts';
import { highestSatisfying } from '../protocol/semver-range.ts';
import { addressOf, type TreeAddresses } from './discovery.ts';
import { refusal } from './refusal.ts';
import { type OpenRegistry, treesOf } from './registry.ts';

/** `exact`: the range is one version, which may be installed although it was yanked. */
export interface PackRequest {
  readonly name: PackName;
  readonly range: string;
  readonly exact: PackVersion | undefined;
}

/** `asked` decides what a yank means: it ends ranges and only warns exact pins. */
export interface Wanted {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly asked: 'exact' | 'range';
}

/** `publishedAt` as the registry says it. */
export interface ListedVersion {
  readonly version: PackVersion;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly publishedAt?: string;
}

const MAX_INDEX_BYTES = 8 * 1024 * 1024;

/** A boolean in the served documents, an object with who and when in richer ones; anything else counts as a yank. */
export const isYanked = (flag: JsonValue | undefined): boolean =>
  flag !== undefined && flag !== false && flag !== null;

const standingOf = (row: JsonValue | undefined) => {
  const publishedAt = textOf(at(row, 'publishedAt'))?.slice(0, 64);
  return {
    yanked: isYanked(at(row, 'yanked')),
    deprecated: isYanked(at(row, 'versionDeprecated') ?? at(row, 'deprecated')),
    ...(publishedAt === undefined ? {} : { publishedAt }),
  };
};

/** Rows of an array, or the entries of a map by version (node-packs.md); versions that are none are left out. */
const rowsOf = (index: JsonObject): readonly ListedVersion[] => {
  const { versions } = index;
  const rows = Array.isArray(versions)
    ? versions.map((row: JsonValue) => [textOf(at(row, 'version')) ?? '', row] as const)
    : Object.entries(objectOf(versions) ?? {});
  return rows.flatMap(([text, row]) => {
    const version = parsePackVersion(text);
    return version.ok ? [{ version: version.value, ...standingOf(row) }] : [];
  });
};

const indexOf = async (
  registry: OpenRegistry,
  name: PackName,
  addresses: TreeAddresses,
): Promise<readonly ListedVersion[]> => {
  const path = addressOf(addresses.packMetadata, { name });
  const index = await registry.reader.document('registry', path, MAX_INDEX_BYTES);
  if (index === undefined) return [];
  if (index['name'] === name) return rowsOf(index);
  throw refusal('identity', 'manifest_identity_mismatch', {
    where: path,
    expected: name,
    found: index['name'] ?? null,
  });
};

/** What the indexes of a pack say, in the order of the trees. @throws Refusal `pack_not_found` */
export const listVersions = async (
  registry: OpenRegistry,
  name: PackName,
  tree: Tree | undefined,
): Promise<readonly ListedVersion[]> => {
  const indexes = treesOf(registry, tree).map(([, addresses]) => indexOf(registry, name, addresses));
  const found = (await Promise.all(indexes)).flat();
  if (found.length === 0) throw refusal('registry', 'pack_not_found', { name });
  return found;
};

/**
 * The version a request stands for. Exact versions are not looked up here: verifying them is.
 * @throws Refusal `pack_not_found` or `no_version_satisfies`
 */
export const resolveRequest = async (
  registry: OpenRegistry,
  request: PackRequest,
  tree?: Tree,
): Promise<Wanted> => {
  const { name, range, exact } = request;
  if (exact !== undefined) return { name, version: exact, asked: 'exact' };
  const listed = await listVersions(registry, name, tree);
  const yanked = new Set(listed.filter((each) => each.yanked).map((each) => each.version));
  const offered = listed.map((each) => each.version).filter((version) => !yanked.has(version));
  const version = highestSatisfying(offered, range);
  if (version !== undefined) return { name, version, asked: 'range' };
  throw refusal('registry', 'no_version_satisfies', {
    name,
    range,
    versions: offered.slice(0, 50),
    yanked: [...yanked].slice(0, 50),
  });
};
