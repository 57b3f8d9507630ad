// The addresses at which bases are read: versions, their entries, proofs, differences, searches, and replays of all that.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { encodeBase64 } from '../../../keys/bytes.ts';
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import { param } from '../../http/reply.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId, CapabilityVerb, Selector } from '../../protocol/knowledge/ids.ts';
import {
  type AskingDeps,
  baseParam,
  countOf,
  pathOfText,
  reading,
  selectorOf,
  textOf,
} from '../calls/asking.ts';
import type { OpenedDocument } from '../documents/document-body.ts';
import {
  addDocumentRoutes,
  type DocumentRoutesDeps,
  documentParam,
  sendDocumentBody,
} from '../documents/document-routes.ts';
import type { DiffRequest } from './diff.ts';
import type { DocumentRequest, EntryRequest, ListRequest } from './entries.ts';
import type { Looks } from './looks.ts';
import type { ProofRequest } from './proofs.ts';
import {
  listVersions,
  manifestView,
  proofOfVersion,
  type ReadVersionsDeps,
  readVersion,
} from './read-versions.ts';
import type { ReplayAnswer } from './replay.ts';
import type { Looked } from './retrieval.ts';
import { diffBody, listBody, proofBody, searchBody } from './retrieval-bodies.ts';
import type { Retrieve, Retrieved } from './retrieve.ts';
import type { SearchRequest } from './search.ts';

export interface RetrievalRoutesDeps extends AskingDeps, DocumentRoutesDeps, ReadVersionsDeps {
  readonly retrieve: Retrieve;
  readonly looks: Looks;
  /** A version that has a document; undefined where none ever had it. */
  readonly versionWithDocument: (base: BaseId, document: Cid) => Promise<Selector | undefined>;
  readonly readDocument: (by: Acting, base: BaseId, document: Cid) => Promise<OpenedDocument>;
  readonly replay: (by: Acting, eventId: string) => Promise<ReplayAnswer>;
}

const BASE = '/knowledge/v1/bases/:kb';
const VERSION = `${BASE}/versions/:version`;

const MOST_VERSIONS = 200;
const MOST_ENTRIES = 1_000;
const MOST_HITS = 200;
const USUAL = 100;
const USUAL_HITS = 20;

/** @throws Fault validation_error */
const limitOf = (ctx: Context, unless: number, most: number): number => {
  const limit = countOf(ctx, 'limit', unless, most);
  if (limit > 0) return limit;
  throw fault('validation_error', { field: 'limit' }, 'limit must be at least 1.');
};

/** @throws Fault validation_error */
const wantsProof = (ctx: Context): boolean => countOf(ctx, 'proof', 0, 1) === 1;

const versionParam = (ctx: Context): Selector => selectorOf(param(ctx, 'version'));

const tell = (ctx: Context, base: BaseId, { version, hash, eventId }: Retrieved<unknown>): void => {
  ctx.set('Knowledge-Base-Id', base);
  ctx.set('Knowledge-Base-Version', version.id);
  ctx.set('Retrieved-Content-Hash', hash);
  ctx.set('Attestry-Event', eventId);
};

const sendJson = (ctx: Context, body: JsonObject): void => {
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = canonicalText(body);
};

interface Wanted<Request extends JsonObject, Given> {
  readonly verb: CapabilityVerb;
  readonly request: (ctx: Context) => Request;
  readonly others?: (request: Request) => readonly Selector[];
  readonly look: (base: BaseId, selector: Selector, request: Request) => Promise<Looked<Given>>;
  readonly send: (ctx: Context, retrieved: Retrieved<Given>) => Promise<void> | void;
}

const retrieving = <Request extends JsonObject, Given>(
  the: RetrievalRoutesDeps,
  { verb, request: read, others, look, send }: Wanted<Request, Given>,
) =>
  reading(the, async (by, ctx) => {
    const [base, selector, request] = [baseParam(ctx), versionParam(ctx), read(ctx)];
    const asking = { by, base, selector, verb, request, others: others?.(request) ?? [] };
    const retrieved = await the.retrieve(asking, () => look(base, selector, request));
    tell(ctx, base, retrieved);
    await send(ctx, retrieved);
  });

const sendList = (the: RetrievalRoutesDeps) =>
  retrieving(the, {
    verb: 'list',
    request: (ctx): ListRequest => ({
      kind: 'list',
      prefix: textOf(ctx, 'prefix') ?? '',
      after: textOf(ctx, 'after') ?? '',
      limit: limitOf(ctx, USUAL, MOST_ENTRIES),
      proof: wantsProof(ctx),
    }),
    look: the.looks.list,
    send: (ctx, retrieved) => sendJson(ctx, listBody(retrieved)),
  });

