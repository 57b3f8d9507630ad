// Mirrored versions and keys as rows: made true together with their events, or not at all.

import { type Digest, digestOfRaw } from '../../storage/digest.ts';
import type { Queryable, Sql, Tx } from '../database/connect.ts';
import type { DeprecationNote } from '../packs/lifecycle/deprecation-note.ts';
import type { YankNote } from '../packs/lifecycle/yank-note.ts';
import type { VersionRecord } from '../packs/version-record.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import type { Tree } from '../protocol/faults.ts';
import { nameKey, namespaceOf, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import type { MirroredKey } from './examine.ts';
import type { Told } from './listing.ts';

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

/** What holds a (name, version) here, and where it came from; `upstream` is null where it was published here. */
export interface HeldRow {
  readonly name: string;
  readonly tree: Tree;
  readonly digest: Digest;
  readonly keyId: string | null;
  readonly unpublished: boolean;
  readonly upstream: string | null;
  readonly told: Told | null;
}

export const heldVersion = async (
  db: Queryable,
  { name, version }: Address,
): Promise<HeldRow | undefined> => {
  const [row] = await db<
    (Omit<HeldRow, 'digest' | 'keyId'> & { digest: Uint8Array; key_id: string | null })[]
  >`
    select versions.name, tree, digest, key_id, unpublished is not null as unpublished, upstream, told
    from versions left join mirrored_versions using (name_key, version)
    where name_key = ${nameKey(name)} and version = ${version}`;
  if (row === undefined) return undefined;
  const { digest, key_id, ...rest } = row;
  return { ...rest, keyId: key_id, digest: digestOfRaw(digest) };
};

/** What must not move until a transaction ends that makes a version true. */
export interface Ground {
  /** Who has the namespace here. */
  readonly holder: string | null;
  /** The last sweep that took the bytes. */
  readonly sweep: number;
  /** The last change of what is advised about the pack. */
  readonly advised: number;
}

/** Holds namespace, key id, bytes and advice as they are, and says how they are. Say it before anything is written. */
export const holdGround = async (tx: Tx, name: PackName, digest: Digest, keyId: string): Promise<Ground> => {
  const namespace = namespaceOf(name).toLowerCase();
  await tx`
    select pg_advisory_xact_lock_shared(hashtextextended(held, 0))
    from unnest(${[`namespace:${namespace}`, `key:${keyId}`]}::text[]) as held`;
  const [row] = await tx<Ground[]>`
    select (select account from namespace_claims where namespace = ${namespace}) as holder,
      sweep_of(decode(${digest}, 'hex')) as sweep, advice_of(${nameKey(name)}) as advised`;
  return row ?? { holder: null, sweep: 0, advised: 0 };
};

/** Whether the id stands for no other key, delegated here or mirrored from elsewhere. */
export const isFree = async (
  db: Queryable,
  { keyId, publicKey }: Pick<MirroredKey, 'keyId' | 'publicKey'>,
) => {
  const [row] = await db<{ ok: boolean }[]>`
    select not exists (select from mirrored_keys where key_id = ${keyId} and public_key <> ${publicKey})
      and not exists (select from delegations where key_id = ${keyId} and public_key <> ${publicKey}) as ok`;
  return row?.ok === true;
};

/** False where the id stands for another key. Say `holdGround` before. */
export const keepKey = async (tx: Tx, key: MirroredKey, upstream: string): Promise<boolean> => {
  await tx`
    insert into mirrored_keys (key_id, public_key, pem, upstream, namespaces, status)
    values (${key.keyId}, ${key.publicKey}, ${key.pem}, ${upstream}, ${[...key.namespaces]}, ${key.status})
    on conflict (key_id) do update set namespaces = excluded.namespaces, status = excluded.status
      where mirrored_keys.upstream = excluded.upstream and mirrored_keys.public_key = excluded.public_key
        and (mirrored_keys.namespaces <> excluded.namespaces or mirrored_keys.status <> excluded.status)`;
  return isFree(tx, key);
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
      ${publishedAt}, ${event.id}, null, ${yank === null ? null : JSON.stringify(yank.note)}::text::jsonb,
      ${yank?.eventId ?? null}, ${deprecation === null ? null : JSON.stringify(deprecation.note)}::text::jsonb,
      ${deprecation?.eventId ?? null})
    on conflict do nothing`;
  if (inserted.count === 0) return false;
  await tx`
    insert into mirrored_versions (name_key, version, upstream, told)
    values (${nameKey(name)}, ${version}, ${entry.upstream}, ${JSON.stringify(entry.told)}::text::jsonb)`;
  return true;
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

/** As its upstream serves it. */
export const mirroredKeyPem = async (sql: Sql, keyId: string): Promise<Uint8Array | undefined> => {
  const [row] = await sql<{ pem: Uint8Array }[]>`select pem from mirrored_keys where key_id = ${keyId}`;
  return row?.pem;
};

export interface MirroredKeyRow {
  readonly keyId: string;
  readonly upstream: string;
  readonly namespaces: readonly string[];
  readonly status: string;
}

export const mirroredKeys = (sql: Sql): Promise<MirroredKeyRow[]> => sql<MirroredKeyRow[]>`
  select key_id as "keyId", upstream, namespaces, status from mirrored_keys order by key_id`;

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
