// Ends a server cleanly: says so first, lets what is under way be answered, and takes no longer than it may.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const IDLE_CHECK_MS = 100;

const draining = new WeakSet<Server>();
const connections = new WeakMap<Server, Set<Socket>>();
const serverOf = new WeakMap<Socket, Server>();
/** By their connections: whoever is answered late, and wants to be told to hurry. */
const patient = new WeakMap<Socket, Set<() => void>>();

/** From then on answers end their connections, and /readyz says that others are to be asked. */
export const isDraining = (server: Server): boolean => draining.has(server);

/** Tells whoever waits for news on a connection when its server drains. Call what it gives back when the wait is over. */
export const whenDraining = (connection: Socket, tell: () => void): (() => void) => {
  const server = serverOf.get(connection);
  if (server !== undefined && isDraining(server)) tell();
  const waits = patient.get(connection) ?? new Set();
  patient.set(connection, waits.add(tell));
  return () => void waits.delete(tell);
};

export const knowConnections = (server: Server): void => {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket) => {
    open.add(socket);
    serverOf.set(socket, server);
    socket.once('close', () => open.delete(socket));
  });
};

/** Resolves when the last connection has ended; those still open after `mostMs` are cut. */
export const drainServer = async (server: Server, mostMs: number): Promise<void> => {
  draining.add(server);
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  for (const socket of connections.get(server) ?? [])
    for (const tell of [...(patient.get(socket) ?? [])]) tell();
  // Node counts those that never sent a byte as busy.
  for (const socket of connections.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  // Those that were answered with a document while it began.
  const again = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => server.closeAllConnections(), mostMs);
  await closed;
  clearInterval(again);
  clearTimeout(late);
};
