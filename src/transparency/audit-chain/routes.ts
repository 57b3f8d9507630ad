// The address under which the audit chain is verified, in both of its spellings (v1; v2 has no version in its paths).
import type Router from '@koa/router';
import type { Context } from 'koa';
import { fault } from '../../protocol/faults.ts';
import type { AuditRange, AuditVerdict } from './verify.ts';

export interface AuditRoutesDeps {
  /** @throws Fault unauthenticated or forbidden, for whoever may not read the audit */
  readonly requireAuditor: (authorization: string | undefined) => Promise<unknown>;
  readonly verifyAudit: (range: AuditRange) => Promise<AuditVerdict>;
}

/** Each walks over many rows; so many may be under way in this process, and one waits for the other. */
const MAX_WAITING = 8;
/** Shown to whoever asks otherwise. */
const EXAMPLE = 'as in ?fromSeq=1&toSeq=1000';

const sequenceIn = (ctx: Context, name: string): number => {
  const text = ctx.query[name];
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw fault('validation_error', { field: name }, `${name} must be a whole number from 0, ${EXAMPLE}.`);
};

const rangeIn = (ctx: Context): AuditRange => {
  const range = { fromSeq: sequenceIn(ctx, 'fromSeq'), toSeq: sequenceIn(ctx, 'toSeq') };
  if (range.toSeq >= range.fromSeq) return range;
  throw fault('validation_error', { ...range }, `toSeq must not be smaller than fromSeq, ${EXAMPLE}.`);
};

/** One after the other, and few in the queue. */
const oneByOne = <A, R>(work: (given: A) => Promise<R>): ((given: A) => Promise<R>) => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (given) => {
    if (waiting >= MAX_WAITING) throw fault('busy');
    waiting += 1;
    const turn = last.then(() => work(given));
    last = turn.catch(() => undefined);
    return turn.finally(() => {
      waiting -= 1;
    });
  };
};

export const addAuditRoutes = (router: Router, the: AuditRoutesDeps): void => {
  const verify = oneByOne((range: AuditRange) => the.verifyAudit(range));
  const answer = async (ctx: Context): Promise<void> => {
    await the.requireAuditor(ctx.headers.authorization);
    ctx.body = await verify(rangeIn(ctx));
    ctx.set('Cache-Control', 'no-store');
  };
  router.get('/v1/audit/verify', answer);
  router.get('/audit/verify', answer);
};
