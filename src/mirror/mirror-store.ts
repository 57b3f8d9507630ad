// Mirrored versions as rows: made true together with their events, or not at all.
import { publicKeyFromBytes } from '../../keys/key.ts';
import { type Digest, digestOfRaw } from '../../storage/digest.ts';
import type { Queryable, Tx } from '../database/connect.ts';
import type { DeprecationNote } from '../packs/lifecycle/deprecation-note.ts';
import type { YankNote } from '../packs/lifecycle/yank-note.ts';
import type { VersionRecord } from '../packs/version-record.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import type { Tree } from '../protocol/faults.ts';
import { nameKey, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import type { Told } from './listing.ts';
import type { Stated } from './statement.ts';

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

/** What holds a (name, version) here, and where it came from; `upstream` is null where it was published here. */
export interface HeldRow {
  readonly name: string;
  readonly tree: Tree;
  readonly digest: Digest;
  readonly unpublished: boolean;
  /** Whether it has a release statement. */
  readonly stated: boolean;
  readonly upstream: string | null;
  readonly told: Told | null;
}

export const heldVersion = async (
  db: Queryable,
  { name, version }: Address,
): Promise<HeldRow | undefined> => {
  const [row] = await db<(Omit<HeldRow, 'digest'> & { digest: Uint8Array })[]>`
    select versions.name, tree, digest, unpublished is not null as unpublished, statement is not null as stated,
      upstream, told
    from versions left join mirrored_versions using (name_key, version)
    where name_key = ${nameKey(name)} and version = ${version}`;
  if (row === undefined) return undefined;
  return { ...row, digest: digestOfRaw(row.digest) };
};

export interface Entry {
  readonly record: VersionRecord;
  readonly upstream: string;
  readonly told: Told;
  readonly event: RecordedEvent;
  readonly yank: { readonly note: YankNote; readonly eventId: string } | null;
  readonly deprecation: { readonly note: DeprecationNote; readonly eventId: string } | null;
}

/** False where the (name, version) is taken, in whichever tree. */
export const insertMirrored = async (tx: Tx, entry: Entry): Promise<boolean> => {
  const { record, event, yank, deprecation } = entry;
  const { name, version, tree, digest, size, manifest, signature, keyId, publisher, publishedAt } = record;
  const inserted = await tx`
    insert into versions (name_key, version, tree, name, digest, size, manifest, signature, key_id, facts, files,
      warnings, publisher, published_at, event_id, statement, yanked, standing_event_id, deprecated,
      deprecation_event_id)
    values (${nameKey(name)}, ${version}, ${tree}, ${name}, decode(${digest}, 'hex'), ${size}, ${manifest},
      ${signature}, ${keyId}, ${JSON.stringify(record.facts)}::text::jsonb,
      ${JSON.stringify(record.files)}::text::jsonb, ${JSON.stringify(record.warnings)}::text::jsonb, ${publisher},
      ${publishedAt}, ${event.id}, ${record.statement}, ${yank === null ? null : JSON.stringify(yank.note)}::text::jsonb,
      ${yank?.eventId ?? null}, ${deprecation === null ? null : JSON.stringify(deprecation.note)}::text::jsonb,
      ${deprecation?.eventId ?? null})
    on conflict do nothing`;
  if (inserted.count === 0) return false;
  await tx`
    insert into mirrored_versions (name_key, version, upstream, told)
    values (${nameKey(name)}, ${version}, ${entry.upstream}, ${JSON.stringify(entry.told)}::text::jsonb)`;
  return true;
};

/** What a release statement of a mirrored version has to be about. */
export const statedVersion = async (
  db: Queryable,
  { name, version }: Address,
): Promise<Stated | undefined> => {
  const [row] = await db<
    { manifest: Uint8Array; digest: Uint8Array; keyId: string; publicKey: Uint8Array }[]
  >`
    select manifest, digest, key_id as "keyId", public_key as "publicKey"
    from versions join mirrored_keys using (key_id) join mirrored_versions using (name_key, version)
    where name_key = ${nameKey(name)} and version = ${version}`;
  if (row === undefined) return undefined;
  const key = { keyId: row.keyId, publicKey: publicKeyFromBytes(row.publicKey) };
  return { manifestBytes: row.manifest, digest: digestOfRaw(row.digest), key };
};

/** False where it has one, is gone, or came from elsewhere. */
export const keepStatement = async (
  tx: Tx,
  upstream: string,
  { name, version }: Address,
  statement: string,
): Promise<boolean> => {
  const kept = await tx`
    update versions set statement = ${statement}
    where name_key = ${nameKey(name)} and version = ${version} and statement is null and unpublished is null
      and exists (select from mirrored_versions as mirrored where mirrored.name_key = versions.name_key
        and mirrored.version = versions.version and mirrored.upstream = ${upstream})`;
  return kept.count === 1;
};

export const setTold = (tx: Tx, { name, version }: Address, told: Told): Promise<unknown> => tx`
  update mirrored_versions set told = ${JSON.stringify(told)}::text::jsonb
  where name_key = ${nameKey(name)} and version = ${version}`;

/** How it stood upstream when that was last looked at, for whoever holds the version. */
export const toldIn = async (tx: Tx, { name, version }: Address): Promise<Told | undefined> => {
  const [row] = await tx<{ told: Told }[]>`
    select told from mirrored_versions where name_key = ${nameKey(name)} and version = ${version}`;
  return row?.told;
};

/** How often the standing of a version changed. */
export const changesSince = async (tx: Tx, { name, version }: Address, since: Date): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*) as count from events
    where subject = ${`pack:${name}@${version}`} and kind like 'pack.%' and at > ${since}`;
  return row?.count ?? 0;
};

/** Versions of one pack that were mirrored from there and are listed there no more. */
export const notListed = (
  db: Queryable,
  upstream: string,
  tree: Tree,
  name: PackName,
  listed: readonly string[],
): Promise<{ version: string }[]> => db<{ version: string }[]>`
  select version from mirrored_versions join versions using (name_key, version)
  where name_key = ${nameKey(name)} and upstream = ${upstream} and tree = ${tree} and unpublished is null
    and not version = any(${[...listed]}::text[])`;
