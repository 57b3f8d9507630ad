// The addresses at which contributions are looked at: of a base, one by one, and what waits for review.
import type Router from '@koa/router';
import type { Acting } from '../../access/workforces/acting.ts';
import { type BaseId, type ContributionId, parseBaseId } from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, baseParam, contributionParam, reading, textOf } from '../calls/asking.ts';
import { limitParam, namedParam, placeParam } from '../calls/queries.ts';
import { type ContributionState, STATES } from '../contributions/contribution.ts';
import type { ContributionFilter } from './contribution-view-store.ts';
import type { ChainRequest } from './contribution-views.ts';
import type { QueueRequest } from './review-queue.ts';

type View = (by: Acting, id: ContributionId) => Promise<object>;

export interface ViewRoutesDeps extends AskingDeps {
  readonly listContributions: (
    by: Acting,
    base: BaseId,
    filter: Omit<ContributionFilter, 'backer'>,
  ) => Promise<object>;
  readonly readContribution: View;
  readonly diffContribution: View;
  readonly ancestryOfContribution: View;
  readonly eventsOfContribution: (by: Acting, id: ContributionId, request: ChainRequest) => Promise<object>;
  readonly reviewQueue: (by: Acting, request: QueueRequest) => Promise<object>;
}

const readState = (text: string): ContributionState | undefined => STATES.find((state) => state === text);

const addLists = (router: Router, the: ViewRoutesDeps): void => {
  router.get(
    '/knowledge/v1/bases/:kb/contributions',
    reading(the, (by, ctx) =>
      the.listContributions(by, baseParam(ctx), {
        state: namedParam(ctx, 'state', readState, `must be one of ${STATES.join(', ')}`),
        before: placeParam(ctx, 'before'),
        limit: limitParam(ctx),
      }),
    ),
  );
  router.get(
    '/knowledge/v1/review-queue',
    reading(the, (by, ctx) =>
      the.reviewQueue(by, {
        base: namedParam(ctx, 'base', parseBaseId, 'must read kb:<authority>:<workforce>:<name>'),
        after: placeParam(ctx, 'after'),
        limit: limitParam(ctx),
      }),
    ),
  );
};

const MOST_EVENTS = 1_000;

export const addViewRoutes = (router: Router, the: ViewRoutesDeps): void => {
  const path = '/knowledge/v1/contributions/:id';
  const view = (rest: string, show: View): void => {
    router.get(
      path + rest,
      reading(the, (by, ctx) => show(by, contributionParam(ctx))),
    );
  };
  addLists(router, the);
  view('', the.readContribution);
  view('/diff', the.diffContribution);
  view('/ancestry', the.ancestryOfContribution);
  router.get(
    `${path}/events`,
    reading(the, (by, ctx) => {
      const limit = limitParam(ctx, MOST_EVENTS, MOST_EVENTS);
      return the.eventsOfContribution(by, contributionParam(ctx), { after: textOf(ctx, 'after'), limit });
    }),
  );
};
