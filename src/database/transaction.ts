// Runs work in one transaction, and tells whose fault a database error is.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql, Tx } from './connect.ts';

const ATTEMPTS = 5;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
/** Somebody held a lock for longer than a statement waits (`lock_timeout`). */
const LOCK_NOT_AVAILABLE = '55P03';
const UNIQUE_VIOLATION = '23505';

/** Codes of the driver and of the operating system that mean: nobody answered, or the line went dead. */
const LOST = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** SQLSTATE: connection exception, out of connections, ended by an operator, starting up or shutting down. */
const SERVER_AWAY = /^(?:08[0-9A-Z]{3}|53300|57P0[1-3])$/;

/** The code an error carries; one that only wraps another has that one's. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '';
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
};

/** Whether Postgres asks for the whole transaction once more: it would not run beside another, or waited in a circle. */
export const mayBeRepeated = (error: unknown): boolean =>
  [SERIALIZATION_FAILURE, DEADLOCK].includes(codeOf(error));

/** Rivals that failed together must not come back together. */
const pause = (attempt: number): Promise<void> => sleep(2 ** attempt * 5 * (0.5 + Math.random()));

/**
 * Commits what `work` did, or nothing of it when `work` throws.
 *
 * `work` may run several times, since Postgres asks for a repeat after a serialization failure or a deadlock:
 * it must touch nothing outside `tx`. After the last attempt the error comes through as it is. When the
 * connection is lost (`isUnavailable`) the commit may have happened or not, so nothing is repeated here.
 */
export const inTransaction = async <T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The driver would await the members of a returned array one by one; a box keeps the result as it is.
      const { result } = (await sql.begin(async (tx) => ({ result: await work(tx) }))) as { result: T };
      return result;
    } catch (error) {
      if (attempt === ATTEMPTS || !mayBeRepeated(error)) throw error;
    }
    await pause(attempt);
  }
};

/** Whether a unique index refused the row; with `constraint`, whether that very index did. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  codeOf(error) === UNIQUE_VIOLATION &&
  (constraint === undefined ||
    (error instanceof Error && 'constraint_name' in error && error.constraint_name === constraint));

/** Whether the database is out of reach (it cannot be connected to, went away, starts up or shuts down) or too busy. */
export const isUnavailable = (error: unknown): boolean => {
  const code = codeOf(error);
  return LOST.has(code) || SERVER_AWAY.test(code) || code === LOCK_NOT_AVAILABLE;
};
