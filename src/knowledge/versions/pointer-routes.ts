// The addresses of a base's pointer: what is current, what was, and the way back.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, baseParam, countOf, reading, textOf, writing } from '../calls/asking.ts';
import { generationOf, readMove } from '../calls/grounds.ts';
import { limitParam, readInstant } from '../calls/queries.ts';
import type { Attempt, Written } from '../events/record.ts';
import type { MoveRequest } from './pointer.ts';
import type { AsOf, HistoryRequest, PointerView } from './read-pointer.ts';

export interface PointerRoutesDeps extends AskingDeps {
  readonly movePointer: (attempt: Attempt, wish: MoveRequest) => Promise<Written<JsonObject>>;
  readonly readPointer: (by: Acting, base: BaseId) => Promise<PointerView>;
  readonly pointerHistory: (by: Acting, base: BaseId, request: HistoryRequest) => Promise<object>;
  readonly resolvePointer: (by: Acting, base: BaseId, asOf: AsOf) => Promise<object>;
}

const POSITION = /^[0-9]{1,15}$/;

/** @throws Fault validation_error */
const asOfParam = (ctx: Context): AsOf => {
  const text = textOf(ctx, 'as_of') ?? '';
  if (POSITION.test(text)) return Number(text);
  const instant = readInstant(text);
  if (instant !== undefined) return instant;
  const message = 'as_of must be a position in the log, or a time such as 2027-01-31T00:00:00Z.';
  throw fault('validation_error', { field: 'as_of' }, message);
};

const tagged = <T extends { readonly generation: number }>(ctx: Context, body: T): T => {
  ctx.set('ETag', `"${body.generation}"`);
  return body;
};

export const addPointerRoutes = (router: Router, the: PointerRoutesDeps): void => {
  const path = '/knowledge/v1/bases/:kb/pointer';
  router.get(
    path,
    reading(the, async (by, ctx) => tagged(ctx, await the.readPointer(by, baseParam(ctx)))),
  );
  router.post(
    path,
    writing(the, async (attempt, body, ctx) => {
      const generation = generationOf(ctx.get('If-Match'));
      const written = await the.movePointer(attempt, { base: baseParam(ctx), generation, ...readMove(body) });
      ctx.set('ETag', `"${String(written.outcome['generation'])}"`);
      return written;
    }),
  );
  router.get(
    `${path}/history`,
    reading(the, (by, ctx) => {
      const before = countOf(ctx, 'before', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      const limit = limitParam(ctx);
      return the.pointerHistory(by, baseParam(ctx), { before, limit });
    }),
  );
  router.get(
    '/knowledge/v1/bases/:kb/resolve',
    reading(the, (by, ctx) => the.resolvePointer(by, baseParam(ctx), asOfParam(ctx))),
  );
};
