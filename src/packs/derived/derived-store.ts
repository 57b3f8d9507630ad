// What derived documents are made from, as rows: the files of versions, and every version of a tree in pieces.
import { type Digest, digestOfRaw } from '../../../storage/digest.ts';
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';
import type { PackedFile } from '../../protocol/tarball.ts';

/** What a bill of materials is made from; none of it ever changes. */
export interface Materials {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly digest: Digest;
  /** The exact bytes of pack.json in the tarball. */
  readonly manifest: Uint8Array;
  readonly files: readonly PackedFile[];
}

type MaterialsRow = Omit<Materials, 'digest'> & { readonly digest: Uint8Array; readonly event_id: string };

const toMaterials = ({ event_id: _, digest, ...row }: MaterialsRow): Materials => ({
  ...row,
  digest: digestOfRaw(digest),
});

export const materialsOf = async (
  db: Queryable,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<Materials | undefined> => {
  const [row] = await db<MaterialsRow[]>`
    select name, version, digest, manifest, files, event_id from versions
    where name_key = ${nameKey(name)} and version = ${version} and tree = ${tree} and name = ${name}
      and unpublished is null`;
  return row === undefined ? undefined : toMaterials(row);
};

/** A version by the event that published it. */
export interface ListedRelease {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly eventId: string;
}

/** Every public version of one tree but tombstones. */
export const publicReleases = (db: Queryable, tree: Tree): Promise<readonly ListedRelease[]> => db<
  ListedRelease[]
>`
  select name, version, event_id as "eventId" from versions
  where tree = ${tree} and name_key not like 'private.%' and unpublished is null`;

/** By the events that published them. */
export const materialsOfAll = async (
  db: Queryable,
  releases: readonly ListedRelease[],
): Promise<ReadonlyMap<string, Materials>> => {
  const rows = await db<MaterialsRow[]>`
    select name, version, digest, manifest, files, event_id
    from unnest(${releases.map(({ name }) => nameKey(name))}::text[], ${releases.map(({ version }) => version)}::text[])
      as wanted (wanted_key, wanted_version)
    join versions on name_key = wanted_key and version = wanted_version`;
  return new Map(rows.map((row) => [row.event_id, toMaterials(row)]));
};

/** The tarball of a version on offer, in either tree, and the files in it; undefined for one that is not. */
export const offeredFiles = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<Pick<Materials, 'digest' | 'files'> | undefined> => {
  const [row] = await db<{ digest: Uint8Array; files: readonly PackedFile[] }[]>`
    select digest, files from versions
    where name_key = ${nameKey(name)} and version = ${version} and name = ${name}
      and yanked is null and unpublished is null`;
  return row === undefined ? undefined : { digest: digestOfRaw(row.digest), files: row.files };
};
