// Published versions as rows; the unique indexes decide who came first.
import { type Digest, parseDigest } from '../../storage/digest.ts';
import type { Queryable, Sql } from '../database/connect.ts';
import { sharing } from '../database/share.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import type { ManifestFacts } from '../protocol/manifest/describe.ts';
import { nameKey, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import type { PackedFile } from '../protocol/tarball.ts';
import type { DeprecationNote } from './lifecycle/deprecation-note.ts';
import type { UnpublishNote } from './lifecycle/unpublish-note.ts';
import type { YankNote } from './lifecycle/yank-note.ts';

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
  /** Only those who ask for tombstones see one. */
  readonly unpublished: UnpublishNote | null;
}

export type StoredVersion = VersionRecord & Lifecycle;

/** What lists of versions need, without the parts that may be large. */
export type ListedVersion = Omit<VersionRecord, 'manifest' | 'signature' | 'statement' | 'files'> & Lifecycle;

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
  unpublished, signature is not null as signed, statement is not null as stated`;

const allColumns = (db: Queryable) => db`${listedColumns(db)}, manifest, signature, statement, files`;

/** `swept`: the number of the sweep that took the bytes of the tarball; `advised`: of the change to what is advised. */
export type InsertOutcome =
  | 'inserted'
  | 'taken'
  | 'key_ended'
  | 'namespace_closed'
  | 'token_ended'
  | { readonly swept: number }
  | { readonly advised: number };

/** What advisories had to say of a version when it was asked, and the yank that follows from it. */
export interface Advice {
  /** The last change of what is advised about the pack; 0 where there never was any. */
  readonly seen: number;
  /** Null where no advisory in force names the version. */
  readonly yank: { readonly note: YankNote; readonly event: RecordedEvent } | null;
}

export const NO_ADVICE: Advice = { seen: 0, yank: null };

/** A version to be made true together with its event. */
interface Insertion {
  readonly record: VersionRecord;
  readonly event: RecordedEvent;
  readonly tokenId: string;
  readonly sweepSeen: number;
  readonly advice: Advice;
}

const base64Of = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** As the statement reads it: one text costs driver and server far less than twenty parameters do. */
const rowOf = ({ record, event, tokenId, sweepSeen, advice }: Insertion) => ({
  ...record,
  name_key: nameKey(record.name),
  manifest: base64Of(record.manifest),
  signature: base64Of(record.signature),
  key_id: record.keyId,
  published_at: record.publishedAt,
  token_id: tokenId,
  sweep_seen: sweepSeen,
  event_id: event.id,
  kind: event.kind,
  subject: event.subject,
  at: event.at,
  leaf: base64Of(event.leaf),
  sealed: base64Of(event.sealed),
  ...yankOf(advice),
});

/** The second event of a version that is yanked as it is published. */
const yankOf = ({ seen, yank }: Advice) => ({
  advice_seen: seen,
  yanked: yank?.note ?? null,
  yank_id: yank?.event.id ?? null,
  yank_at: yank?.event.at ?? null,
  yank_leaf: base64Of(yank?.event.leaf ?? null),
  yank_sealed: base64Of(yank?.event.sealed ?? null),
});

interface Inserted {
  readonly key_ok: boolean;
  readonly namespace_ok: boolean;
  readonly token_ok: boolean;
  readonly sweep: number;
  readonly advised: number;
  readonly inserted: boolean;
}

const insertAll =
  (sql: Sql) =>
  async (all: readonly Insertion[]): Promise<readonly Inserted[]> => {
    const rows = await sql<(Inserted & { event_id: string })[]>`
      with wanted as materialized (
        select *, decode(digest, 'hex') as bytes from json_to_recordset(${JSON.stringify(all.map(rowOf))}::text::json)
          as each (name_key text, version text, tree text, name text, digest text, size bigint, manifest text,
            signature text, key_id text, facts jsonb, files jsonb, warnings jsonb, publisher text,
            published_at timestamptz, statement text, token_id text, sweep_seen bigint,
            event_id text, kind text, subject text, at timestamptz, leaf text, sealed text,
            advice_seen bigint, yanked jsonb, yank_id text, yank_at timestamptz, yank_leaf text, yank_sealed text)
      ), signer as materialized (
        select event_id, sweep_seen, advice_seen, advice_of(name_key) as advised,
          key_id is null or key_in_force(key_id, at) as key_ok,
          namespace_open(split_part(name_key, '.', 1) || '.' || split_part(name_key, '.', 2), publisher, token_id, key_id)
            as namespace_ok,
          token_in_force(token_id, at) as token_ok, sweep_of(bytes) as sweep
        from wanted
      ), version as (
        insert into versions (name_key, version, tree, name, digest, size, manifest, signature, key_id, facts, files,
          warnings, publisher, published_at, event_id, statement, yanked, standing_event_id)
        select name_key, version, tree, name, bytes, size, decode(manifest, 'base64'), decode(signature, 'base64'),
          key_id, facts, files, warnings, publisher, published_at, event_id, statement, yanked, yank_id
        from wanted join signer using (event_id)
        where key_ok and token_ok and namespace_ok and sweep <= signer.sweep_seen and advised <= signer.advice_seen
        -- Always in this order, so that no two who insert wait for each other.
        order by name_key, version
        on conflict do nothing returning event_id
      ), event as materialized (
        select event_id, append_event(event_id, kind, subject, at, decode(leaf, 'base64'), decode(sealed, 'base64'))
        from version join wanted using (event_id)
      ), yank as materialized (
        select event_id, append_event(yank_id, 'pack.yanked', subject, yank_at, decode(yank_leaf, 'base64'),
          decode(yank_sealed, 'base64'))
        from event join wanted using (event_id) where yank_id is not null
      )
      select signer.event_id, key_ok, token_ok, namespace_ok, sweep, advised, event.event_id is not null as inserted,
        yank.event_id is not null as yanked
      from signer left join event using (event_id) left join yank using (event_id)`;
    const found = new Map(rows.map((row) => [row.event_id, row]));
    return all.map(({ event }) => {
      const row = found.get(event.id);
      if (row === undefined) throw new Error('the database did not say what became of a version');
      return row;
    });
  };

/** Bytes that one statement is given to insert, about. */
const MOST_INSERTED = 1024 * 1024;
const FILE_BYTES = 256;

const bytesOf = ({ record, event }: Insertion): number =>
  record.manifest.length +
  (record.statement?.length ?? 0) +
  (record.files.length + record.warnings.length) * FILE_BYTES +
  event.leaf.length +
  (event.sealed?.length ?? 0);

const outcomeOf = (found: Inserted, sweepSeen: number, advice: Advice): InsertOutcome => {
  const { key_ok, token_ok, namespace_ok, sweep, advised, inserted } = found;
  if (!token_ok) return 'token_ended';
  if (!key_ok) return 'key_ended';
  if (!namespace_ok) return 'namespace_closed';
  if (sweep > sweepSeen) return { swept: sweep };
  if (advised > advice.seen) return { advised };
  return inserted ? 'inserted' : 'taken';
};

/**
 * Makes a version true together with its event, in one statement and so in one transaction, which others that come
 * just then may share. `taken`: this (name, version) is there, in this tree or the other; `key_ended`, `token_ended`:
 * what was looked up before, and may have been remembered, is revoked or expired by now.
 * @param sweepSeen the last sweep after which the bytes were put; a later one may have taken them.
 * @param advice what was advised when it was asked; `advised`: something else is by now.
 */
export const insertVersion = (sql: Sql) => {
  const insert = sharing({ run: insertAll(sql), weigh: bytesOf, most: MOST_INSERTED });
  return async (
    record: VersionRecord,
    event: RecordedEvent,
    tokenId: string,
    sweepSeen = 0,
    advice = NO_ADVICE,
  ): Promise<InsertOutcome> =>
    outcomeOf(await insert({ record, event, tokenId, sweepSeen, advice }), sweepSeen, advice);
};

/** Whatever holds this (name, version), be it a tombstone, in either tree and however the name is capitalised. */
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

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

export type FindHolder = (asked: Address) => Promise<ListedVersion | undefined>;

const addressOf = ({ name, version }: Address): string => `${nameKey(name)}@${version}`;

const findAll =
  (sql: Sql) =>
  async (all: readonly Address[]): Promise<readonly (ListedVersion | undefined)[]> => {
    const [only] = all;
    if (only !== undefined && all.length === 1) return [await holderOf(sql, only.name, only.version)];
    const rows = await sql<Row<ListedVersion>[]>`
      select found.* from unnest(${all.map(({ name }) => nameKey(name))}::text[],
        ${all.map(({ version }) => version)}::text[]) as wanted (name_key, version)
      -- Limited, so that it is planned as what it is: one look into the index for each.
      cross join lateral (select ${listedColumns(sql)} from versions
        where name_key = wanted.name_key and version = wanted.version limit 1) as found`;
    const found = new Map(rows.map((row) => [addressOf(row), toVersion<ListedVersion>(row)]));
    return all.map((asked) => found.get(addressOf(asked)));
  };

const MOST_ASKED = 64;

/** `holderOf` for many who ask at once. */
export const holders = (sql: Sql): FindHolder =>
  sharing({ run: findAll(sql), weigh: () => 1, most: MOST_ASKED });

export const findVersion = async (
  db: Queryable,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<StoredVersion | undefined> => {
  const [row] = await db<Row<StoredVersion>[]>`
    select ${allColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version} and tree = ${tree} and name = ${name}
      and unpublished is null`;
  return row === undefined ? undefined : toVersion(row);
};

/** The release statement of a version in either tree, null where it has none. */
export const statementOf = async (
  db: Queryable,
  name: PackName,
  version: PackVersion,
): Promise<{ readonly statement: string | null } | undefined> => {
  const [row] = await db<{ statement: string | null }[]>`
    select statement from versions
    where name_key = ${nameKey(name)} and version = ${version} and name = ${name} and unpublished is null`;
  return row;
};

/** Every version of one pack in one tree that was not unpublished, in no particular order. */
export const versionsOf = async (db: Queryable, tree: Tree, name: PackName): Promise<ListedVersion[]> => {
  const rows = await db<Row<ListedVersion>[]>`
    select ${listedColumns(db)} from versions
    where name_key = ${nameKey(name)} and tree = ${tree} and name = ${name} and unpublished is null`;
  return rows.map(toVersion);
};

/** Whether any pack stands or stood under a namespace such as `vendor.acme`. */
export const namespaceInUse =
  (sql: Sql) =>
  async (namespace: string): Promise<boolean> => {
    const rows = await sql`
      select 1 from versions where starts_with(name_key, ${`${nameKey(namespace)}.`}) limit 1`;
    return rows.length > 0;
  };
