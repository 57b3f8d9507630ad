// Lets each sender ask so often and no more, before anything is looked up for him.
import type { Context, Middleware, Next } from 'koa';
import { fault } from '../protocol/faults.ts';
import type { RateLimit, RateLimits } from '../protocol/limits.ts';
import type { AddressOf } from './client-address.ts';
import { type Buckets, localBuckets } from './leased-buckets.ts';
import { treeOf } from './tree.ts';

export interface RateLimitDeps {
  readonly limits: RateLimits;
  readonly addressOf: AddressOf;
  /** The token of an `Authorization` header, if it is believed; `free` where it is not limited. */
  readonly tokenOf: (
    authorization: string,
  ) => Promise<{ readonly id: string; readonly free: boolean } | undefined>;
  readonly buckets: Buckets;
}

/** Whose measure it was (rate-limits §scope): that of one token, or of whoever shares an address. */
type Scope = 'key' | 'global';

const requireRoom = (ctx: Context, waitMs: number, scope: Scope, { perSecond }: RateLimit): void => {
  if (waitMs <= 0) return;
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  ctx.set('Retry-After', String(seconds));
  // RFC 0171: under /v2 the header alone says how long.
  const wait = treeOf(ctx.path) === 'v2' ? {} : { retryAfterMs: seconds * 1_000 };
  throw fault('rate_limited', { scope, limit: perSecond, ...wait });
};

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

const limitRead = (ctx: Context, the: RateLimitDeps, local: ReturnType<typeof localBuckets>): void => {
  const address = the.addressOf(ctx.req);
  if (address !== undefined) requireRoom(ctx, local(address, the.limits.reads), 'global', the.limits.reads);
};

const limitWrite = async (ctx: Context, the: RateLimitDeps): Promise<void> => {
  const { authorization } = ctx.headers;
  const token = authorization === undefined ? undefined : await the.tokenOf(authorization);
  if (token !== undefined) {
    const { writes } = the.limits;
    if (!token.free) requireRoom(ctx, await the.buckets.take(`token:${token.id}`, writes), 'key', writes);
    return;
  }
  const address = the.addressOf(ctx.req);
  if (address === undefined) return;
  const { unknown } = the.limits;
  requireRoom(ctx, await the.buckets.take(`unknown:${address}`, unknown), 'global', unknown);
};

/** Whoever tries credentials that are not believed is heard less and less; anonymous reads go on. */
const limitFailures = async (ctx: Context, the: RateLimitDeps, next: Next): Promise<void> => {
  const address = ctx.headers.authorization === undefined ? undefined : the.addressOf(ctx.req);
  if (address === undefined) return next();
  const name = `failures:${address}`;
  requireRoom(ctx, the.buckets.emptyFor(name), 'global', the.limits.failures);
  await next();
  // Waited for, so that guesses do not overtake their own count.
  if (ctx.status === 401) await the.buckets.take(name, the.limits.failures);
};

/** Stands in front of the routes, so that no scope is looked at before. @throws Fault rate_limited */
export const rateLimit = (the: RateLimitDeps): Middleware => {
  const local = localBuckets();
  return (ctx, next) =>
    limitFailures(ctx, the, async () => {
      if (READS.has(ctx.method)) limitRead(ctx, the, local);
      else await limitWrite(ctx, the);
      await next();
    });
};
