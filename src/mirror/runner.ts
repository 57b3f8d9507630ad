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
  /** Begins all that are due. */
  readonly tick: () => Promise<void>;
  /** Ends what is under way at its next step. */
  readonly stop: () => Promise<void>;
}

/** Each keeps a connection to the database, so that others have room. */
const MOST_AT_ONCE = 2;

const syncOne = async (the: RunnerDeps, id: string, quit: AbortSignal): Promise<void> => {
  const session = await the.sql.reserve();
  try {
    if (!(await tryLock(session, id))) return;
    const upstream = await upstreamOf(the.sql, id);
    if (upstream === undefined || upstream.outcome === 'stopped') return;
    const { outcome, reason } = await the.sync(upstream, quit);
    const about = { upstream: upstream.url, outcome, reason };
    if (outcome === 'stopped')
      the.log.error(about, 'an upstream is mirrored no more: its log cannot be believed');
    else the.log.info(about, 'an upstream was synced');
    await unlock(session, id);
  } finally {
    session.release();
  }
};

export const openRunner = (the: RunnerDeps): Runner => {
  const running = new Map<string, Promise<void>>();
  const quit = new AbortController();
  const begin = (id: string): void => {
    if (quit.signal.aborted || running.has(id) || running.size >= MOST_AT_ONCE) return;
    const work = syncOne(the, id, quit.signal)
      .catch((error: unknown) =>
        the.log.error({ err: error, upstream: id }, 'a sync failed; it is tried again'),
      )
      .finally(() => running.delete(id));
    running.set(id, work);
  };
  return {
    begin,
    tick: async () => {
      for (const { id } of await dueUpstreams(the.sql, the.now())) begin(id);
    },
    stop: async () => {
      quit.abort();
      await Promise.all(running.values());
    },
  };
};
