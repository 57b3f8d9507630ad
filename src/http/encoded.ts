// A document in the content codings that readers may ask for, each made when the first of them does.
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Context } from 'koa';
import type { Document } from './document.ts';
import { replyWith } from './reply.ts';

export type Coding = 'identity' | 'gzip' | 'br';

export interface EncodedDocument {
  readonly in: (coding: Coding) => Promise<Document>;
}

/** Fast ones: these documents are made anew with each publish. */
const CODERS: Readonly<Record<Exclude<Coding, 'identity'>, (bytes: Uint8Array) => Promise<Buffer>>> = {
  gzip: promisify(gzip),
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
};

/** Whoever keeps answers must know that they differ (RFC 9110 §12.5.5). */
const varying = (document: Document): Document => ({
  ...document,
  headers: { ...document.headers, Vary: 'Accept-Encoding' },
});

/** Other bytes have another strong ETag (RFC 9110 §8.8.3.3). */
const encoded = async (
  document: Document,
  coding: Exclude<Coding, 'identity'>,
  encode: (bytes: Uint8Array) => Promise<Buffer>,
): Promise<Document> => {
  const etag = document.etag.replace(/"$/, `-${coding}"`);
  const headers = { ...document.headers, ETag: etag, 'Content-Encoding': coding };
  return { bytes: await encode(document.bytes), etag, headers };
};

/** For JSON that lists much; never for a tarball, whose bytes are what is signed. */
export const encodings = (plain: Document): EncodedDocument => {
  const document = varying(plain);
  const made = new Map<Coding, Promise<Document>>([['identity', Promise.resolve(document)]]);
  return {
    in: (coding) => {
      const known = made.get(coding);
      if (known !== undefined || coding === 'identity') return known ?? Promise.resolve(document);
      const making = encoded(document, coding, CODERS[coding]);
      made.set(coding, making);
      making.catch(() => made.delete(coding));
      return making;
    },
  };
};

const CODINGS = ['br', 'gzip', 'identity'] as const satisfies readonly Coding[];

/** Answers in the coding that the reader likes best, and as it is where none of ours is liked. */
export const replyEncoded = async (ctx: Context, document: EncodedDocument): Promise<void> => {
  const asked = ctx.headers['accept-encoding'];
  const coding = asked === undefined ? 'identity' : ctx.acceptsEncodings(...CODINGS);
  replyWith(ctx, await document.in(CODINGS.find((each) => each === coding) ?? 'identity'));
};
