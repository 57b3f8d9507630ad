// Keeps every sealer away from the log while something is set right in it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable, Sql } from '../database/connect.ts';
import { takeSealerLock } from '../transparency/sealer-store.ts';

const TRY_EVERY_MS = 200;

/**
 * Does `work` on the session that holds the lock: whoever lost the one has lost the other. Undefined where a sealer is at
 * work and does not end within `waitMs`.
 */
export const withSealerLock = async <T>(
  sql: Sql,
  waitMs: number,
  work: (session: Queryable) => Promise<T>,
): Promise<T | undefined> => {
  const reserved = await sql.reserve();
  const session = reserved as unknown as Queryable;
  try {
    const end = performance.now() + waitMs;
    while (!(await takeSealerLock(session))) {
      if (performance.now() > end) return undefined;
      await sleep(TRY_EVERY_MS);
    }
    return await work(session);
  } finally {
    reserved.release();
  }
};
