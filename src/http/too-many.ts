// Refuses whoever asks too often, in the same words wherever he is stopped.
import type { Context } from 'koa';
import { type Fault, fault } from '../protocol/faults.ts';
import { treeOf } from './tree.ts';

/** Whose measure it was (rate-limits §scope): that of one token or account, or of whoever shares an address. */
export type Scope = 'key' | 'global';

interface Measure {
  readonly scope: Scope;
  /** What the bound is, in the unit of the measure. */
  readonly limit: number;
}

/** Sets the header that says how long to wait. @param says where the usual sentence names no cure */
export const tooMany = (
  ctx: Pick<Context, 'path' | 'set'>,
  waitMs: number,
  measure: Measure,
  says?: string,
): Fault => {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  ctx.set('Retry-After', String(seconds));
  // RFC 0171: under /v2 the header alone says how long.
  const wait = treeOf(ctx.path) === 'v2' ? {} : { retryAfterMs: seconds * 1_000 };
  return fault('rate_limited', { ...measure, ...wait }, says);
};
