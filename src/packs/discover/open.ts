// Wires how packs are found: questions to the database in turns, the registry index from memory.
import type Router from '@koa/router';
import type { Sql } from '../../database/connect.ts';
import { providersOf } from '../provided-store.ts';
import { packsOfType } from './by-type.ts';
import { exportAgents, listPacks } from './catalogue.ts';
import { closureOf } from './closure.ts';
import { indexedAfter, indexedOf } from './index-store.ts';
import { manifestsOf, versionsOfAll } from './manifest-store.ts';
import { openRegistryIndex } from './registry-index.ts';
import { addDiscoverRoutes } from './routes.ts';
import { searchAnswer, searchPacks } from './search.ts';
import { turns } from './turns.ts';

/** Fewer than a registry has connections. */
const QUESTIONS_AT_ONCE = 4;
const QUESTIONS_WAITING = 256;
/** Only the first by name is chosen. */
const PROVIDERS = 1;

export interface DiscoverDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

export interface Discover {
  readonly addRoutes: (router: Router) => void;
  /** Tell it the subject of everything that is announced. */
  readonly changed: (subject: string) => void;
}

export const openDiscover = ({ sql, now }: DiscoverDeps): Discover => {
  const inTurn = turns(QUESTIONS_AT_ONCE, QUESTIONS_WAITING);
  const index = openRegistryIndex({
    now,
    indexedAfter: (tree, after, limit) => indexedAfter(sql, tree, after, limit),
    indexedOf: (tree, names) => indexedOf(sql, tree, names),
  });
  const closure = closureOf({
    manifestsOf: (tree, wanted) => manifestsOf(sql, tree, wanted),
    versionsOfAll: (tree, names) => versionsOfAll(sql, tree, names),
    providersOf: (tree, ids) => providersOf(sql, ids, { tree, most: PROVIDERS }),
  });
  return {
    addRoutes: (router) =>
      addDiscoverRoutes(router, {
        search: (question) => inTurn(async () => searchAnswer(question, await searchPacks(sql, question))),
        list: (question) => inTurn(() => listPacks(sql, question)),
        byType: (question) => inTurn(() => packsOfType(sql, question)),
        closure: (tree, address) => inTurn(() => closure(tree, address)),
        exportAgents: (tree) => exportAgents(sql, tree),
        wholeIndex: index.whole,
        pageOfIndex: index.page,
      }),
    changed: index.changed,
  };
};
