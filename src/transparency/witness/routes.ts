// The address of the checkpoint that witnesses have signed.
import type Router from '@koa/router';
import type { Document } from '../../http/document.ts';
import { replyWith } from '../../http/reply.ts';

export interface WitnessRoutesDeps {
  readonly readWitnessed: () => Promise<Document>;
}

export const addWitnessRoutes = (router: Router, the: WitnessRoutesDeps): void => {
  router.get('/transparency/checkpoint/witnessed', async (ctx) => replyWith(ctx, await the.readWitnessed()));
};
