// Refuses what never becomes a request that routes could answer, in the same closed envelope.
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Fault, fault } from '../protocol/faults.ts';
import { OPEN_TO_ALL } from './cors.ts';
import { faultBody } from './reply.ts';

const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  ...OPEN_TO_ALL,
} as const;

/** Ends the connection behind it. */
export const refuse = (res: ServerResponse, problem: Fault, path: string, requestId: string): void => {
  const { status, body } = faultBody(problem, path, requestId);
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const wait = status === 503 ? { 'Retry-After': '1' } : {};
  res.writeHead(status, {
    ...HEADERS,
    ...wait,
    'Content-Length': length,
    'X-Request-Id': requestId,
    Connection: 'close',
  });
  res.end(res.req.method === 'HEAD' ? undefined : text);
};

const problemOf = (code: unknown): Fault => {
  if (code === 'HPE_HEADER_OVERFLOW') return fault('headers_too_large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fault('request_timeout');
  return fault('validation_error', {}, 'This is not well-formed HTTP/1.1.');
};

/** For bytes that are no request at all: there is nothing to answer with but the connection itself. */
export const refuseBytes = (socket: Socket, error: Error, requestId: string): void => {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, body } = faultBody(problemOf(code), '/', requestId);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...HEADERS,
    'Content-Length': Buffer.byteLength(text),
    'X-Request-Id': requestId,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`, () =>
    socket.destroy(),
  );
};
