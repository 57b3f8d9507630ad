// Wires the question whether packs run on a host: a few at a time, over the public packs of one tree.
import type Router from '@koa/router';
import type { Sql } from '../../database/connect.ts';
import { manifestsOf, versionsOfAll } from '../discover/manifest-store.ts';
import { turns } from '../discover/turns.ts';
import { providersOf } from '../provided-store.ts';
import { compatOf } from './answer.ts';
import { addCompatRoutes } from './routes.ts';

/** Each may read many manifests. */
const QUESTIONS_AT_ONCE = 2;
const QUESTIONS_WAITING = 64;

export interface OpenCompatDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

export const openCompat = ({ sql, now }: OpenCompatDeps) => {
  const inTurn = turns(QUESTIONS_AT_ONCE, QUESTIONS_WAITING);
  const check = compatOf({
    now: () => performance.now(),
    manifestsOf: (tree, wanted) => manifestsOf(sql, tree, wanted),
    versionsOfAll: (tree, names) => versionsOfAll(sql, tree, names),
    providersOf: (tree, ids) => providersOf(sql, tree, ids),
  });
  return {
    addRoutes: (router: Router): void =>
      addCompatRoutes(router, { now, check: (tree, request) => inTurn(() => check(tree, request)) }),
  };
};
