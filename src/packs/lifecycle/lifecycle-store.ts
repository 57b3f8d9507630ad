// How versions stand, as rows: what was said of each last, and the list of all that are withdrawn.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Withdrawn } from '../../../keys/withdrawals.ts';
import type { Queryable, Tx } from '../../database/connect.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';
import type { DeprecationNote } from './deprecation-note.ts';
import type { UnpublishNote } from './unpublish-note.ts';
import type { YankNote } from './yank-note.ts';

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

/** How a version stands, and by which events; null where nothing ever changed it. */
export interface StandingRow extends Address {
  readonly published_at: Date;
  readonly yanked: YankNote | null;
  readonly standing_event_id: string | null;
  readonly deprecated: DeprecationNote | null;
  readonly deprecation_event_id: string | null;
  readonly unpublished: UnpublishNote | null;
  readonly unpublished_event_id: string | null;
}

const standingColumns = (db: Queryable) => db`
  name, version, published_at, yanked, standing_event_id, deprecated, deprecation_event_id, unpublished,
  unpublished_event_id`;

const keyOf = ({ name, version }: Address): string => `${nameKey(name)}@${version}`;

/**
 * Holds versions until the transaction ends: of those who change one at once, each sees what the one before did. Row
 * locks would do so too, but they take the transaction id before they wait, by which the log orders events. Always in
 * one order, so that no two who hold many wait for each other; and the rows in the order in which publishes list packs,
 * since who changes them comes by there as well. Unpublished ones are among them.
 */
export const lockStandings = async (
  tx: Tx,
  addresses: readonly Address[],
): Promise<readonly StandingRow[]> => {
  const keys = [...new Set(addresses.map(keyOf))].sort();
  await tx`select stop_use('version:' || key) from unnest(${keys}::text[]) as held (key)`;
  return tx<StandingRow[]>`
    select ${standingColumns(tx)} from versions
      join unnest(${addresses.map(({ name }) => name)}::text[], ${addresses.map(({ version }) => version)}::text[])
        as wanted (wanted_name, wanted_version)
      on name_key = lower(wanted_name) and version = wanted_version and name = wanted_name
    order by tree, name collate "C", version`;
};

/** A tombstone stands too. */
export const standingOf = async (
  db: Queryable,
  { name, version }: Address,
): Promise<StandingRow | undefined> => {
  const [row] = await db<StandingRow[]>`
    select ${standingColumns(db)} from versions
    where name_key = ${nameKey(name)} and version = ${version} and name = ${name}`;
  return row;
};

/**
 * The key of a version where it is taken back from before the version's place in the log on, so that no client believes
 * it any more. One that is taken back from its revocation on took nothing from what was there: that stood before it. What
 * has no place yet comes behind every position that is known. The keys of mirrored versions are not judged here.
 */
export const revokedKeyOf = async (tx: Tx, { name, version }: Address): Promise<string | undefined> => {
  const [row] = await tx<{ key_id: string }[]>`
    select versions.key_id from versions
      join delegations on delegations.key_id = versions.key_id
      left join leaves on leaves.event_id = versions.event_id
    where versions.name_key = ${nameKey(name)} and versions.version = ${version} and revoked_at is not null
      and case revoked_from when 'ever' then true when 'here' then false
        else leaves.position is null or leaves.position >= revoked_from::bigint end
      and not exists (select from mirrored_versions as mirrored
        where mirrored.name_key = versions.name_key and mirrored.version = versions.version)`;
  return row?.key_id;
};

interface Yank extends Address {
  readonly yanked: YankNote;
  readonly event: { readonly id: string };
}

/** All in one statement: the listings of a pack are made anew once for each, not once for each of its versions. */
export const setYanks = async (tx: Tx, yanks: readonly Yank[]): Promise<void> => {
  if (yanks.length === 0) return;
  await tx`
    update versions set yanked = note::jsonb, standing_event_id = said_event_id
    from unnest(${yanks.map(({ name }) => nameKey(name))}::text[], ${yanks.map(({ version }) => version)}::text[],
        ${yanks.map(({ yanked }) => JSON.stringify(yanked))}::text[], ${yanks.map(({ event }) => event.id)}::text[])
      as said (key, said_version, note, said_event_id)
    where name_key = key and version = said_version`;
};

