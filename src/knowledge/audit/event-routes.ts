// The addresses of what is on record about knowledge, and of taking content out of a base for good.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Acting } from '../../access/workforces/acting.ts';
import { param } from '../../http/reply.ts';
import { KNOWLEDGE_EVENT_KINDS, type KnowledgeEventKind } from '../../protocol/knowledge/event-kinds.ts';
import { parseBaseId, parseContributionId } from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, reading } from '../calls/asking.ts';
import { instantParam, limitParam, namedParam, placeParam } from '../calls/queries.ts';
import type { EventSearch } from './events-search.ts';

export interface EventRoutesDeps extends AskingDeps {
  readonly searchEvents: (by: Acting, search: EventSearch) => Promise<object>;
  readonly readEvent: (by: Acting, eventId: string) => Promise<object>;
}

const readKind = (text: string): KnowledgeEventKind | undefined =>
  KNOWLEDGE_EVENT_KINDS.find((kind) => kind === text);

const readActor = (text: string): string | undefined =>
  /^[a-z]+:[a-z0-9.:_-]{1,300}$/.test(text) ? text : undefined;

const readTraceId = (text: string): string | undefined => (/^[0-9a-f]{32}$/.test(text) ? text : undefined);

const searchOf = (ctx: Context): EventSearch => ({
  base: namedParam(ctx, 'base', parseBaseId, 'must read kb:<authority>:<workforce>:<name>'),
  contribution: namedParam(ctx, 'contribution', parseContributionId, 'must be the id of a contribution'),
  actor: namedParam(ctx, 'actor', readActor, 'must be a principal such as human:acme.example:ada'),
  kind: namedParam(ctx, 'kind', readKind, 'must be one of the kinds of events about knowledge'),
  traceId: namedParam(ctx, 'trace_id', readTraceId, 'must be 32 lower-case hex characters'),
  from: instantParam(ctx, 'from'),
  to: instantParam(ctx, 'to'),
  after: placeParam(ctx, 'after'),
  limit: limitParam(ctx),
});

export const addEventRoutes = (router: Router, the: EventRoutesDeps): void => {
  router.get(
    '/knowledge/v1/events',
    reading(the, (by, ctx) => the.searchEvents(by, searchOf(ctx))),
  );
  router.get(
    '/knowledge/v1/events/:event_id',
    reading(the, (by, ctx) => the.readEvent(by, param(ctx, 'event_id'))),
  );
};
