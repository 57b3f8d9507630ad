// The lock by which one process at a time works on an upstream; a process that dies lets go of it.
import type { Queryable } from '../database/connect.ts';

export const tryLock = async (session: unknown, id: string): Promise<boolean> => {
  const db = session as Queryable;
  const [row] = await db<{ ok: boolean }[]>`
    select pg_try_advisory_lock(hashtextextended(${`mirror:${id}`}, 0)) as ok`;
  return row?.ok === true;
};

export const unlock = async (session: unknown, id: string): Promise<void> => {
  const db = session as Queryable;
  await db`select pg_advisory_unlock(hashtextextended(${`mirror:${id}`}, 0))`;
};
