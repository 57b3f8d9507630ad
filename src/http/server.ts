// The HTTP face: documents that stand ready come straight from memory, all else goes through the routes.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Logger } from 'pino';
import { fault } from '../protocol/faults.ts';
import { methods, OPEN_TO_ALL } from './cors.ts';
import { type Document, sendDocument } from './document.ts';
import { isDraining, knowConnections } from './drain.ts';
import { cutOffBodies, type FaultReplyDeps, faultReply } from './fault-reply.ts';
import { V2_VERSION, VERSION_HEADER } from './protocol-version.ts';
import { refuse, refuseBytes } from './refuse.ts';
import { requestProblem } from './request-problem.ts';
import { requestShares } from './shares.ts';
import type { Pace } from './steady.ts';
import { treeOf } from './tree.ts';
import { LONGEST_UPLOAD_MS, limitUpload } from './upload-time.ts';

export interface ServerDeps extends FaultReplyDeps {
  readonly router: Router;
  /** A public document that stands ready under this path; reading it must cost nothing. */
  readonly ready: (path: string) => Document | undefined;
  /** What stands in front of the routes, outermost first. */
  readonly gates?: readonly Middleware[];
  /** What a small body has to keep up. */
  readonly jsonPace?: Pace | undefined;
  /** Milliseconds, in the place of those below. */
  readonly timeouts?: Partial<typeof TIMEOUTS>;
}

/** Slow clients are cut off: a header must come at once, a body within minutes unless its route allows it longer. */
const UPLOAD_MS = 180_000;
const TIMEOUTS = {
  headersTimeout: 15_000,
  requestTimeout: LONGEST_UPLOAD_MS,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};

/** Room for a release statement of the largest size, in its header. */
const MAX_HEADER_BYTES = 32 * 1024;

const IDLE_MS = 60_000;

const startOfIds = randomBytes(6).toString('hex');
let requests = 0;
const nextRequestId = (): string => {
  requests += 1;
  return `${startOfIds}-${requests.toString(36)}`;
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

/** What every answer of a route carries, refusals included. */
const common: Middleware = (ctx, next) => {
  ctx.set(OPEN_TO_ALL);
  ctx.set('X-Content-Type-Options', 'nosniff');
  if (treeOf(ctx.path) === 'v2') ctx.set(VERSION_HEADER, V2_VERSION);
  return next();
};

/** RFC 9110 §10.1.1: the sender is asked for its body when somebody wants to read it, so that a refusal comes first. */
const askForBody = (req: IncomingMessage, res: ServerResponse): void => {
  const onListener = (event: string | symbol): void => {
    if (event !== 'readable' && event !== 'data') return;
    req.off('newListener', onListener);
    if (!res.headersSent) res.writeContinue();
  };
  req.on('newListener', onListener);
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
  app.use(cutOffBodies);
  app.use(common);
  app.use(async (ctx, next) => {
    ctx.state.jsonPace = the.jsonPace;
    await next();
    if (isDraining(server)) ctx.res.shouldKeepAlive = false;
  });
  app.use(faultReply(the));
  for (const gate of the.gates ?? []) app.use(gate);
  // What stands in front sees how a route refused.
  app.use(faultReply(the));
  app.use(methods);
  app.use(the.router.routes());
  app.use(the.router.allowedMethods());
  const routes = app.callback();
  const share = requestShares();
  const tellsAll = the.log.isLevelEnabled('debug');
  const sendReady = (req: IncomingMessage, res: ServerResponse, document: Document): void => {
    const requestId = nextRequestId();
    const status = sendDocument(req, res, document, requestId);
    if (tellsAll) the.log.debug({ requestId, method: req.method, path: req.url, status }, 'request');
  };
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    limitUpload(req, UPLOAD_MS);
    if (isDraining(server)) res.shouldKeepAlive = false;
    const problem = requestProblem(req);
    const document = isPlainRead(req) && problem === undefined ? the.ready(req.url ?? '') : undefined;
    if (problem !== undefined) refuse(res, problem, req.url ?? '/', nextRequestId());
    else if (document !== undefined) sendReady(req, res, document);
    else if (share.enter(req, res)) void routes(req, res);
    else refuse(res, fault('busy'), req.url ?? '/', nextRequestId());
  };
  const limits = { ...TIMEOUTS, ...the.timeouts, maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const server = createServer(limits, answer);
  // More of them are refused; Node would drop them unsaid.
  server.maxHeadersCount = 0;
  server.on('checkContinue', (req, res) => {
    askForBody(req, res);
    answer(req, res);
  });
  server.on('checkExpectation', answer);
  server.on('clientError', (error, socket) => {
    // Behind an answer that is half out another would be read as its rest.
    if (share.running(socket as Socket) > 0) socket.destroy();
    else refuseBytes(socket as Socket, error, nextRequestId());
  });
  knowConnections(server);
  // Neither a reader nor a writer may stand still for long: each holds memory.
  server.setTimeout(IDLE_MS);
  return server;
};
