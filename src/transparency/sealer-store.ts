// What a sealer asks of the database before and beside sealing: its lock, whose rows these are, who holds it up.
import type { Queryable } from '../database/connect.ts';

/** A session that lives as long as one sealer: whoever holds the lock in it may seal. */
const SEALER_LOCK = 'attestry.sealer';

export const takeSealerLock = async (session: Queryable): Promise<boolean> => {
  const [row] = await session<{ taken: boolean }[]>`
    select pg_try_advisory_lock(hashtextextended(${SEALER_LOCK}, 0)) as taken`;
  return row?.taken === true;
};

/**
 * Rows that were brought here from another database cluster carry its transaction ids: new events could get smaller
 * ones, and would come before the last sealed event, where nobody looks for them.
 */
const areForeign = async (db: Queryable): Promise<boolean> => {
  const [row] = await db<{ foreign: boolean }[]>`
    select exists (select from events where xact >= pg_snapshot_xmax(pg_current_snapshot()))
      or (select count(*) from events, log_head
          where (events.xact, events.ordinal) <= (log_head.last_xact, log_head.last_ordinal))
        <> (select size from log_head) as foreign`;
  return row?.foreign === true;
};

/**
 * All rows that are there lie in the past, so foreign ones go to its beginning, and the head goes on right before the
 * first of them that waits for its seal.
 * @returns whether there were any
 */
export const adoptForeignEvents = async (session: Queryable): Promise<boolean> => {
  if (!(await areForeign(session))) return false;
  // There may be millions of them; both become true at once, or the next to try finds them as they were.
  await session`set statement_timeout = 0`;
  try {
    await session`
      with adopted as (update events set xact = '0' where xact <> '0' returning 1)
      update log_head set last_xact = '0', last_ordinal = coalesce(
        (select min(ordinal) - 1 from events where not exists (select from leaves where event_id = events.id)),
        (select max(ordinal) from events), -1)
      where (select count(*) from adopted) >= 0`;
  } finally {
    await session`reset statement_timeout`;
  }
  return true;
};

/** A process that stands still, or cannot be reached any more, loses the sealer's lock after this long. */
const SEALER_IDLE = '30s';

/** For the session that seals: it asks the database at least every half second, so that silence means it is gone. */
export const limitSilence = (session: Queryable): Promise<unknown> =>
  session`select set_config('idle_session_timeout', ${SEALER_IDLE}, false)`;

/**
 * For the session that seals, once the log is open: a few events at a time are looked up among all there are. Plans that
 * it made for a small log would read the whole of a large one for each batch. None of it is worth compiling.
 */
export const planForLookups = (session: Queryable): Promise<unknown> =>
  session`select set_config(method, 'off', false)
    from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) as method`;

/** The oldest transaction that has written and still runs, anywhere in the cluster: sealing waits for it. */
export const oldestWriter = async (db: Queryable): Promise<string | undefined> => {
  const [row] = await db<{ pid: number; datname: string | null; application_name: string; since: Date }[]>`
    select pid, datname, application_name, xact_start as since from pg_stat_activity
    where backend_xid is not null order by xact_start limit 1`;
  return (
    row && `process ${row.pid} (${row.application_name}) in ${row.datname}, since ${row.since.toISOString()}`
  );
};
