// A load made of plain sockets, so that what is measured is the server and not its client.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface Load {
  readonly url: string;
  /** How many requests are under way at any time, each on a connection of its own. */
  readonly parallel: number;
  /** The n-th request as it goes over the wire; `undefined` = no more of them. */
  readonly request: (index: number) => Buffer | undefined;
  readonly milliseconds: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly answers: number;
  /** Milliseconds of the slowest twentieth and hundredth. */
  readonly p95: number;
  readonly p99: number;
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Length of the first complete answer in what has come so far; 0 = not yet. */
const answerLength = (bytes: Buffer): number => {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return 0;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const whole = end + HEAD_END.length + length;
  return bytes.length >= whole ? whole : 0;
};

const exchange = (socket: Socket, request: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (answerLength(received) === 0) return;
      socket.off('data', onData).off('error', reject);
      resolve(received.toString('latin1', 9, 12));
    };
    socket.on('data', onData).once('error', reject);
    socket.write(request);
  });

const opened = (url: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });

export const measure = async (load: Load): Promise<Measured> => {
  const sockets = await Promise.all(Array.from({ length: load.parallel }, () => opened(load.url)));
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const run = async (socket: Socket): Promise<void> => {
    while (performance.now() - started < load.milliseconds) {
      const request = load.request(next);
      next += 1;
      if (request === undefined) return;
      const sent = performance.now();
      const status = await exchange(socket, request);
      times.push(performance.now() - sent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(sockets.map(run));
  const seconds = (performance.now() - started) / 1_000;
  for (const socket of sockets) socket.destroy();
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / seconds,
    answers: times.length,
    p95: times[Math.floor(times.length * 0.95)] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    statuses,
  };
};

export const getRequest = (url: string, path: string): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`);

export const putRequest = (url: string, path: string, token: string, body: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(
      `PUT ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
