// How versions stand, as rows: the yank of one, and the list of all that are yanked.
import type { Queryable, Tx } from '../../database/connect.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';
import type { YankNote } from './yank-note.ts';

/** How a version stands, and by which event; null where nothing ever changed it. */
export interface StandingRow {
  readonly yanked: YankNote | null;
  readonly standing_event_id: string | null;
}

/**
 * Holds the version until the transaction ends: of those who change it at once, each sees what the one before did. A
 * row lock would do so too, but it takes the transaction id before it waits, by which the log orders events.
 */
export const lockStanding = async (
  tx: Tx,
  name: PackName,
  version: PackVersion,
): Promise<StandingRow | undefined> => {
  await tx`select stop_use(${`version:${nameKey(name)}@${version}`})`;
  const [row] = await tx<StandingRow[]>`
    select yanked, standing_event_id from versions
    where name_key = ${nameKey(name)} and version = ${version} and name = ${name}`;
  return row;
};

/** @param yanked null takes the yank back. */
export const setYanked = (
  tx: Tx,
  name: PackName,
  version: PackVersion,
  yanked: YankNote | null,
  eventId: string,
): Promise<unknown> => tx`
  update versions set yanked = ${yanked === null ? null : tx.json({ ...yanked })}, standing_event_id = ${eventId}
  where name_key = ${nameKey(name)} and version = ${version}`;

/** How many versions are yanked now, and how many of them by one account. */
export const countYanked = async (tx: Tx, account: string): Promise<{ all: number; own: number }> => {
  const [row] = await tx<{ all: number; own: number }[]>`
    select (select count(*) from versions where yanked is not null) as all,
      (select count(*) from versions where yanked is not null and yanked ->> 'yankedBy' = ${account}) as own`;
  return row ?? { all: 0, own: 0 };
};

/** Digests of all tarballs that are yanked now, in hex, sorted. */
export const yankedDigests = async (db: Queryable): Promise<readonly string[]> => {
  // As one text: a row for each of many thousands would keep the process busy.
  const [row] = await db<{ digests: string | null }[]>`
    select string_agg(encode(digest, 'hex'), '' order by digest) as digests from versions where yanked is not null`;
  return row?.digests?.match(/.{64}/g) ?? [];
};
