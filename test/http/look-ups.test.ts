// Whoever guesses tokens does not make the database look each of them up, and whoever is known is heard at once.
import type { Context } from 'koa';
import { expect, it } from 'vitest';
import { type RateLimitDeps, rateLimit } from '../../src/http/rate-limit.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';

const KNOWN = { id: 'known', free: false };

const limiting = () => {
  const asked = { database: 0 };
  const deps: RateLimitDeps = {
    limits: DEFAULT_LIMITS,
    addressOf: () => '203.0.113.1',
    tokenOf: async (authorization) => {
      asked.database += 1;
      return authorization === 'cold' ? KNOWN : undefined;
    },
    heldTokenOf: async (authorization) => (authorization === 'warm' ? KNOWN : undefined),
    // Its failures are spent.
    buckets: { take: async () => 0, emptyFor: (name) => (name.startsWith('failures:') ? 1_000 : 0) },
  };
  const gate = rateLimit(deps);
  const ask = async (authorization: string): Promise<'heard' | 'limited'> => {
    const ctx = { method: 'GET', path: '/access/whoami', headers: { authorization }, set: () => undefined };
    return gate(ctx as unknown as Context, async () => undefined).then(
      () => 'heard' as const,
      () => 'limited' as const,
    );
  };
  return { asked, ask };
};

it('guesses are looked up so often and no more', async () => {
  const { asked, ask } = limiting();
  for (let turn = 0; turn < 2_000; turn += 1) expect(await ask(`guess-${turn}`)).toBe('limited');
  expect(asked.database).toBeLessThan(600);
});

it('a token that was heard of lately is heard without asking', async () => {
  const { asked, ask } = limiting();
  for (let turn = 0; turn < 500; turn += 1) await ask(`guess-${turn}`);
  const before = asked.database;
  expect([await ask('warm'), asked.database]).toEqual(['heard', before]);
});

it('one that was not is looked up', async () => {
  const { ask } = limiting();
  expect([await ask('guess'), await ask('cold')]).toEqual(['limited', 'heard']);
});
