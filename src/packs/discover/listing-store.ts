// Lists packs for search that were published since: a batch in each call, and so in each transaction.
import type { Sql } from '../../database/connect.ts';

/** Lists at most so many packs of those that wait for it; how many waited. */
export const listWaiting =
  (sql: Sql) =>
  async (most: number): Promise<number> => {
    const [row] = await sql<{ waited: number }[]>`select list_packs(${most}) as waited`;
    return row?.waited ?? 0;
  };
