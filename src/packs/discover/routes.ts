// The addresses at which packs are found, the same in both trees. They must stand before `/packs/:name`.
import type { Readable } from 'node:stream';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { OPEN_TO_ALL } from '../../http/cors.ts';
import { jsonDocument } from '../../http/document.ts';
import { type EncodedDocument, replyEncoded } from '../../http/encoded.ts';
import { param, replyWith } from '../../http/reply.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import { isPrivate, type PackAddress, readName, readVersion } from '../policy.ts';
import type { TypeQuestion } from './by-type.ts';
import { limitOf, nameAfter, type Question, questionOf } from './question.ts';

export interface DiscoverRoutesDeps {
  readonly search: (question: Question) => Promise<object>;
  readonly list: (question: Question) => Promise<object>;
  readonly byType: (question: TypeQuestion) => Promise<object>;
  readonly closure: (tree: Tree, address: PackAddress, isGone: () => boolean) => Promise<object>;
  readonly exportAgents: (tree: Tree) => Promise<Readable>;
  readonly wholeIndex: (tree: Tree) => Promise<EncodedDocument>;
  readonly pageOfIndex: (tree: Tree, after: string, limit: number) => Promise<EncodedDocument>;
}

const [SEARCHED, LISTED, INDEXED] = [50, 200, 500];
const MAX_INDEXED = 1_000;
const MAX_ID = 256;

const answer = (ctx: Context, body: object): void => replyWith(ctx, jsonDocument(body));

const typeOf = (ctx: Context): string => {
  const typeId = param(ctx, 'typeId');
  if (typeId.length <= MAX_ID) return typeId.replace(/\p{Surrogate}/gu, '\u{fffd}');
  throw fault('validation_error', { field: 'typeId' }, `An id has at most ${MAX_ID} characters.`);
};

/** What only some may see looks here like what is not there: to them as to all others. */
const readPublic = (ctx: Context): PackAddress => {
  const name = readName(param(ctx, 'name'));
  const version = readVersion(param(ctx, 'version'));
  if (isPrivate(name)) throw fault('pack_version_not_found', { name, version });
  return { name, version };
};

const sendIndex = (the: DiscoverRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const isPage = ctx.query['cursor'] !== undefined || ctx.query['limit'] !== undefined;
  const document = isPage
    ? await the.pageOfIndex(tree, nameAfter(ctx.query), limitOf(ctx.query, INDEXED, MAX_INDEXED))
    : await the.wholeIndex(tree);
  await replyEncoded(ctx, document);
};

const sendExport = (the: DiscoverRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const text = await the.exportAgents(tree);
  ctx.set({ ...OPEN_TO_ALL, 'Cache-Control': 'public, max-age=5', 'X-Content-Type-Options': 'nosniff' });
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = text;
};

export const addDiscoverRoutes = (router: Router, the: DiscoverRoutesDeps): void => {
  for (const tree of ['v1', 'v2'] as const) {
    router.get(`/${tree}/index.json`, sendIndex(the, tree));
    router.get(`/${tree}/packs`, async (ctx) =>
      answer(ctx, await the.list(questionOf(tree, ctx.query, LISTED))),
    );
    router.get(`/${tree}/packs/export`, sendExport(the, tree));
    router.get(`/${tree}/packs/-/search`, async (ctx) =>
      answer(ctx, await the.search(questionOf(tree, ctx.query, SEARCHED))),
    );
    router.get(`/${tree}/packs/-/by-type/:typeId`, async (ctx) => {
      const [after, limit] = [nameAfter(ctx.query), limitOf(ctx.query, SEARCHED)];
      answer(ctx, await the.byType({ tree, typeId: typeOf(ctx), after, limit }));
    });
    router.get(`/${tree}/packs/:name/-/:version/closure`, async (ctx) =>
      answer(ctx, await the.closure(tree, readPublic(ctx), () => ctx.res.closed)),
    );
  }
};
