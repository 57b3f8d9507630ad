// Says when upstreams are synced, and sees to it that one process at a time works on each.
import type { Logger } from 'pino';
import type { Sql } from '../database/connect.ts';
import { tryLock, unlock } from './sync-lock-store.ts';
import { dueUpstreams, type UpstreamRow, upstreamOf } from './upstream-store.ts';

export interface RunnerDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly sync: (
    upstream: UpstreamRow,
    quit: AbortSignal,
  ) => Promise<{ readonly outcome: string; readonly reason: string | null }>;
}

export interface Runner {
  /** Begins a sync, unless one is under way or this process has its hands full; nobody waits for it. */
  readonly begin: (id: string) => void;
  /** The same in another way; false, and nothing is begun, where one is under way anywhere or there is no room. */
  readonly take: (id: string, sync: RunnerDeps['sync']) => Promise<boolean>;
  /** Begins all that are due. */
  readonly tick: () => Promise<void>;
  /** Ends what is under way at its next step. */
  readonly stop: () => Promise<void>;
}

/** Each keeps a connection to the database, so that others have room. */
const MOST_AT_ONCE = 2;

const syncLocked = async (the: RunnerDeps, id: string, quit: AbortSignal): Promise<void> => {
  const upstream = await upstreamOf(the.sql, id);
  if (upstream === undefined || upstream.outcome === 'stopped') return;
  const { outcome, reason } = await the.sync(upstream, quit);
  const about = { upstream: upstream.url, outcome, reason };
  if (outcome === 'stopped')
    the.log.error(about, 'an upstream is mirrored no more: its log cannot be believed');
  else the.log.info(about, 'an upstream was synced');
};

/** The session goes back to others: a lock that stayed with it would keep the upstream from ever being synced again. */
const syncOne = async (the: RunnerDeps, id: string, quit: AbortSignal): Promise<void> => {
  const session = await the.sql.reserve();
  try {
    if (!(await tryLock(session, id))) return;
    // A session that broke let go by itself.
    await syncLocked(the, id, quit).finally(() => unlock(session, id).catch(() => undefined));
  } finally {
    session.release();
  }
};

export const openRunner = (the: RunnerDeps): Runner => {
  const running = new Map<string, Promise<void>>();
  const quit = new AbortController();
  const start = (id: string, work: Promise<void>): Promise<void> => {
    const watched = work
      .catch((error: unknown) =>
        the.log.error({ err: error, upstream: id }, 'a sync failed; it is tried again'),
      )
      .finally(() => running.delete(id));
    running.set(id, watched);
    return watched;
  };
  const begin = (id: string): void => {
    if (quit.signal.aborted || running.has(id) || running.size >= MOST_AT_ONCE) return;
    void start(id, syncOne(the, id, quit.signal));
  };
  const take: Runner['take'] = async (id, sync) => {
    if (quit.signal.aborted || running.has(id) || running.size >= MOST_AT_ONCE) return false;
    return new Promise((resolve, reject) => {
      const begun: RunnerDeps['sync'] = (upstream, signal) => {
        resolve(true);
        return sync(upstream, signal);
      };
      const work = syncOne({ ...the, sync: begun }, id, quit.signal);
      // What keeps it from beginning is for whoever asked to know; what it comes to later is written down.
      work.then(() => resolve(false), reject);
      void start(id, work);
    });
  };
  return {
    begin,
    take,
    tick: async () => {
      for (const { id } of await dueUpstreams(the.sql, the.now())) begin(id);
    },
    stop: async () => {
      quit.abort();
      await Promise.all(running.values());
    },
  };
};
