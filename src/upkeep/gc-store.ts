// The locks and notes by which a sweep takes a blob that nobody holds, and none that somebody is about to name.
import type { Queryable } from '../database/connect.ts';
import { isHeld } from '../knowledge/documents/erase-store.ts';

/** @param digest in hex, as in all functions here. Waits for commits that name the blob. */
export const lockBlob = (session: Queryable, digest: string): Promise<unknown> =>
  session`select pg_advisory_lock(hashtextextended(${`blob:${digest}`}, 0))`;

/** False where the session had lost the lock. */
export const unlockBlob = async (session: Queryable, digest: string): Promise<boolean> => {
  const [row] = await session<{ held: boolean }[]>`
    select pg_advisory_unlock(hashtextextended(${`blob:${digest}`}, 0)) as held`;
  return row?.held === true;
};

/** Notes that the blob is about to go, unless somebody holds it; false where somebody does. */
export const noteSweep = async (session: Queryable, digest: string, at: Date): Promise<boolean> => {
  const result = await session`
    insert into swept_blobs (digest, swept_at)
    select decode(${digest}, 'hex'), ${at}
    where not ${isHeld(session, session`decode(${digest}, 'hex')`)}
    on conflict (digest) do update set sweep = excluded.sweep, swept_at = excluded.swept_at`;
  return result.count === 1;
};

/** Of sweeps so long ago that no publish can have begun before them. */
export const forgetSweeps = (db: Queryable, before: Date): Promise<unknown> =>
  db`delete from swept_blobs where swept_at < ${before}`;
