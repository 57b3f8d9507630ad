// The addresses at which documents for proposals are brought and looked at, and how the bytes of any document are sent.

import { Readable } from 'node:stream';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { param } from '../../http/reply.ts';
import { atLeast, type Pace } from '../../http/steady.ts';
import { allowTime } from '../../http/upload-time.ts';
import { type Cid, codecOf } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import { type AskingDeps, baseParam, cidOfText, whoAsks } from '../calls/asking.ts';
import type { Alarm } from '../events/alarm.ts';
import type { OpenedDocument } from './document-body.ts';
import type { TakenDocument, UploadRequest } from './documents.ts';

export interface DocumentRoutesDeps extends AskingDeps {
  readonly takeDocument: (request: UploadRequest) => Promise<TakenDocument>;
  /** What an upload has to keep up. */
  readonly pace: Pace;
  readonly alarm: Alarm;
}

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Whoever reads a stream that breaks off learns only that: why, the operator is told. */
async function* telling(alarm: Alarm, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    alarm('a document broke off while it was given out', { err: error });
    throw error;
  }
}

/** What somebody proposed is shown to nobody as a page of ours. */
const GUARDS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Content-Disposition': 'attachment',
} as const;

/** What is not read to its end, since its reader went or asked for the head alone, is let go of all the same. */
export const sendDocumentBody = (
  { alarm }: Pick<DocumentRoutesDeps, 'alarm'>,
  ctx: Context,
  { body, release }: OpenedDocument,
  mediaType: string,
): void => {
  ctx.res.once('close', () => void release());
  ctx.set(GUARDS);
  ctx.set('Content-Type', mediaType);
  if (body.kind === 'bytes') ctx.body = viewOf(body.bytes);
  else {
    ctx.body = Readable.from(telling(alarm, body.chunks), { objectMode: false });
    ctx.length = body.size;
  }
};

/** @throws Fault validation_error */
export const documentParam = (ctx: Context): Cid => {
  const cid = cidOfText(param(ctx, 'cid'), 'document');
  if (codecOf(cid) === 'raw') return cid;
  throw fault(
    'validation_error',
    { field: 'document' },
    'A document is called by a content id of raw bytes.',
  );
};

/** Of the largest document over a line that is no faster than most. */
const UPLOAD_MS = 15 * 60 * 1_000;

const takeUpload =
  (the: DocumentRoutesDeps) =>
  async (ctx: Context): Promise<void> => {
    const [base, document] = [baseParam(ctx), documentParam(ctx)];
    const by = await whoAsks(the, ctx, 'knowledge:write');
    allowTime(ctx.req, UPLOAD_MS);
    const body = atLeast(the.pace, ctx.req);
    const { size, searchable, created } = await the.takeDocument({ by, base, document, body });
    ctx.status = created ? 201 : 200;
    ctx.body = { document, size, searchable };
  };

export const addDocumentRoutes = (router: Router, the: DocumentRoutesDeps): void => {
  router.put('/knowledge/v1/bases/:kb/documents/:cid', takeUpload(the));
};
