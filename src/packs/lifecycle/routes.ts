// The addresses at which it is changed how versions stand, the same in both trees.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { jsonBody } from '../../http/body.ts';
import { param } from '../../http/reply.ts';
import type { Tree } from '../../protocol/faults.ts';
import { replyWithReceipt, type Witnessed } from '../../transparency/receipt-reply.ts';
import type { DeprecateRequest, Deprecation } from './deprecate.ts';
import type { VersionRequest } from './standing.ts';
import type { Tombstone, UnpublishRequest } from './unpublish.ts';
import type { Standing, YankRequest } from './yank.ts';

export interface LifecycleRoutesDeps {
  readonly yank: (request: YankRequest) => Promise<Standing>;
  readonly unyank: (request: VersionRequest) => Promise<Standing>;
  readonly deprecate: (request: DeprecateRequest) => Promise<Deprecation>;
  readonly undeprecate: (request: VersionRequest) => Promise<Deprecation>;
  readonly unpublish: (request: UnpublishRequest) => Promise<Tombstone>;
}

const requestOf = (ctx: Context): VersionRequest => ({
  name: param(ctx, 'name'),
  version: param(ctx, 'version'),
  authorization: ctx.headers.authorization,
});

const answer = (ctx: Context, witnessed: Witnessed, says: object): void => {
  ctx.set('Cache-Control', 'no-store');
  const receipt = replyWithReceipt(ctx, witnessed, 200);
  // Of what was so before only the id of its event is at hand.
  ctx.body = { ...says, changed: typeof witnessed.event === 'object', ...receipt };
};

const answerYank = (ctx: Context, standing: Standing): void => {
  const { name, version, yanked } = standing;
  answer(ctx, standing, { name, version, yanked: yanked ?? false });
};

/** In the form of the map of versions (registry-operations.md). */
const answerDeprecation = (ctx: Context, deprecation: Deprecation): void => {
  const { name, version, deprecated, warnings } = deprecation;
  const note = deprecated === null ? false : { deprecated: true, ...deprecated };
  answer(ctx, deprecation, { name, version, deprecation: note, ...(warnings.length > 0 && { warnings }) });
};

const answerTombstone = (ctx: Context, tombstone: Tombstone): void => {
  const { name, version, unpublished } = tombstone;
  answer(ctx, tombstone, { name, version, unpublished });
};

export const addLifecycleRoutes = (router: Router, tree: Tree, the: LifecycleRoutesDeps): void => {
  const version = `/${tree}/packs/:name/-/:version`;
  router.post(`${version}/yank`, async (ctx) =>
    answerYank(ctx, await the.yank({ ...requestOf(ctx), body: await jsonBody(ctx) })),
  );
  router.delete(`${version}/yank`, async (ctx) => answerYank(ctx, await the.unyank(requestOf(ctx))));
  router.post(`${version}/deprecate`, async (ctx) =>
    answerDeprecation(ctx, await the.deprecate({ ...requestOf(ctx), body: await jsonBody(ctx) })),
  );
  router.delete(`${version}/deprecate`, async (ctx) =>
    answerDeprecation(ctx, await the.undeprecate(requestOf(ctx))),
  );
  router.delete(version, async (ctx) => {
    const [body, reasonInQuery] = [await jsonBody(ctx), ctx.query['reason']];
    answerTombstone(ctx, await the.unpublish({ ...requestOf(ctx), body, reasonInQuery }));
  });
};
