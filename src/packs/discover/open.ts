// Wires how packs are found: questions to the database in turns, the registry index from memory.
import type Router from '@koa/router';
import type { Sql } from '../../database/connect.ts';
import { providersOf } from '../provided-store.ts';
import { packsOfType } from './by-type.ts';
import { listPacks } from './catalogue.ts';
import { closureOf } from './closure.ts';
import { openExport } from './export.ts';
import { indexedAfter, indexedOf } from './index-store.ts';
import { type Listing, openListing } from './listing.ts';
import { listWaiting } from './listing-store.ts';
import { agentManifestsAfter, manifestsOf, versionsOfAll } from './manifest-store.ts';
import { openRegistryIndex } from './registry-index.ts';
import { addDiscoverRoutes } from './routes.ts';
import { searchAnswer, searchPacks } from './search.ts';
import { turns } from './turns.ts';

/** Fewer than a registry has connections. */
const QUESTIONS_AT_ONCE = 4;
const QUESTIONS_WAITING = 256;
/** Of the index and of exports: work of this process rather than of the database. */
const PAGES_AT_ONCE = 2;
const PAGES_WAITING = 64;

export interface DiscoverDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

export interface Discover {
  readonly addRoutes: (router: Router) => void;
  /** Tell it the subject of everything that is announced. */
  readonly changed: (subject: string) => void;
  readonly chores: readonly Listing['chore'][];
}

export const openDiscover = ({ sql, now }: DiscoverDeps): Discover => {
  const inTurn = turns(QUESTIONS_AT_ONCE, QUESTIONS_WAITING);
  const index = openRegistryIndex({
    now,
    indexedAfter: (tree, after, limit) => indexedAfter(sql, tree, after, limit),
    indexedOf: (tree, names) => indexedOf(sql, tree, names),
  });
  const listing = openListing({ listWaiting: listWaiting(sql) });
  const pageInTurn = turns(PAGES_AT_ONCE, PAGES_WAITING);
  const closure = closureOf({
    now: () => performance.now(),
    manifestsOf: (tree, wanted) => manifestsOf(sql, tree, wanted),
    versionsOfAll: (tree, names) => versionsOfAll(sql, tree, names),
    providersOf: (tree, ids) => providersOf(sql, tree, ids),
  });
  return {
    addRoutes: (router) =>
      addDiscoverRoutes(router, {
        search: async (question) => {
          await listing.upToDate();
          return inTurn(async () => searchAnswer(question, await searchPacks(sql, question)));
        },
        list: async (question) => {
          await listing.upToDate();
          return inTurn(() => listPacks(sql, question));
        },
        byType: (question) => inTurn(() => packsOfType(sql, question)),
        closure: (tree, address, isGone) => inTurn(() => closure(tree, address, isGone)),
        exportAgents: openExport((tree, after, limit) =>
          pageInTurn(() => agentManifestsAfter(sql, tree, after, limit)),
        ),
        wholeIndex: index.whole,
        pageOfIndex: (tree, after, limit) => pageInTurn(() => index.page(tree, after, limit)),
      }),
    changed: (subject) => {
      index.changed(subject);
      listing.changed(subject);
    },
    chores: [listing.chore],
  };
};
