// What the public suites ask of every host over HTTP, asked of a registry: errors.test.ts, auth.test.ts,
// auth-challenge-no-oracle.test.ts, rate-limit-envelope.test.ts, idempotency*.test.ts, audit-log-integrity.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';
import { MAJORS, testAddress } from './majors.ts';

let registry: TestRegistry;
let reader: string;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry({ testNamespace: true });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  reader = await accountWith(registry.call, 'reader', ['packs:read']);
  const body = await acme.pack({ name: 'vendor.acme.there' });
  await registry.call('PUT', addressOf('vendor.acme.there'), { body });
});
afterAll(() => registry.stop());

const closed = ({ json }: Answer): void => {
  expect(Object.keys(json).filter((key) => !['error', 'message', 'details'].includes(key))).toEqual([]);
  expect([typeof json.error, typeof json.message]).toEqual(['string', 'string']);
  expect(json.message.length).toBeGreaterThan(0);
  if ('details' in json) expect(Object.prototype.toString.call(json.details)).toBe('[object Object]');
  if (json.details?.correlationId !== undefined) expect(json.details.correlationId.length).toBeGreaterThan(0);
};

describe('errors.test.ts: one closed envelope', () => {
  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/v1/packs/vendor.acme.absent', 404],
    ['PATCH', '/v1/packs/vendor.acme.there', 405],
    ['GET', '/v1/packs/singleseg', 400],
    ['PUT', '/v1/packs/vendor.acme.there/-/1.0.0.tgz', 401],
    ['POST', '/v1/packs/vendor.acme.there/-/1.0.0/yank', 401],
  ])('%s %s → %i', async (method, path, status) => {
    for (const at of [path, path.replace('/v1/', '/v2/')]) {
      const answer = await registry.call(method, at, { token: null });
      expect(answer.status, at).toBe(status);
      closed(answer);
    }
  });

  it('v2 paths speak registered or vendor codes alone (spec/v2 error registry)', async () => {
    const vendor = /^(?!openwop\.)[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9_]*$/;
    const registered = ['not_found', 'pack_validation_failed', 'unauthenticated', 'signature_not_available'];
    for (const [method, path] of [
      ['GET', '/v2/packs/vendor.acme.absent'],
      ['GET', '/v2/packs/singleseg'],
      ['PATCH', '/v2/packs/vendor.acme.there'],
      ['PUT', addressOf('vendor.acme.there', '1.0.0', 'v2')],
      ['GET', addressOf('vendor.acme.there', '9.0.0', 'v2', 'sig')],
      ['GET', testAddress('v2', 'vendor.acme.there')],
    ] as const) {
      const { json } = await registry.call(method, path, { token: null });
      expect(registered.includes(json.error) || vendor.test(json.error), `${path}: ${json.error}`).toBe(true);
    }
  });
});

