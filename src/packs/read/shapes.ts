// The shapes in which the two trees show packs and versions, as OpenWOP clients read them. Pure.
import { integrityOf } from '../../../storage/digest.ts';
import type { Tree } from '../../protocol/faults.ts';
import { compareVersions, latestOf } from '../../protocol/semver-range.ts';
import type { ListedVersion, StoredVersion } from '../version-record.ts';

export type Shape = Readonly<Record<string, unknown>>;

const pathOf = (tree: Tree, version: ListedVersion, ending: string): string =>
  `/${tree}/packs/${version.name}/-/${version.version}.${ending}`;

/** Properties that the closed version-manifest rules of v1 do not know (registry-version-manifest). */
const NOT_SERVED_ON_V1: ReadonlySet<string> = new Set(['connector', 'peerDependenciesMeta']);

const published = (version: StoredVersion): Shape => {
  const manifest = JSON.parse(Buffer.from(version.manifest).toString('utf8')) as Record<string, unknown>;
  if (version.tree === 'v2') return manifest;
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => !NOT_SERVED_ON_V1.has(key)));
};

const lifecycleFlags = (version: ListedVersion): Shape => ({
  yanked: version.yanked !== null,
  ...(version.yanked === null ? {} : { yankedReason: version.yanked.reason }),
  ...(version.yanked?.advisoryUrl === undefined ? {} : { advisoryUrl: version.yanked.advisoryUrl }),
  [version.tree === 'v1' ? 'deprecated' : 'versionDeprecated']: version.deprecated !== null,
  ...(version.deprecated === null ? {} : { deprecationReason: version.deprecated.reason }),
  ...(version.deprecated?.supersededBy === undefined
    ? {}
    : { supersededBy: version.deprecated.supersededBy }),
});

/** A tarball that is signed as a whole cannot name its key: the manifest beside it does (v1, the first packs). */
const isSignedWhole = ({ tree, keyId, warnings }: ListedVersion): boolean =>
  tree === 'v1' && keyId !== null && warnings.some(({ code }) => code === 'signature_required');

const signedBy = (version: ListedVersion): Shape => {
  if (!isSignedWhole(version)) return {};
  const { keyId } = version;
  return { signing: { method: 'ed25519', keyId, publicKeyUrl: `/keys/${keyId}.pub` } };
};

/** The version manifest: what the publisher signed, and what the registry knows of it. */
export const versionManifest = (version: StoredVersion): Shape => ({
  ...published(version),
  ...signedBy(version),
  integrity: integrityOf(version.digest),
  publishedAt: version.publishedAt.toISOString(),
  tarballUrl: pathOf(version.tree, version, 'tgz'),
  ...(version.signed ? { signatureUrl: pathOf(version.tree, version, 'sig') } : {}),
  ...lifecycleFlags(version),
});

/** Index rows carry these members always: clients format them without looking. */
const methodOf = (version: ListedVersion): string => {
  if (!version.signed) return 'none';
  return isSignedWhole(version) ? 'ed25519' : 'manual';
};

const signingNote = (version: ListedVersion): Shape => {
  const { tree, signed, keyId } = version;
  return tree === 'v2'
    ? { signingScheme: signed ? 'ed25519-canonical-json' : 'none', signingKeyId: keyId ?? '' }
    : { signingMethod: methodOf(version), signingKeyId: keyId ?? '' };
};

const versionRow = (version: ListedVersion): Shape => ({
  version: version.version,
  publishedAt: version.publishedAt.toISOString(),
  manifestUrl: pathOf(version.tree, version, 'json'),
  tarballUrl: pathOf(version.tree, version, 'tgz'),
  signatureUrl: pathOf(version.tree, version, 'sig'),
  ...signingNote(version),
  integrity: integrityOf(version.digest),
  [version.tree === 'v1' ? 'deprecated' : 'versionDeprecated']: version.deprecated !== null,
  yanked: version.yanked !== null,
});

const standing = (version: ListedVersion) => ({
  version: version.version,
  yanked: version.yanked !== null,
  deprecated: version.deprecated !== null,
});

const inOrder = (versions: readonly ListedVersion[]): ListedVersion[] =>
  [...versions].sort((a, b) => compareVersions(a.version, b.version));

const latestAmong = (versions: readonly ListedVersion[]): ListedVersion => {
  const latest = latestOf(versions.map(standing));
  const found = versions.find((version) => version.version === latest);
  if (found === undefined) throw new Error('a pack without versions has no shape');
  return found;
};

/** Pack metadata with `versions` as an array: `/packs/{name}/index.json` of both trees and `/v2/packs/{name}`. */
export const packIndex = (versions: readonly ListedVersion[]): Shape => {
  const latest = latestAmong(versions);
  const { facts } = latest;
  return {
    name: latest.name,
    kind: facts.kind,
    description: facts.description,
    author: facts.author,
    license: facts.license,
    ...(facts.homepage === undefined ? {} : { homepage: facts.homepage }),
    ...(facts.repository === undefined ? {} : { repository: facts.repository }),
    tags: facts.keywords,
    typeIds: facts.typeIds,
    ...facts.counts,
    versions: inOrder(versions).map(versionRow),
    latest: latest.version,
    deprecated: versions.every((version) => version.deprecated !== null),
  };
};

/** What a version gives to others, each id once (registry-operations.md). */
const publishedIds = ({ facts }: ListedVersion): Shape => {
  const { typeIds, agentIds } = facts;
  return { publishedTypeIds: typeIds.filter((id) => !agentIds.includes(id)), publishedAgentIds: agentIds };
};

const mapEntry = (version: ListedVersion): Shape => ({
  ...versionRow(version),
  name: version.name,
  tarballSha256: integrityOf(version.digest),
  signed: version.signed,
  size: version.size,
  ...publishedIds(version),
  ...(version.deprecated === null ? {} : { deprecation: { deprecated: true, ...version.deprecated } }),
  ...(version.yanked === null ? {} : { yanked: version.yanked }),
  ...(version.warnings.length === 0 ? {} : { warnings: version.warnings }),
});

/** Pack metadata with `versions` keyed by version, and `dist-tags`: `/v1/packs/{name}` (node-packs.md). */
export const packMap = (versions: readonly ListedVersion[]): Shape => {
  const latest = latestAmong(versions);
  return {
    name: latest.name,
    description: latest.facts.description,
    kind: latest.facts.kind,
    versions: Object.fromEntries(inOrder(versions).map((version) => [version.version, mapEntry(version)])),
    'dist-tags': { latest: latest.version },
  };
};
