// Whoever asks too often is told how long to wait, in the one envelope, before anything is looked up for him (auth.md; RFC 0171).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { accountWith } from '../world/publisher.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry({
    trustedProxies: 1,
    rateLimits: {
      reads: { perSecond: 1, burst: 20 },
      writes: { perSecond: 1, burst: 10 },
      unknown: { perSecond: 1, burst: 5 },
      failures: { perSecond: 1, burst: 4 },
    },
  });
});
afterAll(() => registry.stop());

const many = async (times: number, ask: () => Promise<Answer>): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (let turn = 0; turn < times; turn += 1) answers.push(await ask());
  return answers;
};
const statuses = (answers: readonly Answer[]): readonly number[] => [
  ...new Set(answers.map(({ status }) => status)),
];
const at = (address: string) => ({ 'X-Forwarded-For': address });

const expectLimited = ({ status, headers, json }: Answer, scope: string): void => {
  expect(status).toBe(429);
  expect(Object.keys(json).sort()).toEqual(['details', 'error', 'message']);
  expect(json.error).toBe('rate_limited');
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(json.details).toMatchObject({ scope, limit: 1 });
  expect(json.details.retryAfterMs).toBe(Number(headers.get('retry-after')) * 1_000);
};

describe('the writes of a token', () => {
  it('are limited, whatever scope is missing, and from wherever they come', async () => {
    const token = await accountWith(registry.call, 'eager', ['packs:read']);
    const ask = () =>
      registry.call('POST', '/access/accounts', {
        token,
        body: { name: 'x-y' },
        headers: at(`198.51.100.${Math.ceil(Math.random() * 200)}`),
      });
    const answers = await many(14, ask);
    expect(statuses(answers)).toEqual([403, 429]);
    expectLimited(answers.at(-1) as Answer, 'key');
    expect(answers.at(-1)?.headers.get('www-authenticate')).toBeNull();
  });

  it('under /v2 say in the header alone how long to wait', async () => {
    const token = await accountWith(registry.call, 'eager-too', ['packs:read']);
    const ask = () => registry.call('DELETE', '/v2/packs/vendor.acme.none/-/1.0.0/yank', { token });
    const last = (await many(13, ask)).at(-1) as Answer;
    expect([last.status, last.json.error]).toEqual([429, 'rate_limited']);
    expect(last.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(Object.keys(last.json.details).filter((name) => /^retryAfter/.test(name))).toEqual([]);
  });

  it('of the operator are not', async () => {
    const ask = () => registry.call('POST', '/access/accounts', { body: { name: 'NO' } });
    expect(statuses(await many(30, ask))).toEqual([400]);
  });
});

describe('an address', () => {
  it('that writes as nobody is limited, and another is not', async () => {
    const ask = (address: string) => () =>
      registry.call('POST', '/access/accounts', { token: null, body: {}, headers: at(address) });
    const answers = await many(8, ask('203.0.113.1'));
    expect(statuses(answers)).toEqual([401, 429]);
    expectLimited(answers.at(-1) as Answer, 'global');
    expect((await ask('203.0.113.2')()).status).toBe(401);
  });

  it('does not get more by saying it is another: only the proxy is believed', async () => {
    let turn = 0;
    const ask = () => {
      turn += 1;
      const headers = { 'X-Forwarded-For': `192.0.2.${turn}, 203.0.113.9` };
      return registry.call('POST', '/access/accounts', { token: null, body: {}, headers });
    };
    expect(statuses(await many(8, ask))).toEqual([401, 429]);
  });

  it('of IPv6 shares the measure of its network', async () => {
    let turn = 0;
    const ask = () => {
      turn += 1;
      const headers = at(`2001:db8:1:2::${turn.toString(16)}`);
      return registry.call('POST', '/access/accounts', { token: null, body: {}, headers });
    };
    expect(statuses(await many(8, ask))).toEqual([401, 429]);
  });

  it('that reads what costs work is limited, but for what stands ready', async () => {
    const read = (path: string) => () =>
      registry.call('GET', path, { token: null, headers: at('203.0.113.20') });
    const answers = await many(25, read('/v1/packs/vendor.acme.absent'));
    expect(statuses(answers)).toEqual([404, 429]);
    expectLimited(answers.at(-1) as Answer, 'global');
    await registry.call('GET', '/.well-known/openwop-registry', { token: null });
    expect(statuses(await many(50, read('/.well-known/openwop-registry')))).toEqual([200]);
  });

  it('that tries credentials is heard less and less, and may still read', async () => {
    const guess = () =>
      registry.call('GET', '/access/whoami', { token: 'att_guess', headers: at('203.0.113.30') });
    const answers = await many(12, guess);
    expect(statuses(answers)).toEqual([401, 429]);
    expectLimited(answers.at(-1) as Answer, 'global');
    const anonymous = { token: null, headers: at('203.0.113.30') };
    expect((await registry.call('GET', '/access/keys', anonymous)).status).toBe(200);
  });

  it('that others try credentials from is heard all the same where it is believed', async () => {
    const headers = at('203.0.113.40');
    const token = await accountWith(registry.call, 'neighbour', ['packs:read']);
    const ask = (as: string) => registry.call('GET', '/access/whoami', { token: as, headers });
    expect(statuses(await many(12, () => ask('att_guess')))).toEqual([401, 429]);
    expect([(await ask(token)).status, (await ask(registry.adminToken)).status]).toEqual([200, 200]);
    const write = { body: { name: 'NO' }, headers };
    expect((await registry.call('POST', '/access/accounts', write)).status).toBe(400);
    expect((await registry.call('POST', '/access/accounts', { ...write, token })).status).toBe(403);
    expect((await ask('att_guess')).status).toBe(429);
  });

  it('of IPv6 changes its network as often as it likes: its site has a measure, too', async () => {
    let turn = 0;
    const ask = () => {
      turn += 1;
      const headers = at(`2001:db8:9:${turn.toString(16)}::1`);
      return registry.call('POST', '/access/accounts', { token: null, body: {}, headers });
    };
    const answers = await Promise.all(Array.from({ length: 250 }, ask));
    expect(statuses(answers).toSorted()).toEqual([401, 429]);
  });

  it('of this machine is nobody’s: a local start is never throttled', async () => {
    const own = await startRegistry();
    const ask = () => own.call('GET', '/v1/packs/vendor.acme.absent', { token: 'att_wrong' });
    expect(statuses(await Promise.all(Array.from({ length: 300 }, ask)))).toEqual([404]);
    await own.stop();
  });
});

describe('the limits', () => {
  it('can be turned off', async () => {
    const own = await startRegistry({ rateLimits: 'off', trustedProxies: 1 });
    const ask = () =>
      own.call('POST', '/access/accounts', { token: null, body: {}, headers: at('203.0.113.1') });
    expect(statuses(await many(40, ask))).toEqual([401]);
    expect(DEFAULT_LIMITS.writes.burst).toBeGreaterThan(1_000);
    await own.stop();
  });
});