/** @param yanked null takes the yank back. */
export const setYanked = (
  tx: Tx,
  { name, version }: Address,
  yanked: YankNote | null,
  eventId: string,
): Promise<unknown> => tx`
  update versions set yanked = ${yanked === null ? null : tx.json({ ...yanked })}, standing_event_id = ${eventId}
  where name_key = ${nameKey(name)} and version = ${version}`;

/** @param deprecated null takes it back. */
export const setDeprecated = (
  tx: Tx,
  { name, version }: Address,
  deprecated: DeprecationNote | null,
  eventId: string,
): Promise<unknown> => tx`
  update versions set deprecated = ${deprecated === null ? null : tx.json({ ...deprecated })},
    deprecation_event_id = ${eventId}
  where name_key = ${nameKey(name)} and version = ${version}`;

/** From then on the row is a tombstone. */
export const setUnpublished = (
  tx: Tx,
  { name, version }: Address,
  unpublished: UnpublishNote,
  eventId: string,
): Promise<unknown> => tx`
  update versions set unpublished = ${tx.json({ ...unpublished })}, unpublished_event_id = ${eventId}
  where name_key = ${nameKey(name)} and version = ${version}`;

/** How many versions are withdrawn now, and how many of them by one account. */
export const countWithdrawn = async (tx: Tx, account: string): Promise<{ all: number; own: number }> => {
  const [row] = await tx<{ all: number; own: number }[]>`
    select (select count(*) from versions where yanked is not null and unpublished is null)
        + (select count(*) from versions where unpublished is not null) as all,
      (select count(*) from versions
        where yanked is not null and yanked ->> 'yankedBy' = ${account} and unpublished is null)
        + (select count(*) from versions
          where unpublished is not null and unpublished ->> 'unpublishedBy' = ${account}) as own`;
  return row ?? { all: 0, own: 0 };
};

/** Sorted by digest, as the signed list has them. An unpublished version is that, whether it was yanked before or not. */
export const withdrawnNow = async (db: Queryable): Promise<readonly Withdrawn[]> => {
  // As one text: a row for each of many thousands would keep the process busy.
  const [row] = await db<{ all: string | null }[]>`
    select string_agg(encode(digest, 'hex') || case when unpublished is null then 'y' else 'u' end, '' order by digest)
      as all
    from versions where yanked is not null or unpublished is not null`;
  const found = row?.all?.match(/.{65}/g) ?? [];
  return found.map((each) => ({
    sha256: each.slice(0, -1),
    kind: each.endsWith('u') ? 'unpublished' : 'yanked',
  }));
};

/** One event of a version's history as it was recorded; `position` is null until it is sealed. */
export interface HistoryRow {
  readonly id: string;
  readonly position: number | null;
  /** The full event. */
  readonly event: JsonObject;
}

/** Entries of a history that one answer holds. */
export const MOST_HISTORY = 500;

/**
 * Oldest first: by place in the log, and what waits for its seal behind; one more than an answer holds, where there is
 * one.
 * @param from how many to pass over
 */
export const historyOf = async (
  db: Queryable,
  { name, version }: Address,
  from: number,
): Promise<readonly HistoryRow[]> => {
  const rows = await db<{ id: string; position: number | null; bytes: Uint8Array }[]>`
    select events.id, leaves.position, coalesce(sealed, leaf) as bytes
    from events left join leaves on leaves.event_id = events.id
    where subject = ${`pack:${name}@${version}`} and kind like 'pack.%'
    order by leaves.position nulls last, events.xact, events.ordinal
    offset ${from} limit ${MOST_HISTORY + 1}`;
  return rows.map(({ id, position, bytes }) => ({
    id,
    position,
    event: JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject,
  }));
};
