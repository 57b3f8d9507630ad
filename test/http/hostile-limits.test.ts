// Clients that would hold what others need: slow ones, endless ones, and those that send everything at once.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { answersOf, openRaw, sendRaw } from '../world/raw-http.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
beforeAll(async () => {
  registry = await startRegistry({}, { uploadPace: { graceMs: 300, bytesPerSecond: 1_000 } });
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

const authorized = () => `Host: x\r\nAuthorization: Bearer ${registry.adminToken}\r\n`;
const post = (headers: string) =>
  `POST /access/accounts HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\n${headers}\r\n`;

describe('a body that trickles', () => {
  it.each([
    ['', 'alone'],
    ['Idempotency-Key: slow\r\n', 'under a key, which it does not hold'],
  ])('is refused as soon as it misses its pace %s(%s)', async (key) => {
    const connection = await openRaw(registry.url);
    connection.socket.write(post(`${key}Content-Length: 1000\r\n`));
    const drip = setInterval(() => connection.socket.write(' '), 50);
    await connection.closed;
    clearInterval(drip);
    const [answer] = answersOf(connection.text());
    expect(answer?.status).toBe(400);
    expect(JSON.parse(answer?.body ?? '').message).toContain('too slow');
    expect(await registry.sql`select from idempotent_requests`).toHaveLength(0);
  });
});

describe('headers that never end', () => {
  it('are given up after a while, in the closed envelope', async () => {
    const server = createHttpServer({
      router: new Router(),
      ready: () => undefined,
      log: pino({ level: 'silent' }),
      isUnavailable: () => false,
      timeouts: { headersTimeout: 200, connectionsCheckingInterval: 50 },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = await openRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    connection.socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => connection.socket.write('X-A: 1\r\n'), 50);
    await connection.closed;
    clearInterval(drip);
    server.close();
    const [answer] = answersOf(connection.text());
    expect([answer?.status, JSON.parse(answer?.body ?? '').error]).toEqual([408, 'request_timeout']);
  });
});

describe('a pipeline', () => {
  const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

  it('of a few is answered in its order', async () => {
    const bytes = ['/healthz', '/nowhere', '/v1/packs/bad'].map((path) => ask(path)).join('');
    const answers = answersOf(await sendRaw(registry.url, bytes + ask('/healthz', 'Connection: close\r\n')));
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 200]);
  });

  it('of very many does not run at once: the rest is told to come back, and the connection ends', async () => {
    const answers = answersOf(await sendRaw(registry.url, ask('/v1/packs/vendor.acme.absent').repeat(600)));
    const busy = answers.find(({ status }) => status === 503);
    expect(answers[0]?.status).toBe(404);
    expect(answers.length).toBeLessThan(600);
    expect(JSON.parse(busy?.body ?? '').error).toBe('busy');
    expect(busy?.head).toMatch(/^retry-after: 1$/im);
    expect((await registry.call('GET', '/healthz')).status).toBe(200);
  });
});

describe('a request inside of another', () => {
  const inner = 'GET /healthz HTTP/1.1\r\nHost: y\r\n\r\n';
  it.each([
    [
      'in the body of a read',
      `GET /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\nConnection: close\r\n\r\n${inner}`,
    ],
    [
      'in a body that is refused',
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\nConnection: close\r\n\r\n${inner}`,
    ],
    [
      'behind a coding that is no chunks',
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      'behind a chunk whose size is a trick',
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n${inner}`,
    ],
    [
      'behind a chunk that is longer than it says',
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcde\r\n0\r\n\r\n${inner}`,
    ],
    [
      'behind a header folded over two lines',
      `GET /nowhere HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n Content-Length: 0\r\nConnection: close\r\n\r\n`,
    ],
    ['behind lines that end in a bare LF', `GET /nowhere HTTP/1.1\nHost: x\nConnection: close\n\n`],
  ])('%s is not answered', async (_, bytes) => {
    const answers = answersOf(await sendRaw(registry.url, bytes));
    expect(answers.length).toBeLessThanOrEqual(1);
    for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
  });
});

describe('Expect: 100-continue (RFC 9110 §10.1.1)', () => {
  const put = (headers: string, length: number, name = 'vendor.acme.expected') =>
    `PUT ${addressOf(name)} HTTP/1.1\r\nHost: x\r\n${headers}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it('is refused before the body is asked for', async () => {
    const text = await sendRaw(registry.url, put('', 1_000_000));
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).not.toContain('100 Continue');
  });

  it.each(['', 'Idempotency-Key: expected\r\n'])(
    'asks for the body of whoever may send it %s',
    async (key) => {
      const name = `vendor.acme.expected${key.length}`;
      const body = await acme.pack({ name });
      const connection = await openRaw(registry.url);
      const head = put(
        `Authorization: Bearer ${registry.adminToken}\r\n${key}Connection: close\r\n`,
        body.length,
        name,
      );
      connection.socket.write(head);
      await once(connection.socket, 'data');
      expect(connection.text()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      connection.socket.write(body);
      await connection.closed;
      const [, answer] = answersOf(connection.text());
      expect(answer?.status).toBe(201);
    },
  );
});
