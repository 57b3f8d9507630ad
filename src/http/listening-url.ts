// Tells where a server that listens is found.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const listeningUrl = (server: Server, host: string): string => {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};
