// What is kept of an answer so that it can be given again: never a secret, never what may be otherwise the next time.
import type { Context } from 'koa';
import { fault } from '../protocol/faults.ts';

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a secret, and of what is large, all that is kept is that it was done. */
  readonly body: Uint8Array | LeftOut;
}

export type LeftOut = 'secret' | 'large';

/** One name, however it is spelled (idempotency.md writes it small, its second version does not). */
export const REPLAY_HEADER = 'OpenWOP-Idempotent-Replay';

const MOST_BYTES = 64 * 1024;

/** Refusals that may end: what was malformed, who was not believed, who asked too soon. */
const PASSING = new Set([400, 401, 403, 408, 425, 429]);

/** idempotency.md: 2xx and 4xx that stay true. */
const isFinal = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && !PASSING.has(status));

/** An address that is none, or takes no such method, costs nothing to refuse again. */
const isNowhere = (ctx: Context): boolean => ctx['_matchedRoute'] === undefined;

/** Of one answer, or of one connection. */
const OWN = new Set(['x-request-id', 'content-length', 'connection', 'retry-after', 'date', 'vary']);

const headersOf = (ctx: Context): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ctx.response.headers).flatMap(([name, value]) =>
      OWN.has(name) || name.startsWith('access-control-') || value === undefined
        ? []
        : [[name, String(value)]],
    ),
  );

const bytesOf = (body: unknown): Buffer | undefined => {
  if (body === null || body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  const isPlain = typeof body === 'object' && !('pipe' in body) && !('getReader' in body);
  return isPlain ? Buffer.from(JSON.stringify(body)) : undefined;
};

/** Undefined where the answer is not to be given again. */
export const keepable = (ctx: Context, isSecret: (answer: string) => boolean): KeptAnswer | undefined => {
  const body = ctx.respond === false ? undefined : bytesOf(ctx.body);
  if (!isFinal(ctx.status) || isNowhere(ctx) || body === undefined) return undefined;
  const { status } = ctx;
  if (isSecret(body.toString('utf8'))) return { status, headers: {}, body: 'secret' };
  if (body.length > MOST_BYTES) return { status, headers: {}, body: 'large' };
  return { status, headers: headersOf(ctx), body };
};

const WITHOUT = { secret: 'secret_shown_once', large: 'answer_not_kept' } as const;

/** @throws Fault secret_shown_once, answer_not_kept */
export const replay = (ctx: Context, { status, headers, body }: KeptAnswer): void => {
  ctx.set(REPLAY_HEADER, 'true');
  if (typeof body === 'string') throw fault(WITHOUT[body], { status });
  ctx.body = body.length === 0 ? null : Buffer.from(body);
  ctx.status = status;
  ctx.set(headers);
};
