// Runs statements in order on one lane: a transaction, or a session that a caller keeps for itself.
import type postgres from 'postgres';
import type { Driver, Lane, OwnTypes, Statement } from './lane.ts';

export type Tx = postgres.TransactionSql<OwnTypes>;

type Take = (statement: Statement) => void;

/** Makes a statement go to `take` when it is awaited; a mere part of another statement never is. */
const guide = <T>(made: T, take: Take): T => {
  if (made instanceof Promise) (made as unknown as Statement).handler = take;
  return made;
};

const notOffered = (): never => {
  throw new Error('This part of the driver would open a connection of its own; it is not offered.');
};

const NOT_OFFERED = { file: notOffered, subscribe: notOffered, largeObject: notOffered, prepare: notOffered };

const origins = new WeakMap<object, string>();

/** Shows in an error where its statement was written; the driver itself sees no further than this file. */
const markOrigin = (made: unknown, template: unknown, below: (...args: never[]) => unknown): void => {
  if (!(made instanceof Promise) || typeof template !== 'object' || template === null) return;
  const holder = { stack: '' };
  if (!origins.has(template)) Error.captureStackTrace(holder, below);
  const origin = origins.get(template) ?? holder.stack;
  origins.set(template, origin);
  Object.defineProperty(made, 'origin', { value: origin });
};

/** The driver as callers see it: it builds statements, `take` runs them, `own` replaces some members. */
export const facade = (driver: Driver, take: Take, own: object): unknown => {
  const unsafe = (...args: Parameters<Driver['unsafe']>) => guide(driver.unsafe(...args), take);
  const members: Record<PropertyKey, unknown> = { unsafe, ...NOT_OFFERED, ...own };
  const apply = (target: Driver, _self: unknown, args: unknown[]): unknown => {
    const made = guide(Reflect.apply(target as (...all: unknown[]) => unknown, undefined, args), take);
    markOrigin(made, args[0], apply);
    return made;
  };
  const get = (target: Driver, key: string | symbol): unknown =>
    Object.hasOwn(members, key) ? members[key] : Reflect.get(target, key);
  return new Proxy(driver, { apply, get });
};

/** Runs one statement of ours on a lane and returns what the server says it did, such as `COMMIT`. */
export const tell = async (driver: Driver, lane: Lane, text: string): Promise<string> => {
  const result = await guide(driver.unsafe(text), (statement) => void lane.run(statement));
  return result.command;
};

/** The statements of one session in order; after `end`, or once the lane broke, they are rejected. */
export class Line {
  readonly #lane: Lane;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** The first error a statement met, also when nobody looked at it. */
  failure: unknown;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  readonly take: Take = (statement) => {
    const refusal = new Error('This statement came after the end of its transaction.');
    if (this.#ended) return statement.reject(refusal);
    this.#last = this.#last.then(() => this.#lane.run(statement));
    Promise.prototype.then.call(statement, undefined, (error: unknown) => {
      this.failure ??= error;
    });
  };

  /** Returns when every statement is settled, and takes no more from then on. */
  async end(): Promise<void> {
    for (let seen: unknown; seen !== this.#last; ) {
      seen = this.#last;
      await seen;
    }
    this.#ended = true;
  }
}

const ABORTED = '25P02';

/** A statement after the failed one only learns that something failed before; what failed says more. */
const toldCause = (error: unknown, first: unknown): unknown =>
  error instanceof Error && 'code' in error && error.code === ABORTED && first !== undefined ? first : error;

const savepointOn = (driver: Driver, line: Line, tx: () => Tx) => {
  let count = 0;
  const say = (text: string) => guide(driver.unsafe(text), line.take);
  return async <T>(
    nameOrWork: string | ((tx: Tx) => Promise<T>),
    named?: (tx: Tx) => Promise<T>,
  ): Promise<T> => {
    const work = typeof nameOrWork === 'string' ? named : nameOrWork;
    count += 1;
    const name = `point_${count}`;
    await say(`savepoint ${name}`);
    try {
      return await (work as (tx: Tx) => Promise<T>)(tx());
    } catch (error) {
      await say(`rollback to savepoint ${name}`);
      line.failure = undefined;
      throw error;
    }
  };
};

/** Runs `work` between begin and commit; on any failure nothing of it stays. The lane stays the caller's. */
export const transact = async <T>(
  driver: Driver,
  lane: Lane,
  mode: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> => {
  const line = new Line(lane);
  const tx: Tx = facade(driver, line.take, { savepoint: savepointOn(driver, line, () => tx) }) as Tx;
  await tell(driver, lane, `begin ${mode.replaceAll(/[^a-z ]/gi, '')}`);
  try {
    const result = await work(tx);
    await line.end();
    if (line.failure !== undefined) throw line.failure;
    const done = await tell(driver, lane, 'commit');
    if (done !== 'COMMIT')
      throw new Error('Postgres rolled the transaction back, as a statement in it had failed.');
    return result;
  } catch (error) {
    await line.end();
    // On a broken lane the server has done it already.
    await tell(driver, lane, 'rollback').catch(() => {});
    throw toldCause(error, line.failure);
  }
};
