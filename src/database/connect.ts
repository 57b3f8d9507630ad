// Opens the pool through which every store talks to Postgres, with the same types and time limits everywhere.
import type postgres from 'postgres';
import { type Driver, type Lane, makeDriver, type OwnTypes, openLane, type Statement } from './lane.ts';
import { Pool } from './pool.ts';
import { facade, Line, type Tx, tell, transact } from './session.ts';

/** A pool of connections. */
export type Sql = postgres.Sql<OwnTypes>;
/** The one connection of a running transaction; `inTransaction` makes it. */
export type { Tx } from './session.ts';
/** What a store function that works inside and outside a transaction takes. */
export type Queryable = Sql | Tx;

export interface ConnectOptions {
  /**
   * `postgres://user:password@host:port/database`; a query such as `?statement_timeout=60000` overrides ours.
   */
  readonly url: string;
  /** Most connections open at once; they are opened as they are needed. */
  readonly max?: number;
  /** How `pg_stat_activity` names this program. */
  readonly applicationName?: string;
}

const CLOSE_SECONDS = 5;

/** After an error the driver still counts the failed rows; a statement without rows sets that right. */
const setRight = (driver: Driver, lane: Lane): Promise<unknown> => tell(driver, lane, 'select where false');

/** Runs statements that stand alone, each on whichever lane is free. */
const runAnywhere = (driver: Driver, pool: Pool) => async (statement: Statement) => {
  const lane = await pool.take().catch((error: unknown) => statement.reject(error));
  if (lane === undefined) return;
  const outcome = await lane.run(statement);
  if (outcome === 'refused') await setRight(driver, lane).catch(() => {});
  pool.give(lane);
};

const beginOn =
  (driver: Driver, pool: Pool) =>
  async <T>(modeOrWork: string | ((tx: Tx) => Promise<T>), work?: (tx: Tx) => Promise<T>): Promise<T> => {
    const lane = await pool.take();
    try {
      if (typeof modeOrWork !== 'string') return await transact(driver, lane, '', modeOrWork);
      return await transact(driver, lane, modeOrWork, work as (tx: Tx) => Promise<T>);
    } finally {
      pool.give(lane);
    }
  };

/** A session for what must outlive a transaction, such as an advisory lock; `release` ends it. */
const reserveOn = (driver: Driver, pool: Pool) => async () => {
  const lane = await pool.take();
  const line = new Line(lane);
  const release = () => void line.end().then(() => pool.drop(lane));
  return facade(driver, line.take, { release });
};

/**
 * Opens a pool; no connection is made before the first query.
 *
 * Rows carry `bigint` (and so `count(*)`) as a number when that is exact and as a JS bigint otherwise,
 * `timestamptz` as a Date (milliseconds; microseconds are cut), `bytea` as a Buffer, `json` parsed, lists as
 * arrays, `numeric` as text. Sessions run in UTC, so text and truncation of times never depend on where the
 * server stands. Statements are prepared; notices are dropped.
 *
 * A connection that breaks takes only its own statement or transaction with it, which rejects with an error
 * that `isUnavailable` knows; the next statement opens a new one.
 */
export const connect = ({ url, max = 10, applicationName = 'attestry' }: ConnectOptions): Sql => {
  const options = { url, applicationName };
  const driver = makeDriver(options);
  const pool = new Pool(max, (onBreak) => openLane(options, onBreak));
  const end = async ({ timeout = CLOSE_SECONDS }: { timeout?: number } = {}) => {
    await pool.close(timeout * 1000);
    await driver.end({ timeout: 0 });
  };
  const notify = async (channel: string, payload: string) => sql`select pg_notify(${channel}, ${payload})`;
  const own = { begin: beginOn(driver, pool), reserve: reserveOn(driver, pool), end, close: end, notify };
  const sql = facade(driver, runAnywhere(driver, pool), own) as Sql;
  return sql;
};

/** Lets running queries end for a few seconds, then closes every connection; later queries reject. */
export const closeConnection = async (sql: Sql): Promise<void> => {
  await sql.end({ timeout: CLOSE_SECONDS });
};

/** Rejects while the database cannot be asked. */
export const pingDatabase = (sql: Sql): Promise<unknown> => sql`select 1`;
