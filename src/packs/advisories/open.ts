// Wires the part of advisories: its addresses, and what it says to those who publish and un-yank. Long, flat and dull.
import type Router from '@koa/router';
import type { DocumentCache } from '../../http/document-cache.ts';
import { type AdvisoryDeps, requireAuthor } from './author.ts';
import { changeAdvisory, withdrawAdvisory } from './change-advisory.ts';
import { readAdvisory, readAllOsv, readFeed, readOsv } from './documents.ts';
import { publishAdvisory } from './publish-advisory.ts';
import { addAdvisoryRoutes } from './routes.ts';

export interface AdvisoriesDeps extends AdvisoryDeps {
  readonly cache: DocumentCache;
}

export const openAdvisories = (the: AdvisoriesDeps) => ({
  addRoutes: (router: Router): void =>
    addAdvisoryRoutes(router, {
      requireAuthor: (authorization) => requireAuthor(the, authorization),
      publish: publishAdvisory(the),
      change: changeAdvisory(the),
      withdraw: withdrawAdvisory(the),
      readFeed: readFeed(the),
      readAdvisory: readAdvisory(the),
      readOsv: readOsv(the),
      readAllOsv: readAllOsv(the),
    }),
});
