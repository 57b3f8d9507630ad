// The address at which it is asked whether packs run on a host; nothing is stored, and nobody's host is called.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { takeBytes } from '../../http/body.ts';
import type { CompatReport } from '../../protocol/compat/check.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import { type CompatRequest, MAX_COMPAT_BYTES, readCompatRequest } from './request.ts';

export interface CompatRoutesDeps {
  readonly now: () => Date;
  readonly check: (tree: Tree, request: CompatRequest) => Promise<CompatReport>;
}

const answer = (the: CompatRoutesDeps, tree: Tree) => async (ctx: Context) => {
  if (ctx.is('json') === false) throw fault('unsupported_media_type', { expected: 'application/json' });
  const { bytes } = await takeBytes(ctx, MAX_COMPAT_BYTES);
  const request = readCompatRequest(bytes, the.now().toISOString().slice(0, 10));
  const report = await the.check(tree, request);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = report;
};

export const addCompatRoutes = (router: Router, the: CompatRoutesDeps): void => {
  for (const tree of ['v1', 'v2'] as const) router.post(`/${tree}/packs/-/compat`, answer(the, tree));
};
