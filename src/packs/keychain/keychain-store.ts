// Which keys signed which versions, as rows: what a keychain names, and what a thief may have signed.
import type { Queryable } from '../../database/connect.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';

/** The keys that served versions of a pack name, in either tree; undefined where there is no such pack. */
export const keysNamedBy = async (db: Queryable, name: PackName): Promise<readonly string[] | undefined> => {
  const rows = await db<{ key_id: string | null }[]>`
    select distinct key_id from versions
    where name_key = ${nameKey(name)} and name = ${name} and unpublished is null`;
  return rows.length === 0 ? undefined : rows.flatMap(({ key_id }) => key_id ?? []);
};

/** The time of the newest event by which something was published that the key signed. */
export const lastUseOfKey = async (db: Queryable, keyId: string): Promise<Date | undefined> => {
  const [row] = await db<{ at: Date | null }[]>`
    select max(events.at) as at from versions join events on events.id = versions.event_id
    where versions.key_id = ${keyId}`;
  return row?.at ?? undefined;
};

/** From its beginning up to its end, which does not belong to it; null: without an end. */
export interface Window {
  readonly since: Date;
  readonly until: Date | null;
}

export interface SignedVersion {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly published_at: Date;
  readonly is_yanked: boolean;
}

const isWithin = (db: Queryable, keyId: string, { since, until }: Window) => db`
  key_id = ${keyId} and published_at >= ${since} and (${until}::timestamptz is null or published_at < ${until})`;

/** What the key signed and is served, oldest first. */
export const signedWithin = (
  db: Queryable,
  keyId: string,
  window: Window,
  most: number,
): Promise<SignedVersion[]> => db<SignedVersion[]>`
  select name, version, published_at, yanked is not null as is_yanked from versions
  where ${isWithin(db, keyId, window)} and unpublished is null
  order by published_at, name_key, version limit ${most}`;

/**
 * The least place in the log of what the key signed, served still or unpublished: who installed it has it either way.
 * Undefined where nothing of it has a place yet.
 */
export const firstSignedWithin = async (
  db: Queryable,
  keyId: string,
  window: Window,
): Promise<number | undefined> => {
  const [row] = await db<{ first: number | null }[]>`
    select min(leaves.position) as first from versions join leaves on leaves.event_id = versions.event_id
    where ${isWithin(db, keyId, window)}`;
  return row?.first ?? undefined;
};
