// How much everybody has left, as rows.
import type { Queryable } from '../database/connect.ts';
import type { Draw } from '../http/leased-buckets.ts';

/** Read, filled up for the time that went by, and drawn from in one statement; the database's clock is everybody's. */
export const drawFrom =
  (db: Queryable): Draw =>
  async (name, { perSecond, burst }, most) => {
    const first = Math.min(most, burst);
    const [row] = await db<{ taken: number; tokens: number }[]>`
      insert into rate_buckets as bucket (name, tokens, taken, at)
      values (${name}, ${burst - first}::float8, ${first}::float8, clock_timestamp())
      on conflict (name) do update set (tokens, taken, at) = (
        select had - least(${most}::float8, floor(had)), least(${most}::float8, floor(had)), clock_timestamp()
        from (select least(${burst}::float8, bucket.tokens + ${perSecond}::float8
          * greatest(0, extract(epoch from clock_timestamp() - bucket.at)))::float8 as had) as filled)
      returning taken, tokens`;
    const granted = row?.taken ?? 0;
    const waitMs = granted > 0 ? 0 : (Math.max(0, 1 - (row?.tokens ?? 0)) / perSecond) * 1_000;
    return { granted, waitMs };
  };

/** A bucket that nobody drew from for an hour is full again, and so is one that is not there. */
export const sweepBuckets = (db: Queryable): Promise<unknown> =>
  db`delete from rate_buckets where at < now() - interval '1 hour'`;
