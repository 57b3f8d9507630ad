// A base with contributions, and everybody who may, or may not, look at them and at what is on record.

import { addEventRoutes } from '../../../src/knowledge/audit/event-routes.ts';
import { readKnowledgeEvent, searchKnowledgeEvents } from '../../../src/knowledge/audit/events-search.ts';
import { destroyBytes, eraseDocument } from '../../../src/knowledge/documents/erase.ts';
import { addErasureRoutes } from '../../../src/knowledge/documents/erasure-routes.ts';
import {
  ancestryOfContribution,
  diffContribution,
  eventsOf,
  listContributions,
  readContribution,
} from '../../../src/knowledge/review/contribution-views.ts';
import { reviewQueue } from '../../../src/knowledge/review/review-queue.ts';
import { addViewRoutes } from '../../../src/knowledge/review/view-routes.ts';
import { eventWithId } from '../../../src/transparency/log-store.ts';
import type { Actor } from './actors.ts';
import { type BaseWorld, type BaseWorldOptions, startBaseWorld, type WorldParts } from './base-world.ts';
import { type Proposals, proposals } from './proposals.ts';

export interface ViewingWorld extends BaseWorld, Proposals {
  /** May propose, and nothing else. */
  readonly author: Actor;
  /** May review and accept, and list events. */
  readonly reviewer: Actor;
  /** May administer, and list events; bound as architect. */
  readonly steward: Actor;
  readonly get: (path: string, as?: Actor) => Promise<{ readonly status: number; readonly json: Json }>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Json = any;

export const eraseParts = ({ sql, now, blobs, authorise, record, makeEvent }: WorldParts) => ({
  sql,
  now,
  blobs,
  authorise,
  record,
  make: makeEvent,
});

const mountViews = (router: Parameters<typeof addViewRoutes>[0], parts: WorldParts): void => {
  const { sql, now, authorise, whoActs } = parts;
  const views = { sql, now, authorise };
  addViewRoutes(router, {
    whoActs,
    listContributions: listContributions(views),
    readContribution: readContribution(views),
    diffContribution: diffContribution(views),
    ancestryOfContribution: ancestryOfContribution(views),
    eventsOfContribution: eventsOf(views),
    reviewQueue: reviewQueue(views),
  });
  // Nothing seals in this world: a proof is late.
  const reads = {
    ...views,
    eventWithId: (id: string) => eventWithId(sql, id),
    findProof: async () => 'late' as const,
  };
  addErasureRoutes(router, { whoActs: parts.whoActs, erase: eraseDocument(eraseParts(parts)) });
  addEventRoutes(router, {
    whoActs,
    searchEvents: searchKnowledgeEvents(views),
    readEvent: readKnowledgeEvent(reads),
  });
};

export const startViewingWorld = async (options: BaseWorldOptions = {}): Promise<ViewingWorld> => {
  const world = await startBaseWorld({
    ...options,
    mount: (router, parts) => {
      mountViews(router, parts);
      options.mount?.(router, parts);
    },
  });
  const author = await world.addActor('worker:acme.example:claims:writer', {
    operations: ['propose'],
    verbs: ['propose'],
  });
  const reviewer = await world.addActor('human:acme.example:checker', {
    operations: ['review', 'accept'],
    verbs: ['review', 'accept', 'list'],
    capacities: ['reviewer'],
  });
  const steward = await world.addActor('human:acme.example:steward', {
    operations: ['administer'],
    verbs: ['administer', 'list'],
    capacities: ['architect'],
  });
  return {
    ...world,
    ...proposals(world),
    author,
    reviewer,
    steward,
    get: async (path, as = reviewer) => {
      const { status, json } = await world.call('GET', `/knowledge/v1${path}`, { as });
      return { status, json };
    },
  };
};

/** Destroys as a chore, or an upload that meets an erasure, does. */
export const destroying = (world: WorldParts) => destroyBytes(eraseParts(world));
