// How long a body may take: a route may allow more than others, and whoever takes longer is cut off.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowTime, limitUpload } from '../../src/http/upload-time.ts';

const drained = async (req: IncomingMessage): Promise<number> => {
  let size = 0;
  for await (const chunk of req) size += chunk.length;
  return size;
};

const server = createServer((req, res) => {
  limitUpload(req, 200);
  if (req.url === '/long') allowTime(req, 5_000);
  drained(req).then(
    (size) => res.end(`${size}`),
    () => res.destroy(),
  );
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

/** Sends a body in two halves, the second after a while; what came back until the connection ended. */
const send = async (path: string, afterMs: number): Promise<string> => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc`);
  setTimeout(() => socket.write('def'), afterMs).unref();
  await closed;
  return text;
};

describe('the body of a request', () => {
  it('may come in time', async () => {
    expect(await send('/short', 20)).toMatch(/^HTTP\/1\.1 200 .*6/s);
  });

  it('that takes too long is cut off', async () => {
    expect(await send('/short', 600)).toBe('');
  });

  it('may take longer where its route allows it', async () => {
    expect(await send('/long', 600)).toMatch(/^HTTP\/1\.1 200 .*6/s);
  });
});
