// The HTTP face: documents that stand ready come straight from memory, all else goes through the routes.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Logger } from 'pino';
import { fault } from '../protocol/faults.ts';
import { type Document, sendDocument } from './document.ts';
import { type FaultReplyDeps, faultReply } from './fault-reply.ts';
import { faultBody } from './reply.ts';
import { LONGEST_UPLOAD_MS, limitUpload } from './upload-time.ts';

export interface ServerDeps extends FaultReplyDeps {
  readonly router: Router;
  /** A public document that stands ready under this path; reading it must cost nothing. */
  readonly ready: (path: string) => Document | undefined;
}

/** Slow clients are cut off: a header must come at once, a body within minutes unless its route allows it longer. */
const UPLOAD_MS = 180_000;
const TIMEOUTS = {
  headersTimeout: 15_000,
  requestTimeout: LONGEST_UPLOAD_MS,
  keepAliveTimeout: 15_000,
} as const;

/** Room for a release statement of the largest size, in its header. */
const MAX_HEADER_BYTES = 32 * 1024;

const IDLE_MS = 60_000;

const startOfIds = randomBytes(6).toString('hex');
let requests = 0;
const nextRequestId = (): string => {
  requests += 1;
  return `${startOfIds}-${requests.toString(36)}`;
};

/** Only addresses on this server, in visible characters; everything else a proxy may read differently. */
const isSaneTarget = (url: string): boolean => /^\/[!-~]*$/.test(url) && !url.includes('%00');

const refuseTarget = (res: ServerResponse): void => {
  const { body } = faultBody(
    fault('validation_error', {}, 'The address is none of this server.'),
    '/',
    nextRequestId(),
  );
  res.writeHead(400, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
  res.end(JSON.stringify(body));
};

const logged =
  (log: Logger): Middleware =>
  async (ctx, next) => {
    const started = performance.now();
    const requestId = nextRequestId();
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    await next();
    const ms = Math.round((performance.now() - started) * 10) / 10;
    const line = {
      requestId,
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      ms,
      actor: ctx.state.actor,
    };
    const quiet = ctx.status < 400 && (ctx.method === 'GET' || ctx.method === 'HEAD');
    if (quiet) log.debug(line, 'request');
    else log.info(line, 'request');
  };

const notAllowed: Middleware = async (ctx, next) => {
  await next();
  if (ctx.status === 405 || ctx.status === 501)
    throw fault('method_not_allowed', { allow: ctx.response.get('Allow') });
};

/** Ranges may be refused and bodies must be cut off, which the routes see to. */
const isPlainRead = ({ method, headers }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  headers.range === undefined &&
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined;

/** Makes the server; it does not listen yet. */
export const createHttpServer = (the: ServerDeps): Server => {
  const app = new Koa();
  app.silent = true;
  app.use(logged(the.log));
  app.use(faultReply(the));
  app.use(notAllowed);
  app.use(the.router.routes());
  app.use(the.router.allowedMethods());
  const routes = app.callback();
  const tellsAll = the.log.isLevelEnabled('debug');
  const sendReady = (req: IncomingMessage, res: ServerResponse, document: Document): void => {
    const requestId = nextRequestId();
    const status = sendDocument(req, res, document, requestId);
    if (tellsAll) the.log.debug({ requestId, method: req.method, path: req.url, status }, 'request');
  };
  const limits = { ...TIMEOUTS, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer(limits, (req: IncomingMessage, res: ServerResponse) => {
    limitUpload(req, UPLOAD_MS);
    if (!isSaneTarget(req.url ?? '')) return refuseTarget(res);
    const document = isPlainRead(req) ? the.ready(req.url ?? '') : undefined;
    if (document !== undefined) sendReady(req, res, document);
    else void routes(req, res);
  });
  // Neither a reader nor a writer may stand still for long: each holds memory.
  server.setTimeout(IDLE_MS);
  return server;
};
