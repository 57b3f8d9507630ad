// A document whose bytes, digest and headers were made once, and how it answers conditional and range requests.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Digest, digestOf, integrityOf } from '../../storage/digest.ts';
import { fault } from '../protocol/faults.ts';
import { type ByteRange, isNotModified, requestedRange } from './conditional.ts';
import { OPEN_TO_ALL } from './cors.ts';
import { V2_VERSION, VERSION_HEADER } from './protocol-version.ts';
import { treeOf } from './tree.ts';

export interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Everything but the length, ready for the wire. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface DocumentKind {
  readonly type: string;
  readonly cacheControl: string;
  /** Tarballs and other large immutable files answer ranges and carry `Repr-Digest` (RFC 9530). */
  readonly ranged?: boolean;
}

const SHORT = 'public, max-age=5, stale-while-revalidate=30';
const FOREVER = 'public, max-age=31536000, immutable';

/** The kinds of public documents and how long each may be kept. */
export const KINDS = {
  json: { type: 'application/json; charset=utf-8', cacheControl: SHORT },
  tarball: { type: 'application/octet-stream', cacheControl: FOREVER, ranged: true },
  signature: { type: 'application/octet-stream', cacheControl: FOREVER },
  statement: { type: 'application/json; charset=utf-8', cacheControl: FOREVER },
  key: { type: 'application/x-pem-file', cacheControl: 'public, max-age=86400' },
  /** The head of the log moves all the time, and so does every proof under it. */
  checkpoint: { type: 'text/plain; charset=utf-8', cacheControl: 'public, max-age=1' },
  tile: { type: 'application/octet-stream', cacheControl: FOREVER },
  page: { type: 'text/html; charset=utf-8', cacheControl: SHORT },
  yaml: { type: 'application/yaml; charset=utf-8', cacheControl: SHORT },
} as const satisfies Record<string, DocumentKind>;

/** Makes a document; its strong ETag is the digest of its bytes (RFC 9110 §8.8.3). */
export const makeDocument = (bytes: Uint8Array, kind: DocumentKind, known?: Digest): Document => {
  const digest = integrityOf(known ?? digestOf(bytes));
  const etag = `"${digest}"`;
  const ranged = kind.ranged
    ? { 'Accept-Ranges': 'bytes', 'Repr-Digest': `sha-256=:${digest.slice(7)}:` }
    : {};
  return {
    bytes,
    etag,
    headers: {
      'Content-Type': kind.type,
      'Cache-Control': kind.cacheControl,
      ETag: etag,
      ...OPEN_TO_ALL,
      'X-Content-Type-Options': 'nosniff',
      ...ranged,
    },
  };
};

/** JSON as the public registry writes it: two spaces and a final newline. */
export const jsonDocument = (value: unknown): Document =>
  makeDocument(Buffer.from(`${JSON.stringify(value, null, 2)}\n`), KINDS.json);

/** Nobody between us and the reader may keep what others must not see. */
export const confidential = (document: Document): Document => ({
  ...document,
  headers: { ...document.headers, 'Cache-Control': 'private, no-store' },
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const part = (document: Document, { start, end }: ByteRange): Answer => {
  const headers = { ...document.headers, 'Content-Range': `bytes ${start}-${end}/${document.bytes.length}` };
  return { status: 206, headers, body: document.bytes.subarray(start, end + 1) };
};

const rangeFor = (req: IncomingMessage, document: Document): ByteRange | 'unsatisfiable' | undefined => {
  const { range } = req.headers;
  if (range === undefined || req.method !== 'GET' || !('Accept-Ranges' in document.headers)) return undefined;
  const ifRange = req.headers['if-range'];
  return requestedRange(range, ifRange?.toString(), document.etag, document.bytes.length);
};

const answerTo = (req: IncomingMessage, document: Document): Answer => {
  const known = req.headers['if-none-match'];
  if (known !== undefined && isNotModified(known, document.etag))
    return { status: 304, headers: document.headers };
  const range = rangeFor(req, document);
  if (range === 'unsatisfiable') throw fault('range_not_satisfiable', { size: document.bytes.length });
  if (range !== undefined) return part(document, range);
  return { status: 200, headers: document.headers, body: document.bytes };
};

/**
 * Answers a GET or HEAD with a document, its part, or the word that nothing changed.
 * @returns the status it answered with.
 * @throws Fault range_not_satisfiable, before anything was written.
 */
export const sendDocument = (
  req: IncomingMessage,
  res: ServerResponse,
  document: Document,
  requestId: string,
): number => {
  const { status, headers, body } = answerTo(req, document);
  const length = body === undefined ? {} : { 'Content-Length': body.length };
  const spoken = treeOf(req.url ?? '') === 'v2' ? { [VERSION_HEADER]: V2_VERSION } : {};
  res.writeHead(status, { ...headers, 'X-Request-Id': requestId, ...spoken, ...length });
  res.end(req.method === 'HEAD' ? undefined : body);
  if (body !== undefined && body.length > LARGE_BYTES) limitTime(res, body.length);
  return status;
};

/** Whoever reads slower than this holds the memory of a large document for nothing. */
const LARGE_BYTES = 256 * 1024;
const LEAST_BYTES_PER_SECOND = 32 * 1024;

const limitTime = (res: ServerResponse, bytes: number): void => {
  const late = setTimeout(() => res.destroy(), 10_000 + (bytes / LEAST_BYTES_PER_SECOND) * 1_000).unref();
  res.once('close', () => clearTimeout(late));
};
