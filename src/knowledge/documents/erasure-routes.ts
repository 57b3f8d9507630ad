// The address at which content of a base is erased.
import type Router from '@koa/router';
import type { JsonObject } from '../../../keys/canonical.ts';
import { type AskingDeps, baseParam, writing } from '../calls/asking.ts';
import { readErasure } from '../calls/grounds.ts';
import type { Attempt, Written } from '../events/record.ts';
import type { ErasureRequest } from './erase.ts';

export interface ErasureRoutesDeps extends AskingDeps {
  readonly erase: (attempt: Attempt, wish: ErasureRequest) => Promise<Written<JsonObject>>;
}

export const addErasureRoutes = (router: Router, the: ErasureRoutesDeps): void => {
  router.post(
    '/knowledge/v1/bases/:kb/erasures',
    writing(the, (attempt, body, ctx) => the.erase(attempt, { base: baseParam(ctx), ...readErasure(body) })),
  );
};
