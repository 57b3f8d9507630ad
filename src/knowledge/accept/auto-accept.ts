// Lets the service accept by itself where a policy says `verified`: after a verifier's pass, and later if it was stopped.
import type { Sql } from '../../database/connect.ts';
import { Fault } from '../../protocol/faults.ts';
import { authorityOf, type BaseId, type ContributionId, ownerOf } from '../../protocol/knowledge/ids.ts';
import { findBase } from '../bases/base-store.ts';
import type { ActOutcome } from '../contributions/act.ts';
import { findContribution, passedContributions } from '../contributions/contribution-store.ts';
import type { Attempt, Repeatable, Written } from '../events/record.ts';
import type { Acceptance, AcceptedOutcome, Deciding } from './acceptance.ts';

export interface AutoAcceptDeps {
  readonly sql: Sql;
  readonly accept: (
    attempt: Repeatable,
    base: BaseId,
    acceptance: Acceptance,
  ) => Promise<Written<AcceptedOutcome>>;
}

/** Nobody sends it, so nobody sends it again. */
const UNASKED: Repeatable = { by: { account: '' }, key: undefined, request: new Uint8Array() };

const runtimeOf = (base: BaseId): Deciding => ({
  decider: {
    kind: 'runtime',
    id: `runtime:${authorityOf(base)}`,
    account: '',
    closure: [],
    role: null,
    mayReview: false,
    mayAdminister: false,
  },
  workforce: ownerOf(base),
  role: null,
  clauses: [],
  traceparent: undefined,
  signature: null,
  reasonCode: null,
  standing: null,
});

/** True where it was accepted; what a gate keeps shut waits for humans. */
export const acceptIfVerified =
  (the: AutoAcceptDeps) =>
  async (id: ContributionId): Promise<boolean> => {
    const contribution = await findContribution(the.sql, id);
    const base = contribution && (await findBase(the.sql, contribution.base));
    if (contribution?.state !== 'in_review' || base?.policy.mode !== 'verified') return false;
    const { digest } = contribution;
    try {
      await the.accept(UNASKED, base.id, { id, digest, shadow: false, deciding: runtimeOf(base.id) });
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  };

const AT_ONCE = 100;

/** A process may have ended between a verdict and what follows from it. What a gate keeps shut holds up no other. */
export const acceptVerified = (the: AutoAcceptDeps) => async (): Promise<void> => {
  let after = '';
  for (;;) {
    const some = await passedContributions(the.sql, after, AT_ONCE);
    for (const id of some) await acceptIfVerified(the)(id);
    const last = some.at(-1);
    if (last === undefined || some.length < AT_ONCE) return;
    after = last;
  }
};

type Judge<Request> = (
  attempt: Attempt,
  id: ContributionId,
  request: Request,
) => Promise<Written<ActOutcome>>;

/** What follows from a judgement is no part of it: where that fails, the judgement stands, and the chore does it. */
export const thenAccept =
  <Request>(the: AutoAcceptDeps, judge: Judge<Request>): Judge<Request> =>
  async (attempt, id, request) => {
    const written = await judge(attempt, id, request);
    await acceptIfVerified(the)(id).catch(() => undefined);
    return written;
  };
