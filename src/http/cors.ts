// Lets pages of any origin call every address with the credentials they hold themselves: cookies mean nothing here.
import type { Middleware } from 'koa';
import { fault } from '../protocol/faults.ts';
import { REPLAY_HEADER } from './kept-answer.ts';

/** `*` would not admit Authorization (Fetch §3.3.2), so that all of them are named. */
const REQUEST_HEADERS = [
  'Attestry-Principal',
  'Attestry-Release-Statement',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'If-Range',
  'OpenWOP-Version',
  'Range',
  'traceparent',
  'tracestate',
  'X-Pack-Sha256',
].join(', ');

const ANSWER_HEADERS = [
  'Accept-Ranges',
  'Allow',
  'Content-Range',
  'ETag',
  'Idempotent-Replayed',
  'Location',
  REPLAY_HEADER,
  'OpenWOP-Version',
  'Repr-Digest',
  'Retry-After',
  'traceparent',
  'WWW-Authenticate',
  'X-Request-Id',
].join(', ');

/** What every answer carries. */
export const OPEN_TO_ALL = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': ANSWER_HEADERS,
} as const;

const PREFLIGHT_SECONDS = '86400';

/** Answers OPTIONS on every route, and tells 405 from 404. @throws Fault method_not_allowed, not_found */
export const methods: Middleware = async (ctx, next) => {
  await next();
  const allow = ctx.response.get('Allow');
  if (ctx.status === 405 || ctx.status === 501) {
    if (allow === '') throw fault('not_found');
    const all = allow.includes('OPTIONS') ? allow : `${allow}, OPTIONS`;
    ctx.set('Allow', all);
    throw fault('method_not_allowed', { allow: all });
  }
  if (ctx.method !== 'OPTIONS' || ctx.status !== 200 || allow === '') return;
  const all = `${allow}, OPTIONS`;
  ctx.status = 204;
  ctx.set({
    Allow: all,
    'Access-Control-Allow-Methods': all,
    'Access-Control-Allow-Headers': REQUEST_HEADERS,
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    'Cache-Control': `public, max-age=${PREFLIGHT_SECONDS}`,
  });
};
