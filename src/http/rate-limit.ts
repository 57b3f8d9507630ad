// Lets each sender ask so often and no more, before anything is looked up for him.
import type { Context, Middleware, Next } from 'koa';
import type { RateLimit, RateLimits } from '../protocol/limits.ts';
import { type AddressOf, siteOf } from './client-address.ts';
import { type Buckets, localBuckets } from './leased-buckets.ts';
import { type Scope, tooMany } from './too-many.ts';

/** The token of an `Authorization` header, if it is believed; `free` where it is not limited. */
type TokenOf = (
  authorization: string,
) => Promise<{ readonly id: string; readonly free: boolean } | undefined>;

export interface RateLimitDeps {
  readonly limits: RateLimits;
  readonly addressOf: AddressOf;
  readonly tokenOf: TokenOf;
  /** The same of a token that this process remembers; costs nothing. */
  readonly heldTokenOf: TokenOf;
  readonly buckets: Buckets;
}

interface Limiting extends RateLimitDeps {
  readonly local: ReturnType<typeof localBuckets>;
}

const requireRoom = (ctx: Context, waitMs: number, scope: Scope, { perSecond }: RateLimit): void => {
  if (waitMs > 0) throw tooMany(ctx, waitMs, { scope, limit: perSecond });
};

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of one address, for tokens that this process does not remember, while others there are not believed. */
const LOOK_UPS: RateLimit = { perSecond: 100, burst: 200 };
/** A site gets as much as so many of its networks. */
const NETWORKS_OF_SITE = 16;

/** Whose measures a request from an address takes from. */
const sharesOf = (address: string, limit: RateLimit): readonly (readonly [string, RateLimit])[] => {
  const site = siteOf(address);
  if (site === undefined) return [[address, limit]];
  const { perSecond, burst } = limit;
  const wider = { perSecond: perSecond * NETWORKS_OF_SITE, burst: burst * NETWORKS_OF_SITE };
  return [
    [address, limit],
    [site, wider],
  ];
};

const limitRead = (ctx: Context, the: Limiting): void => {
  const address = the.addressOf(ctx.req);
  if (address === undefined) return;
  for (const [name, limit] of sharesOf(address, the.limits.reads))
    requireRoom(ctx, the.local(name, limit), 'global', limit);
};

const limitWrite = async (ctx: Context, the: Limiting): Promise<void> => {
  const { authorization } = ctx.headers;
  const token = authorization === undefined ? undefined : await the.tokenOf(authorization);
  if (token !== undefined) {
    const { writes } = the.limits;
    if (!token.free) requireRoom(ctx, await the.buckets.take(`token:${token.id}`, writes), 'key', writes);
    return;
  }
  const address = the.addressOf(ctx.req);
  if (address === undefined) return;
  for (const [name, limit] of sharesOf(address, the.limits.unknown))
    requireRoom(ctx, await the.buckets.take(`unknown:${name}`, limit), 'global', limit);
};

/** A token that was not heard of lately is looked up, but not so often that guesses keep the database busy. */
const isBelieved = async (the: Limiting, authorization: string, address: string): Promise<boolean> => {
  if ((await the.heldTokenOf(authorization)) !== undefined) return true;
  if (the.local(`look-ups:${address}`, LOOK_UPS) > 0) return false;
  return (await the.tokenOf(authorization)) !== undefined;
};

/**
 * Whoever tries credentials that are not believed is heard less and less. Anonymous reads go on, and so does whoever is
 * believed: the address may be that of many.
 */
const limitFailures = async (ctx: Context, the: Limiting, next: Next): Promise<void> => {
  const { authorization } = ctx.headers;
  const address = authorization === undefined ? undefined : the.addressOf(ctx.req);
  if (authorization === undefined || address === undefined) return next();
  const shares = sharesOf(address, the.limits.failures);
  const wait = Math.max(...shares.map(([name]) => the.buckets.emptyFor(`failures:${name}`)));
  if (wait > 0 && !(await isBelieved(the, authorization, address)))
    requireRoom(ctx, wait, 'global', the.limits.failures);
  await next();
  if (ctx.status !== 401) return;
  // Waited for, so that guesses do not overtake their own count.
  for (const [name, limit] of shares) await the.buckets.take(`failures:${name}`, limit);
};

/** Stands in front of the routes, so that no scope is looked at before. @throws Fault rate_limited */
export const rateLimit = (deps: RateLimitDeps): Middleware => {
  const the = { ...deps, local: localBuckets() };
  return (ctx, next) =>
    limitFailures(ctx, the, async () => {
      if (READS.has(ctx.method)) limitRead(ctx, the);
      else await limitWrite(ctx, the);
      await next();
    });
};
