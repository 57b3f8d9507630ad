// Bounds how many readers wait for news at once: each holds memory, and a connection may ask any number of times.
import type { Socket } from 'node:net';

const MAX_WAITING = 1_000;
/** Requests may follow one another on a connection before the first is answered. */
const MAX_OF_CONNECTION = 2;

/** A way to leave, or undefined where there is no room: whoever gets none is answered at once. */
export type AdmitWaiter = (connection: Socket) => (() => void) | undefined;

export const waiters = (): AdmitWaiter => {
  const waitingOn = new WeakMap<Socket, number>();
  let waiting = 0;
  const change = (connection: Socket, by: number): void => {
    waiting += by;
    waitingOn.set(connection, (waitingOn.get(connection) ?? 0) + by);
  };
  return (connection) => {
    if (waiting >= MAX_WAITING || (waitingOn.get(connection) ?? 0) >= MAX_OF_CONNECTION) return undefined;
    change(connection, 1);
    return () => change(connection, -1);
  };
};
