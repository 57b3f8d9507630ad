// The cross-cutting scenarios of the conformance suite that a registry can be asked: errors, auth, challenges, limits, idempotency.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry({
    trustedProxies: 1,
    rateLimits: {
      reads: { perSecond: 5, burst: 20 },
      writes: { perSecond: 500, burst: 5_000 },
      unknown: { perSecond: 500, burst: 5_000 },
      failures: { perSecond: 500, burst: 5_000 },
    },
  });
});
afterAll(() => registry.stop());

const expectClosed = ({ json }: Answer): void => {
  expect(Object.keys(json).filter((key) => !['error', 'message', 'details'].includes(key))).toEqual([]);
  expect([typeof json.error, typeof json.message, json.message !== '']).toEqual(['string', 'string', true]);
  expect(json.details).toSatisfy((details: unknown) => typeof details === 'object' && details !== null);
  expect(json.correlationId).toBeUndefined();
};

describe('errors.test', () => {
  it.each(['/v1/runs', '/v2/packs/core.none.such', '/v1/packs/one', '/access/whoami'])(
    '%s is refused in the closed envelope',
    async (path) => {
      const answer = await registry.call('GET', path, { token: null });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expectClosed(answer);
    },
  );
});

describe('auth.test', () => {
  it('no credential and a wrong one are 401, never 403', async () => {
    for (const token of [null, 'wrong-key']) {
      const answer = await registry.call('POST', '/access/accounts', { token, body: { name: 'a-b' } });
      expect(answer.status).toBe(401);
      expectClosed(answer);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });
});

describe('auth-challenge-no-oracle', () => {
  it('what is not there stays 404, and names no scope', async () => {
    const answer = await registry.call('GET', '/v1/packs/private.acme.none');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect((await registry.call('GET', '/access/tokens')).status).toBe(200);
  });
});

describe('rate-limit-envelope', () => {
  it('429 carries Retry-After, a scope that is known, and agrees with itself', async () => {
    let last: Answer | undefined;
    for (let turn = 0; turn < 50 && last?.status !== 429; turn += 1)
      last = await registry.call('GET', '/v1/packs/core.none.such', {
        token: null,
        headers: { 'X-Forwarded-For': '203.0.113.77' },
      });
    if (last === undefined) throw new Error('never asked');
    expect([last.status, last.json.error]).toEqual([429, 'rate_limited']);
    expectClosed(last);
    expect(['tenant', 'route', 'global', 'key']).toContain(last.json.details.scope);
    const header = Number(last.headers.get('retry-after'));
    expect(Number.isInteger(header) && header >= 1).toBe(true);
    expect(Math.abs(last.json.details.retryAfterMs - header * 1_000)).toBeLessThanOrEqual(1_500);
  });
});

describe('idempotency*', () => {
  it('the same key and body return the first answer, another body 409 without it', async () => {
    const ask = (name: string) =>
      registry.call('POST', '/access/accounts', { body: { name }, headers: { 'Idempotency-Key': 'conf-1' } });
    const [first, again, other] = [await ask('conformant'), await ask('conformant'), await ask('another')];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('openwop-idempotent-replay')).toBe('true');
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect([other.status, other.json.error]).toEqual([409, 'idempotency_key_mismatch']);
    expect(other.bytes.toString()).not.toContain('conformant');
  });
});
