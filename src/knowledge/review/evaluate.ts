// The result of an evaluation suite on a revision, by which policies may ask for evidence before anything is accepted.

import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import { isSuite } from '../bases/policy-fields.ts';
import {
  type ActDeps,
  type ActOutcome,
  actOn,
  moved,
  ofContribution,
  requireTransition,
  whereOf,
} from '../contributions/act.ts';
import { putEval } from '../contributions/contribution-store.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Written } from '../events/record.ts';
import { areOne } from './approvals.ts';
import { digestField } from './verify.ts';

export interface EvalRequest {
  readonly digest: NamedDigest;
  readonly suite: string;
  readonly result: 'pass' | 'fail';
  readonly evidence: NamedDigest | null;
}

/** @throws Fault validation_error */
export const readEval = (body: JsonBody): EvalRequest => {
  const { suite, result } = body;
  if (typeof suite !== 'string' || !isSuite(suite))
    throw fault('validation_error', { field: 'suite' }, 'suite must be a name of a-z, 0-9, _, ., / and -.');
  if (result !== 'pass' && result !== 'fail')
    throw fault('validation_error', { field: 'result' }, 'result must be pass or fail.');
  const evidence = body['evidence'] === undefined ? null : digestField(body, 'evidence');
  return { digest: digestField(body), suite, result, evidence };
};

/** Nobody vouches for what he proposed. @throws Fault self_review_forbidden; as `actOn` */
export const evaluateContribution =
  (the: ActDeps) =>
  (attempt: Attempt, id: ContributionId, request: EvalRequest): Promise<Written<ActOutcome>> =>
    actOn(the)(attempt, id, { operation: 'review' }, async (tx, { by, clauses, contribution }) => {
      requireTransition(contribution, 'evaluate', request.digest);
      if (areOne(by, contribution)) throw fault('self_review_forbidden', { principal: by.id });
      const { suite, result, evidence } = request;
      const payload = {
        ...ofContribution(contribution),
        revision_digest: contribution.digest,
        suite,
        result,
        ...(evidence === null ? {} : { evidence_digest: evidence }),
      };
      const context = contextOf(by, clauses, contribution.lastEvent);
      const event = the.make('EvaluationCompleted', context, payload, whereOf(contribution));
      const { id: of, digest } = contribution;
      const record = { contribution: of, digest, suite, result, evidence, evaluator: by.id, at: the.now() };
      await putEval(tx, { ...record, eventId: event.event.id });
      return moved(tx, contribution, {}, [event]);
    });