describe('auth.test.ts: 401 for nobody, 403 for somebody else', () => {
  it.each(MAJORS)('in the %s tree', async (major) => {
    const path = addressOf('vendor.acme.there', '2.0.0', major);
    const body = Buffer.from('x');
    for (const token of [null, `att_${'0'.repeat(49)}`, 'nonsense']) {
      const answer = await registry.call('PUT', path, { token, body });
      expect([answer.status, answer.json.error]).toEqual([401, 'unauthenticated']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    const other = await registry.call('PUT', path, { token: reader, body });
    expect([other.status, other.json.error]).toEqual([403, 'forbidden']);
  });
});

describe('auth-challenge-no-oracle.test.ts: an unknown id stays a 404 that names no scope', () => {
  it.each(['/v1/packs/private.acme.secret', '/v1/packs/vendor.acme.absent', '/v2/packs/private.acme.secret'])(
    '%s',
    async (path) => {
      for (const token of [null, reader]) {
        const { status, headers, json } = await registry.call('GET', path, { token });
        expect(status).toBe(404);
        expect(`${headers.get('www-authenticate') ?? ''}${JSON.stringify(json)}`).not.toMatch(/scope/i);
      }
      expect((await registry.call('GET', '/v1/index.json', { token: reader })).status).toBe(200);
    },
  );
});

describe('idempotency*.test.ts (idempotency.md)', () => {
  const publish = (name: string, key: string, body: Uint8Array) =>
    registry.call('PUT', addressOf(name), { body, headers: { 'Idempotency-Key': key } });

  it('a repeat is answered as the first was, with the header that says so', async () => {
    const name = 'vendor.acme.repeated';
    const body = await acme.pack({ name });
    const first = await publish(name, 'key-1', body);
    const again = await publish(name, 'key-1', body);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    expect(again.headers.get('openwop-idempotent-replay')).toBe('true');
    expect(first.headers.get('openwop-idempotent-replay')).toBeNull();
  });

  it('the same key for another body is refused, without the answer that is kept', async () => {
    const name = 'vendor.acme.mismatched';
    const first = await publish(name, 'key-2', await acme.pack({ name }));
    const other = await publish(name, 'key-2', await acme.pack({ name, files: { 'README.md': 'other' } }));
    expect([other.status, other.json.error]).toEqual([409, 'idempotency_key_mismatch']);
    expect(JSON.stringify(other.json)).not.toContain(first.json.tarballSha256);
  });

  it.each(['', 'x'.repeat(256)])('a bad key is refused (%#)', async (key) => {
    const answer = await publish('vendor.acme.bad-key', key, Buffer.from('x'));
    expect([answer.status, answer.json.error]).toEqual([400, 'idempotency_key_invalid']);
  });

  it('a read ignores it', async () => {
    const headers = { 'Idempotency-Key': 'x'.repeat(256) };
    expect((await registry.call('GET', '/v1/index.json', { headers })).status).toBe(200);
  });
});

describe('rate-limit-envelope.test.ts', () => {
  it('a 429 tells how long to wait in its header, and in v1 in its details as well', async () => {
    const rateLimits = { ...DEFAULT_LIMITS, unknown: { perSecond: 1, burst: 1 } };
    const narrow = await startRegistry({ rateLimits, trustedProxies: 1 });
    try {
      const headers = { 'X-Forwarded-For': '203.0.113.7' };
      for (const major of MAJORS) {
        let answer: Answer | undefined;
        for (let asked = 0; asked < 5 && answer?.status !== 429; asked += 1)
          answer = await narrow.call('PUT', addressOf('vendor.acme.x', '1.0.0', major), {
            token: null,
            headers,
            body: Buffer.from('x'),
          });
        if (answer === undefined) throw new Error('nobody answered');
        expect([answer.status, answer.json.error]).toEqual([429, 'rate_limited']);
        closed(answer);
        const seconds = Number(answer.headers.get('retry-after'));
        expect(Number.isInteger(seconds) && seconds > 0).toBe(true);
        expect(['tenant', 'route', 'global', 'key']).toContain(answer.json.details.scope);
        if (major === 'v2') expect(answer.json.details).not.toHaveProperty('retryAfterMs');
        else expect(Math.abs(answer.json.details.retryAfterMs - seconds * 1_000)).toBeLessThanOrEqual(1_500);
      }
    } finally {
      await narrow.stop();
    }
  });
});

describe('audit-log-integrity.test.ts (RFC 0218)', () => {
  it('the profile that discovery claims is served, closed and with its lists', async () => {
    const { auth } = (await registry.call('GET', '/.well-known/openwop', { token: null })).json;
    expect(auth.profiles).toContain('openwop-audit-log-integrity');
    expect(auth.auditLogIntegrity).toMatchObject({
      hashChain: true,
      checkpointSignatureAlgorithm: 'ed25519',
    });
    const auditor = await accountWith(registry.call, 'auditor', ['audit:read']);
    for (const path of ['/v1/audit/verify?fromSeq=0&toSeq=1', '/audit/verify?fromSeq=0&toSeq=1']) {
      const answer = await registry.call('GET', path, { token: auditor });
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ chainValid: true, checkpoints: expect.any(Array), anomalies: [] });
      expect((await registry.call('GET', path, { token: reader })).status).toBe(403);
    }
  });
});
