// The addresses at which a version is yanked and that is taken back, the same in both trees.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { jsonBody } from '../../http/body.ts';
import { param } from '../../http/reply.ts';
import type { Tree } from '../../protocol/faults.ts';
import { replyWithReceipt } from '../../transparency/receipt-reply.ts';
import type { Standing, UnyankRequest, YankRequest } from './yank.ts';

export interface LifecycleRoutesDeps {
  readonly yank: (request: YankRequest) => Promise<Standing>;
  readonly unyank: (request: UnyankRequest) => Promise<Standing>;
}

const requestOf = (ctx: Context): UnyankRequest => ({
  name: param(ctx, 'name'),
  version: param(ctx, 'version'),
  authorization: ctx.headers.authorization,
});

const answer = (ctx: Context, standing: Standing): void => {
  const { name, version, yanked } = standing;
  ctx.set('Cache-Control', 'no-store');
  const receipt = replyWithReceipt(ctx, standing, 200);
  ctx.body = { name, version, yanked: yanked ?? false, ...receipt };
};

export const addLifecycleRoutes = (router: Router, tree: Tree, the: LifecycleRoutesDeps): void => {
  const path = `/${tree}/packs/:name/-/:version/yank`;
  router.post(path, async (ctx) => {
    answer(ctx, await the.yank({ ...requestOf(ctx), body: await jsonBody(ctx) }));
  });
  router.delete(path, async (ctx) => answer(ctx, await the.unyank(requestOf(ctx))));
};
