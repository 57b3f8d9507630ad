// The time as the database has it, for whoever doubts his own.
import type { Queryable } from './connect.ts';

export const databaseTime = async (db: Queryable): Promise<Date> => {
  const [row] = await db<{ time: Date }[]>`select clock_timestamp() as time`;
  if (row === undefined) throw new Error('the database told no time');
  return row.time;
};
