// Turns whatever went wrong into the one closed error envelope {error, message, details}.
import type { Socket } from 'node:net';
import type { Context, Middleware, Next } from 'koa';
import type { Logger } from 'pino';
import { StorageError } from '../../storage/errors.ts';
import { Fault, fault } from '../protocol/faults.ts';
import { hasBody } from './body.ts';
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

/**
 * RFC 6750 §3: what is wrong is said only to whoever presented a credential, and a missing scope only where the scope
 * itself was asked for: whatever else is refused, or not there, names none (invariant auth-challenge-no-oracle).
 */
const challengeFor = (ctx: Context, status: number, { details }: Fault): string | undefined => {
  if (status === 401)
    return ctx.headers.authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
  if (status !== 403 || typeof details['missingScope'] !== 'string') return undefined;
  return `Bearer error="insufficient_scope", scope="${details['missingScope']}"`;
};

const writeFault = (ctx: Context, problem: Fault): void => {
  const { status, body } = faultBody(problem, ctx.path, String(ctx.state.requestId));
  ctx.respond = true;
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  const challenge = challengeFor(ctx, status, problem);
  if (challenge !== undefined) ctx.set('WWW-Authenticate', challenge);
  if (status === 503) ctx.set('Retry-After', '1');
  if (problem.code === 'range_not_satisfiable') ctx.set('Content-Range', `bytes */${problem.details.size}`);
  ctx.body = body;
};

const LINGER_MS = 2_000;
const MOST_DRAINED_BYTES = 4 * 1024 * 1024;

/**
 * Closing while bytes arrive resets the connection, and a reset throws away the answer the sender has not read yet. So
 * only our side is closed at first; the sender's is drained within bounds, and cut off after a moment.
 */
const closeLingering = (socket: Socket): void => {
  let left = MOST_DRAINED_BYTES;
  socket.on('data', (chunk) => {
    left -= chunk.length;
    if (left < 0) socket.pause();
  });
  socket.end();
  const late = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(late));
};

/** A body nobody reads may go on for ever: the connection ends soon after the answer instead of draining it. */
const stopListening = ({ req, res }: Context): void => {
  const { socket } = res;
  if (req.complete || socket === null) return;
  if (!res.headersSent) {
    res.setHeader('Connection', 'close');
    // What Node calls when the last answer of a connection is out.
    socket.destroySoon = () => closeLingering(socket);
  } else if (res.writableFinished) closeLingering(socket);
  else res.once('finish', () => closeLingering(socket));
};

/** Answers with whatever fails behind it. */
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
    }
  };

/** Stands in front of all that answers. */
export const cutOffBodies: Middleware = async (ctx, next) => {
  try {
    await next();
  } finally {
    if (hasBody(ctx)) stopListening(ctx);
  }
};
