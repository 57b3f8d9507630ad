// One physical connection: it runs one statement at a time and is never used again after it broke.
import postgres from 'postgres';
import { LIST_OF, LIST_TYPES, readWide } from './arrays.ts';

/*
 * The driver keeps a connection's state across a reconnect. A statement that follows a break is then answered
 * with the error of the one before, or with rows that begin at the place where the broken result stopped, and
 * a transaction whose connection broke goes on inside the transaction of whoever reconnects first
 * (porsager/postgres issues 1119, 1133, 1216, 1223). So every lane is a driver of its own with a single
 * connection, and it ends with that connection.
 */

/** What a `bigint` column comes back as: a number when that is exact, else a JS bigint. */
export type OwnTypes = { readonly bigint: number | bigint };
export type Driver = postgres.Sql<OwnTypes>;

export interface DriverOptions {
  readonly url: string;
  readonly applicationName: string;
}

/** The driver's statement object, as far as handing it to a connection goes. */
export interface Statement extends Promise<unknown> {
  handler: (statement: Statement) => void;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  readonly cancelled: unknown;
}

/** `refused`: the server answered with an error and goes on; `broken`: nothing more may run here. */
export type Outcome = 'fine' | 'refused' | 'broken';

export interface Lane {
  readonly openedAt: number;
  isBroken(): boolean;
  /** Returns when the statement is settled; its result and its error go to whoever awaits the statement. */
  run(statement: Statement): Promise<Outcome>;
  close(): Promise<void>;
}

const CONNECT_SECONDS = 10;

/** Milliseconds; nobody waits longer for a statement or a lock, or leaves a transaction open longer. */
const LIMITS = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 60_000,
} as const;

const TYPES = {
  bigint: { to: 20, from: [20], serialize: (value: number | bigint) => String(value), parse: readWide },
  ...LIST_TYPES,
};

/** A driver with our types and limits and a single connection, which it opens at the first statement. */
export const makeDriver = ({ url, applicationName }: DriverOptions, hooks: object = {}): Driver => {
  const driver = postgres(url, {
    max: 1,
    prepare: true,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => {},
    types: TYPES,
    connection: { application_name: applicationName, TimeZone: 'UTC', ...LIMITS },
    ...hooks,
  }) as unknown as Driver;
  Object.assign(
    (driver.options as unknown as { shared: { typeArrayMap: object } }).shared.typeArrayMap,
    LIST_OF,
  );
  return driver;
};

/** An error as the driver makes it for a connection that is gone. */
export const connectionError = (code: 'CONNECTION_CLOSED' | 'CONNECTION_ENDED'): Error =>
  Object.assign(new Error(code), { code });

const outcomeOf = (error: unknown): Outcome =>
  error instanceof postgres.PostgresError && error.severity === 'ERROR' ? 'refused' : 'broken';

/** Listens in on one of the two ends of a statement; a cursor puts a new function there for every batch. */
const listenIn = (statement: Statement, end: 'resolve' | 'reject', heard: (value: unknown) => void): void => {
  let own = statement[end];
  const both = (value: unknown) => {
    heard(value);
    own(value);
  };
  Object.defineProperty(statement, end, {
    get: () => both,
    set: (next: typeof own) => {
      own = next;
    },
  });
};

/** Opens a lane; `onBreak` is called in the moment it broke, before its statement learns of it. */
export const openLane = (options: DriverOptions, onBreak: (lane: Lane) => void): Lane => {
  let broken = false;
  const breakUp = () => {
    clearTimeout(patience);
    if (!broken) onBreak(lane);
    broken = true;
  };
  const driver = makeDriver(options, { onclose: breakUp, onparameter: () => clearTimeout(patience) });
  const close = () => driver.end({ timeout: 0 });
  // The driver tries for ever when something accepts the connection and hangs up before Postgres speaks.
  const patience = setTimeout(() => void close(), (CONNECT_SECONDS + 1) * 1000);
  const { handler } = driver`` as unknown as Statement;

  const settled = (statement: Statement): Promise<Outcome> =>
    new Promise((resolve) => {
      listenIn(statement, 'resolve', () => resolve('fine'));
      listenIn(statement, 'reject', (error) => {
        if (outcomeOf(error) === 'broken') breakUp();
        resolve(outcomeOf(error));
      });
    });
  const run = async (statement: Statement): Promise<Outcome> => {
    if (broken) statement.reject(connectionError('CONNECTION_CLOSED'));
    if (broken || statement.cancelled) return broken ? 'broken' : 'fine';
    const outcome = settled(statement);
    handler(statement);
    return outcome;
  };
  const lane: Lane = { openedAt: Date.now(), isBroken: () => broken, run, close };
  return lane;
};
