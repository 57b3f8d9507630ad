// Turns whatever went wrong into the one closed error envelope {error, message, details}.
import type { Context, Middleware, Next } from 'koa';
import type { Logger } from 'pino';
import { StorageError } from '../../storage/errors.ts';
import { Fault, fault } from '../protocol/faults.ts';
import { faultBody } from './reply.ts';

export interface FaultReplyDeps {
  readonly log: Logger;
  /** Whether a failure means that a part we need cannot be reached right now. */
  readonly isUnavailable: (error: unknown) => boolean;
}

const isAborted = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNRESET' && error.message === 'aborted';

const asFault = (error: unknown, isUnavailable: FaultReplyDeps['isUnavailable']): Fault => {
  if (error instanceof Fault) return error;
  if (isAborted(error)) return fault('invalid_body', {}, 'The upload was broken off.');
  const storeIsAway = error instanceof StorageError && error.code === 'store_unavailable';
  return fault(storeIsAway || isUnavailable(error) ? 'unavailable' : 'internal_error');
};

const writeFault = (ctx: Context, problem: Fault): void => {
  const { status, body } = faultBody(problem, ctx.path, String(ctx.state.requestId));
  ctx.respond = true;
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Access-Control-Allow-Origin', '*');
  if (status === 401) ctx.set('WWW-Authenticate', 'Bearer');
  if (status === 503) ctx.set('Retry-After', '1');
  if (problem.code === 'range_not_satisfiable') ctx.set('Content-Range', `bytes */${problem.details.size}`);
  ctx.body = body;
};

const LINGER_MS = 500;

const hasBody = ({ headers }: Context): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** A body nobody reads may go on for ever: the connection ends soon after the answer instead of draining it. */
const stopListening = (ctx: Context): void => {
  if (ctx.req.complete || !hasBody(ctx)) return;
  if (!ctx.res.headersSent) ctx.set('Connection', 'close');
  ctx.res.once('finish', () => setTimeout(() => ctx.req.destroy(), LINGER_MS).unref());
};

export const faultReply =
  (the: FaultReplyDeps): Middleware =>
  async (ctx: Context, next: Next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) throw fault('not_found');
    } catch (error) {
      const problem = asFault(error, the.isUnavailable);
      if (problem.code === 'internal_error' || problem.code === 'unavailable') {
        the.log.error({ requestId: ctx.state.requestId, err: error }, 'request failed');
      }
      writeFault(ctx, problem);
    } finally {
      stopListening(ctx);
    }
  };