const sendEntry = (the: RetrievalRoutesDeps) =>
  retrieving(the, {
    verb: 'get',
    request: (ctx): EntryRequest => ({ kind: 'entry', path: pathOfText(param(ctx, 'path')) }),
    look: the.looks.entry,
    send: (ctx, { given }) => sendDocumentBody(the, ctx, given, given.mediaType),
  });

/** What stands in a version is knowledge: on record first, and for whoever may retrieve it. Anything else is a proposal. */
const sendDocument = (the: RetrievalRoutesDeps) =>
  reading(the, async (by, ctx) => {
    const [base, document] = [baseParam(ctx), documentParam(ctx)];
    const selector = await the.versionWithDocument(base, document);
    if (selector === undefined) {
      sendDocumentBody(the, ctx, await the.readDocument(by, base, document), 'application/octet-stream');
      return;
    }
    const request: DocumentRequest = { kind: 'document', document };
    const asking = { by, base, selector, verb: 'get', request } as const;
    const retrieved = await the.retrieve(asking, () => the.looks.document(base, selector, request));
    tell(ctx, base, retrieved);
    sendDocumentBody(the, ctx, retrieved.given, retrieved.given.mediaType);
  });

const sendProof = (the: RetrievalRoutesDeps) =>
  retrieving(the, {
    verb: 'get',
    request: (ctx): ProofRequest => ({ kind: 'proof', path: pathOfText(param(ctx, 'path')) }),
    look: the.looks.proof,
    send: async (ctx, retrieved) =>
      sendJson(ctx, proofBody(retrieved, await proofOfVersion(the, retrieved.given.record))),
  });

const sendDifferences = (the: RetrievalRoutesDeps) =>
  retrieving(the, {
    verb: 'list',
    request: (ctx): DiffRequest => {
      const other = selectorOf(param(ctx, 'other'), 'other');
      return {
        kind: 'diff',
        other,
        other_selector: other,
        after: textOf(ctx, 'after') ?? '',
        limit: limitOf(ctx, USUAL, MOST_ENTRIES),
        proof: wantsProof(ctx),
      };
    },
    others: ({ other }) => [other],
    look: the.looks.diff,
    send: (ctx, retrieved) => sendJson(ctx, diffBody(retrieved)),
  });

const sendHits = (the: RetrievalRoutesDeps) =>
  retrieving(the, {
    verb: 'search',
    request: (ctx): SearchRequest => ({
      kind: 'search',
      q: textOf(ctx, 'q') ?? '',
      after: textOf(ctx, 'after') ?? '',
      limit: limitOf(ctx, USUAL_HITS, MOST_HITS),
      proof: wantsProof(ctx),
    }),
    look: the.looks.search,
    send: (ctx, retrieved) => sendJson(ctx, searchBody(retrieved)),
  });

const sendVersions = (the: RetrievalRoutesDeps) => {
  const list = listVersions(the);
  return reading(the, (by, ctx) => {
    const below = countOf(ctx, 'below', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return list(by, baseParam(ctx), below, limitOf(ctx, USUAL, MOST_VERSIONS));
  });
};

const sendVersion = (the: RetrievalRoutesDeps) => {
  const read = readVersion(the);
  return reading(the, async (by, ctx) => {
    const { version, proof } = await read(by, baseParam(ctx), versionParam(ctx));
    return {
      knowledge_base_version: version.id,
      manifest: manifestView(version),
      block: encodeBase64(version.manifest),
      signature: version.signature,
      proof,
      event: version.eventId,
    };
  });
};

const sendReplay = (the: RetrievalRoutesDeps) =>
  reading(the, async (by, ctx) => {
    const { outcome, version, hash } = await the.replay(by, param(ctx, 'event'));
    return { outcome, knowledge_base_version: version, retrieved_content_hash: hash };
  });

export const addRetrievalRoutes = (router: Router, the: RetrievalRoutesDeps): void => {
  addDocumentRoutes(router, the);
  router.get(`${BASE}/documents/:cid`, sendDocument(the));
  router.get(`${BASE}/versions`, sendVersions(the));
  router.get(VERSION, sendVersion(the));
  router.get(`${VERSION}/entries`, sendList(the));
  router.get(`${VERSION}/entries/*path`, sendEntry(the));
  router.get(`${VERSION}/proofs/*path`, sendProof(the));
  router.get(`${VERSION}/diff/:other`, sendDifferences(the));
  router.get(`${VERSION}/search`, sendHits(the));
  router.post('/knowledge/v1/retrievals/:event/replay', sendReplay(the));
};
