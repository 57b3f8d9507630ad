// The addresses at which the operator says what is mirrored, and sees how that goes.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { jsonBody } from '../http/body.ts';
import { param } from '../http/reply.ts';
import { replyWithReceipt } from '../transparency/receipt-reply.ts';
import type { FlawRow } from './flaw-store.ts';
import { isFromFiles } from './limits.ts';
import type { UpstreamRow } from './upstream-store.ts';
import type {
  addUpstream,
  beginSync,
  listFlaws,
  listUpstreams,
  readUpstream,
  removeUpstream,
} from './upstreams.ts';

export interface MirrorRoutesDeps {
  readonly add: ReturnType<typeof addUpstream>;
  readonly remove: ReturnType<typeof removeUpstream>;
  readonly list: ReturnType<typeof listUpstreams>;
  readonly read: ReturnType<typeof readUpstream>;
  readonly flaws: ReturnType<typeof listFlaws>;
  readonly sync: ReturnType<typeof beginSync>;
}

/** What is remembered of its root and log is for the next sync. */
export const shown = ({ trust: _trust, fullAt: _fullAt, ...row }: UpstreamRow) => ({
  ...row,
  dueAt: isFromFiles(row) ? null : row.dueAt,
});

const shownFlaw = ({ firstAt, lastAt, ...flaw }: FlawRow) => ({ ...flaw, firstAt, lastAt });

const asked = (ctx: Context) => {
  ctx.set('Cache-Control', 'no-store');
  return { authorization: ctx.headers.authorization, id: param(ctx, 'id') };
};

export const addMirrorRoutes = (router: Router, the: MirrorRoutesDeps): void => {
  router.get('/mirror/upstreams', async (ctx) => {
    ctx.body = { upstreams: (await the.list(asked(ctx))).map(shown) };
  });
  router.post('/mirror/upstreams', async (ctx) => {
    const change = await the.add({ ...asked(ctx), body: await jsonBody(ctx) });
    const receipt = replyWithReceipt(ctx, change, change.created ? 201 : 200);
    ctx.body = { ...shown(change.row), ...receipt };
  });
  router.get('/mirror/upstreams/:id', async (ctx) => {
    ctx.body = shown(await the.read(asked(ctx)));
  });
  router.delete('/mirror/upstreams/:id', async (ctx) => {
    await the.remove(asked(ctx));
    ctx.status = 204;
  });
  router.get('/mirror/upstreams/:id/flaws', async (ctx) => {
    const { flaws, next } = await the.flaws({ ...asked(ctx), from: ctx.query['from'] });
    ctx.body = { flaws: flaws.map(shownFlaw), next };
  });
  router.post('/mirror/upstreams/:id/sync', async (ctx) => {
    const row = await the.sync(asked(ctx));
    ctx.status = 202;
    ctx.body = shown(row);
  });
};
