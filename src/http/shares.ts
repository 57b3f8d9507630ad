// Counts the requests under way on each connection: one client's pipeline must not be all that the process works at.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const MAX_PIPELINED = 64;

export const requestShares = () => {
  const running = new WeakMap<Socket, number>();
  const change = (socket: Socket, by: number): number => {
    const count = (running.get(socket) ?? 0) + by;
    running.set(socket, count);
    return count;
  };
  return {
    running: (socket: Socket): number => running.get(socket) ?? 0,
    /** False where its connection has too many. */
    enter: ({ socket }: IncomingMessage, res: ServerResponse): boolean => {
      if ((running.get(socket) ?? 0) >= MAX_PIPELINED) return false;
      change(socket, 1);
      res.once('close', () => change(socket, -1));
      return true;
    },
  };
};
