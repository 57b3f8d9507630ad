// Manifests of public packs as they were published, a few at a time: each may be large.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import type { VersionFlags } from '../../protocol/semver-range.ts';

export interface VersionName {
  readonly name: PackName;
  readonly version: PackVersion;
}

export interface ReadManifest extends VersionName {
  readonly manifest: JsonValue;
}

interface Row extends VersionName {
  readonly manifest: Uint8Array;
}

const toManifest = ({ name, version, manifest }: Row): ReadManifest => ({
  name,
  version,
  manifest: JSON.parse(Buffer.from(manifest).toString('utf8')) as JsonValue,
});

/** Those of the versions that are there, in no particular order. */
export const manifestsOf = async (
  db: Queryable,
  tree: Tree,
  wanted: readonly VersionName[],
): Promise<readonly ReadManifest[]> => {
  const rows = await db<Row[]>`
    select name, version, manifest from versions
      join unnest(${wanted.map(({ name }) => name)}::text[], ${wanted.map(({ version }) => version)}::text[])
        as wanted (wanted_name, wanted_version)
      on name_key = lower(wanted_name) and version = wanted_version and name = wanted_name
    where tree = ${tree} and unpublished is null and not starts_with(name_key, 'private.')`;
  return rows.map(toManifest);
};

/** Of the latest versions that bring agents, the next ones by name. */
export const agentManifestsAfter = async (
  db: Queryable,
  tree: Tree,
  after: string,
  limit: number,
): Promise<readonly ReadManifest[]> => {
  const rows = await db<Row[]>`
    select latest.name, version, manifest from pack_latest as latest join versions using (name_key, version)
    where latest.tree = ${tree} and latest.name > ${after} and facts -> 'agentIds' <> '[]'
    order by latest.name limit ${limit}`;
  return rows.map(toManifest);
};

export interface Candidate extends VersionFlags<PackVersion> {
  readonly name: PackName;
}

/** Every version that packs of these names have. */
export const versionsOfAll = (db: Queryable, tree: Tree, names: readonly string[]): Promise<Candidate[]> =>
  db<Candidate[]>`
    select name, version, yanked is not null as yanked, deprecated is not null as deprecated
    from unnest(${[...names]}::text[]) as wanted
      join versions on name_key = lower(wanted) and name = wanted
    where tree = ${tree} and unpublished is null and not starts_with(name_key, 'private.')`;
