// Published versions as rows; the unique indexes decide who came first.
import { type Digest, digestBytes, parseDigest } from '../../storage/digest.ts';
import type { Queryable, Sql } from '../database/connect.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import type { ManifestFacts } from '../protocol/manifest/describe.ts';
import { nameKey, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import type { PackedFile } from '../protocol/tarball.ts';
import type { YankNote } from './yank-note.ts';

/** One published version, all of it but the tarball's bytes. */
export interface VersionRecord {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly tree: Tree;
  readonly digest: Digest;
  /** Bytes of the tarball. */
  readonly size: number;
  /** The exact bytes of pack.json in the tarball. */
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array | null;
  readonly keyId: string | null;
  /** The release statement's envelope, as JSON text. */
  readonly statement: string | null;
  readonly facts: ManifestFacts;
  readonly files: readonly PackedFile[];
  readonly warnings: readonly Violation[];
  readonly publisher: string;
  readonly publishedAt: Date;
}

interface Lifecycle {
  /** The event that published it. */
  readonly eventId: string;
  readonly signed: boolean;
  /** Whether it has a release statement. */
  readonly stated: boolean;
  readonly yanked: YankNote | null;
  readonly deprecated: DeprecationNote | null;
}

export type StoredVersion = VersionRecord & Lifecycle;

/** What lists of versions need, without the parts that may be large. */
export type ListedVersion = Omit<VersionRecord, 'manifest' | 'signature' | 'statement' | 'files'> & Lifecycle;

export interface DeprecationNote {
  readonly reason: string;
  readonly supersededBy?: string;
  readonly deprecatedAt: string;
  readonly deprecatedBy: string;
}

type Row<V> = Omit<V, 'digest' | 'keyId' | 'eventId' | 'publishedAt'> & {
  readonly digest: Uint8Array;
  readonly key_id: string | null;
  readonly event_id: string;
  readonly published_at: Date;
};

const digestOfRow = (bytes: Uint8Array): Digest => {
  const digest = parseDigest(Buffer.from(bytes).toString('hex'));
  if (digest === undefined) throw new Error('a stored digest is not one');
  return digest;
};

const toVersion = <V extends ListedVersion>(row: Row<V>): V => {
  const { digest, key_id, event_id, published_at, ...rest } = row;
  const named = { keyId: key_id, eventId: event_id, publishedAt: published_at };
  return { ...rest, digest: digestOfRow(digest), ...named } as unknown as V;
};

const listedColumns = (db: Queryable) => db`
  name, version, tree, digest, size, key_id, facts, warnings, publisher, published_at, event_id, yanked, deprecated,
  signature is not null as signed, statement is not null as stated`;

const allColumns = (db: Queryable) => db`${listedColumns(db)}, manifest, signature, statement, files`;

export type InsertOutcome = 'inserted' | 'taken' | 'key_ended' | 'token_ended';

/**
 * Makes a version true together with its event, in one statement and so in one transaction. `taken`: this (name,
 * version) is there, in this tree or the other; `key_ended`, `token_ended`: what was looked up
 * before, and may have been remembered, is revoked or expired by now.
 */
export const insertVersion =
  (sql: Sql) =>
  async (record: VersionRecord, event: RecordedEvent, tokenId: string): Promise<InsertOutcome> => {
    const { at } = event;
    const [row] = await sql<{ key_ok: boolean; token_ok: boolean; inserted: boolean }[]>`
      with signer as materialized (
        select ${record.keyId}::text is null or key_in_force(${record.keyId}, ${at}) as key_ok,
          token_in_force(${tokenId}, ${at}) as token_ok
      ), version as (
        insert into versions (name_key, version, tree, name, digest, size, manifest, signature, key_id, facts, files,
          warnings, publisher, published_at, event_id, statement)
        select ${nameKey(record.name)}, ${record.version}, ${record.tree}, ${record.name},
          ${digestBytes(record.digest)}, ${record.size}, ${record.manifest}, ${record.signature}, ${record.keyId},
          ${sql.json(record.facts as never)}, ${sql.json(record.files as never)},
          ${sql.json(record.warnings as never)}, ${record.publisher}, ${record.publishedAt},
          ${event.id}, ${record.statement}
        from signer where key_ok and token_ok
        on conflict do nothing returning 1
      ), event as materialized (
        select append_event(${event.id}, ${event.kind}, ${event.subject}, ${event.at}, ${event.leaf}, ${event.sealed})
        from version
      )
      select key_ok, token_ok, (select count(*) from event) = 1 as inserted from signer`;
    if (row?.token_ok !== true) return 'token_ended';
    if (!row.key_ok) return 'key_ended';
    return row.inserted ? 'inserted' : 'taken';
  };

/** Whatever holds this (name, version), in either tree and however the name is capitalised. */
export const holderOf = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<ListedVersion | undefined> => {
  const [row] = await db<Row<ListedVersion>[]>`
    select ${listedColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version}`;
  return row === undefined ? undefined : toVersion(row);
};

export const findVersion = async (
  db: Queryable,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<StoredVersion | undefined> => {
  const [row] = await db<Row<StoredVersion>[]>`
    select ${allColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version} and tree = ${tree} and name = ${name}`;
  return row === undefined ? undefined : toVersion(row);
};

/** The release statement of a version in either tree, null where it has none. */
export const statementOf = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<{ readonly statement: string | null } | undefined> => {
  const [row] = await db<{ statement: string | null }[]>`
    select statement from versions where name_key = ${nameKey(name)} and version = ${version} and name = ${name}`;
  return row;
};

/** Every version of one pack in one tree, in no particular order. */
export const versionsOf = async (db: Queryable, tree: Tree, name: PackName): Promise<ListedVersion[]> => {
  const rows = await db<Row<ListedVersion>[]>`
    select ${listedColumns(db)} from versions
    where name_key = ${nameKey(name)} and tree = ${tree} and name = ${name}`;
  return rows.map(toVersion);
};

/** Whether any pack stands under a namespace such as `vendor.acme`. */
export const namespaceInUse =
  (sql: Sql) =>
  async (namespace: string): Promise<boolean> => {
    const rows = await sql`
      select 1 from versions where starts_with(name_key, ${`${nameKey(namespace)}.`}) limit 1`;
    return rows.length > 0;
  };

export interface CatalogueRow {
  readonly name: string;
  readonly version: string;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly facts: ManifestFacts;
}

/** Every public version of one tree, from one snapshot. */
export const publicCatalogue = (sql: Sql, tree: Tree): Promise<CatalogueRow[]> => sql<CatalogueRow[]>`
  select name, version, yanked is not null as yanked, deprecated is not null as deprecated, facts
  from versions where tree = ${tree} and name_key not like 'private.%'`;
