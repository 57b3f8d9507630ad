// Every refusal is the one closed envelope, also where no route ever saw the request (errors.test of the conformance suite).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersOf, sendRaw } from '../world/raw-http.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const expectEnvelope = (json: Answer['json'], code: string): void => {
  expect(Object.keys(json).sort()).toEqual(['details', 'error', 'message']);
  expect(json.error).toBe(code);
  expect(json.message.length).toBeGreaterThan(0);
  expect(json.details.correlationId).toMatch(/^\S+$/);
};

describe('a refusal by the framework', () => {
  it.each([
    ['GET', '/nowhere', 404, 'not_found'],
    ['GET', '/v2/nowhere', 404, 'not_found'],
    ['DELETE', '/nowhere', 404, 'not_found'],
    ['PROPFIND', '/nowhere', 404, 'not_found'],
    ['POST', '/healthz', 405, 'method_not_allowed'],
    ['PROPFIND', '/healthz', 405, 'method_not_allowed'],
    ['DELETE', '/v2/index.json', 405, 'attestry.method_not_allowed'],
  ])('%s %s is %i', async (method, path, status, code) => {
    const answer = await registry.call(method, path, { token: null });
    expect(answer.status).toBe(status);
    expectEnvelope(answer.json, code);
    expect(answer.json.details.correlationId).toBe(answer.headers.get('x-request-id'));
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['a body that is too large', 413, 'payload_too_large', { body: { name: 'x'.repeat(70_000) } }],
    ['another media type', 415, 'unsupported_media_type', { body: Buffer.from('{}') }],
    [
      'what is no JSON',
      400,
      'validation_error',
      { body: Buffer.from('{'), headers: { 'Content-Type': 'application/json' } },
    ],
    ['a list where an object belongs', 400, 'validation_error', { body: [] }],
    [
      'a body nested too deep',
      400,
      'validation_error',
      { body: Buffer.from('['.repeat(30_000)), headers: { 'Content-Type': 'application/json' } },
    ],
  ])('for %s is %i', async (_, status, code, options) => {
    const answer = await registry.call('POST', '/access/accounts', options);
    expect(answer.status).toBe(status);
    expectEnvelope(answer.json, code);
  });

  it('for what failed on our side tells nothing but the id', async () => {
    await registry.sql`alter table accounts rename to hidden`;
    const answer = await registry.call('GET', '/access/accounts');
    await registry.sql`alter table hidden rename to accounts`;
    expect(answer.status).toBe(500);
    expectEnvelope(answer.json, 'internal_error');
    expect(Object.keys(answer.json.details)).toEqual(['correlationId']);
  });
});

describe('bytes that are no request', () => {
  const get = (headers: string, line = 'GET /healthz HTTP/1.1') => `${line}\r\n${headers}\r\n`;
  const many = Array.from({ length: 150 }, (_, at) => `X-${at}: 1\r\n`).join('');
  it.each([
    ['are nothing of HTTP', 'hello\r\n\r\n', 400, 'validation_error'],
    ['speak HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'validation_error'],
    ['name a header with a blank', get('Host: x\r\nX Bad: 1\r\n'), 400, 'validation_error'],
    ['have a blank before the colon', get('Host: x\r\nContent-Length : 5\r\n'), 400, 'validation_error'],
    ['have a bare CR in a value', get('Host: x\r\nX-A: a\rb\r\n'), 400, 'validation_error'],
    ['have a NUL in a value', get('Host: x\r\nX-A: a\0b\r\n'), 400, 'validation_error'],
    ['name no host', get('Connection: close\r\n'), 400, 'validation_error'],
    [
      'give two lengths',
      get('Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n'),
      400,
      'validation_error',
    ],
    [
      'give a length and chunks',
      get('Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
      400,
      'validation_error',
    ],
    ['give a length with a sign', get('Host: x\r\nContent-Length: +1\r\n'), 400, 'validation_error'],
    ['give a length in hex', get('Host: x\r\nContent-Length: 0x10\r\n'), 400, 'validation_error'],
    [
      'transfer by something before chunks are named',
      get('Host: x\r\nTransfer-Encoding: chunked, identity\r\n', 'POST /access/accounts HTTP/1.1'),
      400,
      'validation_error',
    ],
    [
      'have a header that is too long',
      get(`Host: x\r\nX-Long: ${'x'.repeat(65_536)}\r\n`),
      431,
      'headers_too_large',
    ],
    ['have too many headers', get(`Host: x\r\n${many}`), 431, 'headers_too_large'],
    [
      'ask for another server',
      get('Host: x\r\n', 'GET http://other.example/ HTTP/1.1'),
      400,
      'validation_error',
    ],
    ['ask for everything', get('Host: x\r\n', 'OPTIONS * HTTP/1.1'), 400, 'validation_error'],
  ])('%s', async (_, bytes, status, code) => {
    const [answer, ...more] = answersOf(await sendRaw(registry.url, bytes));
    expect(more).toEqual([]);
    expect(answer?.status).toBe(status);
    expect(answer?.head).toMatch(/^connection: close$/im);
    expectEnvelope(JSON.parse(answer?.body ?? ''), code);
  });
});
