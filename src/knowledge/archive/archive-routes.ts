// The addresses at which a version leaves as an archive, and at which one comes in.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { utf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Admit } from '../../http/admission.ts';
import { param } from '../../http/reply.ts';
import { atLeast, type Pace } from '../../http/steady.ts';
import { allowTime } from '../../http/upload-time.ts';
import { type Cid, codecOf } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import { CAR_TYPE } from '../../protocol/knowledge/car.ts';
import {
  type AskingDeps,
  answerWritten,
  attemptOf,
  baseParam,
  cidOfText,
  reading,
  selectorOf,
  whoAsks,
} from '../calls/asking.ts';
import type { Attempt, Written } from '../events/record.ts';
import type { Look } from '../retrieve/retrieval.ts';
import type { Retrieve, Retrieved } from '../retrieve/retrieve.ts';
import { EXPORT_FORMATS, type ExportFormat, type ExportRequest, type GivenExport } from './export.ts';
import type { ImportRequest } from './import.ts';

export interface ArchiveRoutesDeps extends AskingDeps {
  readonly retrieve: Retrieve;
  readonly lookAtExport: Look<ExportRequest, GivenExport>;
  readonly importVersion: (attempt: Attempt, request: ImportRequest) => Promise<Written<JsonObject>>;
  /** Bounds the exports under way, of everybody and of one account. */
  readonly admitExport: Admit;
  /** What an import has to keep up. */
  readonly pace: Pace;
  /** How long an import may take; milliseconds. */
  readonly importMs: number;
}

/** @throws Fault not_found */
const formatParam = (ctx: Context): ExportFormat => {
  const text = param(ctx, 'format');
  const format = EXPORT_FORMATS.find((each) => each === text);
  if (format === undefined) throw fault('not_found', { format: text, formats: EXPORT_FORMATS });
  return format;
};

const setHeaders = (ctx: Context, format: ExportFormat, found: Retrieved<GivenExport>): void => {
  ctx.status = 200;
  ctx.set('Content-Type', found.given.contentType);
  ctx.set('Content-Disposition', `attachment; filename="${found.version.id}.${format}"`);
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Knowledge-Base-Id', found.version.base);
  ctx.set('Knowledge-Base-Version', found.version.id);
  ctx.set('Retrieved-Content-Hash', found.hash);
  ctx.set('Attestry-Event', found.eventId);
};

const hasHungUp = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** Past Koa's own way, so that its share is taken until the last byte is out. What fails midway breaks the answer off. */
const stream = async (ctx: Context, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  ctx.respond = false;
  ctx.res.flushHeaders();
  try {
    await pipeline(Readable.from(chunks, { objectMode: false, highWaterMark: 64 * 1024 }), ctx.res);
  } catch (error) {
    if (!hasHungUp(error)) throw error;
  }
};

const sendExport = async (the: ArchiveRoutesDeps, by: Acting, ctx: Context): Promise<void> => {
  const [base, selector, format] = [baseParam(ctx), selectorOf(param(ctx, 'version')), formatParam(ctx)];
  const request = { kind: 'export', format } as const;
  const found = await the.retrieve({ by, base, selector, verb: 'get', request }, () =>
    the.lookAtExport(base, selector, request),
  );
  setHeaders(ctx, format, found);
  if (ctx.method === 'HEAD') ctx.respond = false;
  if (ctx.method === 'HEAD') ctx.res.end();
  else await stream(ctx, found.given.chunks());
};

/** @throws Fault validation_error */
const pinnedVersion = (ctx: Context): Cid => {
  const cid = cidOfText(String(ctx.query['version'] ?? ''), 'version');
  if (codecOf(cid) === 'dag-cbor') return cid;
  throw fault('validation_error', { field: 'version' }, 'version must be the content id of a version.');
};

const takeImport =
  (the: ArchiveRoutesDeps) =>
  async (ctx: Context): Promise<void> => {
    const by = await whoAsks(the, ctx, 'knowledge:write');
    const [base, version] = [baseParam(ctx), pinnedVersion(ctx)];
    if (!ctx.is(CAR_TYPE)) throw fault('unsupported_media_type', { expected: CAR_TYPE });
    allowTime(ctx.req, the.importMs);
    const body = atLeast(the.pace, ctx.req);
    answerWritten(ctx, await the.importVersion(attemptOf(by, ctx, utf8(version)), { base, version, body }));
  };

export const addArchiveRoutes = (router: Router, the: ArchiveRoutesDeps): void => {
  router.get(
    '/knowledge/v1/bases/:kb/versions/:version/export/:format',
    reading(the, (by, ctx) => the.admitExport(by.account, () => sendExport(the, by, ctx))),
  );
  router.post('/knowledge/v1/bases/:kb/import', takeImport(the));
};
