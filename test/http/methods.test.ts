// What each address takes, to whom it tells that, and HEAD wherever GET is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await registry.call('PUT', addressOf(), { body: await acme.pack() });
});
afterAll(() => registry.stop());

const listed = (text: string | null): readonly string[] => (text ?? '').split(/, */).sort();

describe('OPTIONS', () => {
  it.each([
    ['/healthz', ['GET', 'HEAD', 'OPTIONS']],
    ['/access/accounts', ['GET', 'HEAD', 'OPTIONS', 'POST']],
    ['/access/tokens', ['GET', 'HEAD', 'OPTIONS', 'POST']],
    ['/access/tokens/some-id', ['DELETE', 'OPTIONS']],
    ['/v2/packs/vendor.acme.none/-/1.0.0/yank', ['DELETE', 'OPTIONS', 'POST']],
  ])(
    'of %s says what may be sent there, to a page of any origin, and needs no token',
    async (path, expected) => {
      const answer = await registry.call('OPTIONS', path, {
        token: null,
        headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' },
      });
      expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
      expect(listed(answer.headers.get('allow'))).toEqual(expected);
      expect(listed(answer.headers.get('access-control-allow-methods'))).toEqual(expected);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
      const headers = listed(answer.headers.get('access-control-allow-headers'));
      // A star would not admit Authorization.
      expect(headers).not.toContain('*');
      for (const name of [
        'Authorization',
        'Content-Type',
        'Idempotency-Key',
        'OpenWOP-Version',
        'X-Pack-Sha256',
      ])
        expect(headers).toContain(name);
    },
  );

  it('where nothing is, is 404', async () => {
    const answer = await registry.call('OPTIONS', '/nowhere', { token: null });
    expect([answer.status, answer.json.error]).toEqual([404, 'not_found']);
  });
});

describe('another method than an address takes', () => {
  it('is told which it takes', async () => {
    const answer = await registry.call('PATCH', '/access/tokens');
    expect(answer.status).toBe(405);
    expect(listed(answer.headers.get('allow'))).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
  });
});

describe('what pages may read of an answer', () => {
  it.each(['/healthz', '/v1/index.json', addressOf(), '/nowhere', '/access/keys'])('%s', async (path) => {
    for (const { headers } of [await registry.call('GET', path), await registry.call('GET', path)]) {
      const exposed = listed(headers.get('access-control-expose-headers'));
      for (const name of ['ETag', 'Location', 'Retry-After', 'Repr-Digest', 'X-Request-Id'])
        expect(exposed).toContain(name);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('HEAD', () => {
  it.each([
    '/healthz',
    '/.well-known/openwop-registry',
    '/v1/index.json',
    '/v1/packs/vendor.acme.tools',
    addressOf(),
    addressOf('vendor.acme.tools', '1.0.0', 'v1', 'json'),
    '/access/tokens',
    '/transparency/checkpoint',
    '/docs',
    '/nowhere',
    '/v2/packs/vendor.acme.absent',
  ])('of %s has the status and headers of GET, and no body', async (path) => {
    const get = await registry.call('GET', path);
    const head = await registry.call('HEAD', path);
    const told = ({ headers }: { headers: Headers }) =>
      [...headers].filter(
        ([name]) => !['x-request-id', 'date', 'content-length', 'connection', 'keep-alive'].includes(name),
      );
    expect([head.status, head.bytes.length]).toEqual([get.status, 0]);
    expect(told(head)).toEqual(told(get));
    // The id in a refusal may be longer than the last.
    if (get.status === 200)
      expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });
});

describe('OpenWOP-Version', () => {
  it.each([
    ['/v1/index.json', '1', 200],
    ['/v1/index.json', '1.0', 200],
    ['/v1/index.json', '2', 400],
    ['/v1/index.json', 'one', 400],
    ['/v2/index.json', '2', 200],
    ['/v2/index.json', '2.0', 200],
    ['/v2/index.json', '1', 400],
    ['/v2/index.json', '3', 406],
    ['/v2/index.json', 'two', 406],
    ['/healthz', '7', 200],
  ])('with %s %s is %i', async (path, version, status) => {
    const answer = await registry.call('GET', path, { token: null, headers: { 'OpenWOP-Version': version } });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json.error).toBe('protocol_version_mismatch');
    if (status === 406) expect(answer.json.error).toBe('protocol_version_unsupported');
  });

  it('is told by all that answers under /v2, from memory and not', async () => {
    for (const path of ['/v2/index.json', '/v2/index.json', '/v2/packs/vendor.acme.absent'])
      expect((await registry.call('GET', path)).headers.get('openwop-version')).toBe('2.0');
    expect((await registry.call('GET', '/v1/index.json')).headers.get('openwop-version')).toBeNull();
  });
});

describe('a challenge (RFC 6750 §3; auth-challenge-no-oracle)', () => {
  const challengeOf = async (method: string, path: string, token: string | null) => {
    const answer = await registry.call(method, path, {
      token,
      ...(method === 'GET' ? {} : { body: { name: 'a-b' } }),
    });
    return [answer.status, answer.headers.get('www-authenticate')];
  };

  it('is plain where nothing was presented, and says that what was presented is no token', async () => {
    expect(await challengeOf('GET', '/access/whoami', null)).toEqual([401, 'Bearer']);
    expect(await challengeOf('GET', '/access/whoami', 'att_none')).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });

  it('names the scope that is missing, and only that: never where a thing itself is refused or absent', async () => {
    await registry.call('POST', '/access/accounts', { body: { name: 'reader' } });
    const scopes = { account: 'reader', scopes: ['packs:read', 'packs:publish'] };
    const { token } = (await registry.call('POST', '/access/tokens', { body: scopes })).json;
    expect(await challengeOf('POST', '/access/accounts', token)).toEqual([
      403,
      'Bearer error="insufficient_scope", scope="admin"',
    ]);
    expect(await challengeOf('PUT', addressOf('vendor.stranger.tools'), token)).toEqual([403, null]);
    expect(await challengeOf('GET', '/v1/packs/vendor.acme.absent', token)).toEqual([404, null]);
    expect(await challengeOf('GET', '/v1/packs/private.acme.absent', token)).toEqual([404, null]);
    expect(await challengeOf('GET', '/v1/packs/private.acme.absent', null)).toEqual([404, null]);
  });
});
