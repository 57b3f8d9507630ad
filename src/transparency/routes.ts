// The addresses of the log.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Document } from '../http/document.ts';
import { whenDraining } from '../http/drain.ts';
import { param, replyWith } from '../http/reply.ts';
import { fault } from '../protocol/faults.ts';
import { type Receipt, receiptJson } from '../protocol/receipt.ts';
import type { EventsPage, EventsRequest, Sight } from './events.ts';
import { type AdmitWaiter, waiters } from './waiters.ts';

export interface LogRoutesDeps {
  readonly readCheckpoint: () => Promise<Document>;
  readonly readLogPath: (path: string) => Promise<Document>;
  readonly findReceipt: (eventId: string) => Promise<Receipt | 'late' | undefined>;
  readonly readEvents: (request: EventsRequest) => Promise<EventsPage>;
  /** Of which sealed leaves whoever sent this may see what they commit to. @throws Fault for a bad token */
  readonly mayAudit: (authorization: string) => Promise<Sight>;
}

const DEFAULT_PAGE = 256;
const MAX_PAGE = 1_024;
const MAX_WAIT_SECONDS = 30;

const numberIn = (ctx: Context, name: string, most: number, otherwise: number): number => {
  const text = ctx.query[name];
  if (text === undefined) return otherwise;
  if (typeof text === 'string' && /^\d{1,16}$/.test(text) && Number(text) <= most) return Number(text);
  throw fault('validation_error', { field: name, most }, `${name} must be a whole number up to ${most}.`);
};

/** Ends with the connection that asked, and when the process is about to end: what is known then is answered. */
const signalOf = (ctx: Context): AbortSignal => {
  const quit = new AbortController();
  const forget = whenDraining(ctx.req.socket, () => quit.abort());
  ctx.res.once('close', () => {
    forget();
    quit.abort();
  });
  return quit.signal;
};

const sendEvents = (the: LogRoutesDeps, admitWaiter: AdmitWaiter) => async (ctx: Context) => {
  const { authorization } = ctx.headers;
  const waitMs = numberIn(ctx, 'wait', MAX_WAIT_SECONDS, 0) * 1_000;
  const leave = waitMs > 0 ? admitWaiter(ctx.req.socket) : undefined;
  try {
    ctx.body = await the.readEvents({
      since: numberIn(ctx, 'since', Number.MAX_SAFE_INTEGER, 0),
      limit: Math.max(numberIn(ctx, 'limit', MAX_PAGE, DEFAULT_PAGE), 1),
      waitMs: leave === undefined ? 0 : waitMs,
      quit: signalOf(ctx),
      sight: authorization === undefined ? 'none' : await the.mayAudit(authorization),
    });
  } finally {
    leave?.();
  }
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Access-Control-Allow-Origin', '*');
};

const sendReceipt = (the: LogRoutesDeps) => async (ctx: Context) => {
  const eventId = param(ctx, 'eventId');
  const receipt = await the.findReceipt(eventId);
  if (receipt === undefined) throw fault('not_found', { eventId: eventId.slice(0, 100) });
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Access-Control-Allow-Origin', '*');
  if (receipt === 'late') {
    ctx.status = 202;
    ctx.set('Retry-After', '1');
    ctx.body = { eventId, receipt: null };
  } else ctx.body = receiptJson(receipt);
};

export const addLogRoutes = (router: Router, the: LogRoutesDeps): void => {
  router.get('/transparency/checkpoint', async (ctx) => replyWith(ctx, await the.readCheckpoint()));
  router.get('/transparency/tile/*path', async (ctx) =>
    replyWith(ctx, await the.readLogPath(`tile/${param(ctx, 'path')}`)),
  );
  router.get('/transparency/events', sendEvents(the, waiters()));
  router.get('/transparency/receipts/:eventId', sendReceipt(the));
};
