// Clients that misbehave on the wire: the answer is a refusal, and the connection does not stay open for more.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** Sends raw bytes, keeps sending `more` if given, and returns what came back until the server closed. */
const talk = async (head: string, more?: Buffer): Promise<{ text: string; sent: number }> => {
  const { hostname, port } = new URL(registry.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let [text, sent, open] = ['', 0, true];
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      open = false;
      resolve();
    });
  });
  const drained = () => new Promise<void>((resolve) => void socket.once('drain', resolve));
  socket.write(head);
  while (open && more !== undefined) {
    sent += more.length;
    if (!socket.write(more)) await Promise.race([drained(), closed]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  return { text, sent };
};

const put = (headers: string, path = addressOf()) => `PUT ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe('an endless upload', () => {
  it('without a token is refused before its body, and cut off', async () => {
    const { text } = await talk(
      put('Transfer-Encoding: chunked\r\n'),
      Buffer.from(`${(1024).toString(16)}\r\n${'x'.repeat(1024)}\r\n`),
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toMatch(/connection: close/i);
  });

  it('with a token is refused as soon as it is too large, whatever its length claims', async () => {
    const before = await registry.stored();
    const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
    const head = put(`Authorization: Bearer ${registry.adminToken}\r\nTransfer-Encoding: chunked\r\n`);
    const { text, sent } = await talk(head, chunk);
    expect(text).toContain('tarball_too_large');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(await registry.stored()).toEqual(before);
  });
});

describe('a refusal in the middle of an upload', () => {
  it('reaches a sender that writes all of its body before it reads the answer', async () => {
    const { hostname, port } = new URL(registry.url);
    const socket = connect({ port: Number(port), host: hostname });
    await once(socket, 'connect');
    socket.pause();
    socket.write(put(`Content-Length: ${2 * 1024 * 1024}\r\n`));
    for (let sent = 0; sent < 2 * 1024 * 1024; sent += 65_536) {
      if (!socket.write('x'.repeat(65_536))) await once(socket, 'drain');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a body where none belongs', () => {
  it.each(['/healthz', '/v1/index.json'])(
    'sent endlessly to %s is cut off soon after the answer',
    async (path) => {
      await registry.call('GET', path, { token: null });
      const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
      await talk(`GET ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`, chunk);
      expect((await registry.call('GET', path, { token: null })).status).toBe(200);
    },
  );
});

describe('a broken-off upload', () => {
  it('leaves nothing, and the registry goes on', async () => {
    const before = await registry.stored();
    const { hostname, port } = new URL(registry.url);
    for (let turn = 0; turn < 20; turn += 1) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write(
        put(`Authorization: Bearer ${registry.adminToken}\r\nContent-Length: 100000\r\n`) +
          'x'.repeat(1_000 * turn),
      );
      socket.destroy();
    }
    expect((await registry.call('GET', '/healthz')).status).toBe(200);
    expect(await registry.stored()).toEqual(before);
  });
});

describe('strange requests', () => {
  it.each([
    ['two lengths', put('Content-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n')],
    ['a length and chunks', put('Content-Length: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n')],
    ['a header of 64 KB', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`],
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['another server as its target', 'GET http://[::1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('with %s are refused by closing', async (_, raw) => {
    const { text } = await talk(raw);
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it.each([
    '/v1/packs/%00',
    '/v1/packs/..%2f..%2fetc',
    '/v1/packs/%E0%A4%A',
    `/v1/packs/${'a'.repeat(9_000)}`,
    '/v1/packs/__proto__',
    '//v1/index.json',
  ])('for %s get a refusal in the closed envelope', async (path) => {
    const answer = await registry.call('GET', path, { token: null });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(Object.keys(answer.json).sort()).toEqual(['details', 'error', 'message']);
  });
});
