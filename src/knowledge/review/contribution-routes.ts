// The addresses at which contributions are made and decided.

import type Router from '@koa/router';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { JsonBody } from '../../http/body.ts';
import type { BaseId, ContributionId } from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, baseParam, contributionParam, writing } from '../calls/asking.ts';
import { optionalCode } from '../calls/grounds.ts';
import type { ActOutcome } from '../contributions/act.ts';
import type { Attempt, Written } from '../events/record.ts';
import { type EvalRequest, readEval } from './evaluate.ts';
import { readVerdict, type VerdictRequest } from './verify.ts';

type Writes<Request> = (
  attempt: Attempt,
  id: ContributionId,
  request: Request,
) => Promise<Written<ActOutcome>>;

export interface ContributionRoutesDeps extends AskingDeps {
  readonly propose: (attempt: Attempt, base: BaseId, body: JsonBody) => Promise<Written<JsonObject>>;
  readonly revise: Writes<JsonBody>;
  readonly verify: Writes<VerdictRequest>;
  readonly evaluate: Writes<EvalRequest>;
  readonly decide: Writes<JsonBody>;
  readonly withdraw: Writes<string>;
}

/** Room for as many changes as any policy takes. */
const MAX_REVISION_BYTES = 8 * 1024 * 1024;
const PREFIX = '/knowledge/v1';

export const addContributionRoutes = (router: Router, the: ContributionRoutesDeps): void => {
  const large = { maxBytes: MAX_REVISION_BYTES };
  router.post(
    `${PREFIX}/bases/:kb/contributions`,
    writing(the, (attempt, body, ctx) => the.propose(attempt, baseParam(ctx), body), large),
  );
  router.post(
    `${PREFIX}/contributions/:id/revisions`,
    writing(the, (attempt, body, ctx) => the.revise(attempt, contributionParam(ctx), body), large),
  );
  router.post(
    `${PREFIX}/contributions/:id/verdicts`,
    writing(the, (attempt, body, ctx) => the.verify(attempt, contributionParam(ctx), readVerdict(body))),
  );
  router.post(
    `${PREFIX}/contributions/:id/evals`,
    writing(the, (attempt, body, ctx) => the.evaluate(attempt, contributionParam(ctx), readEval(body))),
  );
  router.post(
    `${PREFIX}/contributions/:id/decisions`,
    writing(the, (attempt, body, ctx) => the.decide(attempt, contributionParam(ctx), body)),
  );
  router.post(
    `${PREFIX}/contributions/:id/withdraw`,
    writing(the, (attempt, body, ctx) => {
      const reason = optionalCode(body, 'reason_code') ?? 'withdrawn';
      return the.withdraw(attempt, contributionParam(ctx), reason);
    }),
  );
};
