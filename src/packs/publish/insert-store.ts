// Makes versions true as rows, each together with its event; the unique indexes decide who came first.
import type { Sql } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import type { YankNote } from '../lifecycle/yank-note.ts';
import type { VersionRecord } from '../version-record.ts';

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
