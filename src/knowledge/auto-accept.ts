// Lets the service accept by itself where a policy says `verified`: after a verifier's pass, and later if it was stopped.
import type { Sql } from '../database/connect.ts';
import { Fault } from '../protocol/faults.ts';
import { authorityOf, type BaseId, type ContributionId, ownerOf } from '../protocol/knowledge/ids.ts';
import type { Acceptance, AcceptedOutcome, Deciding } from './acceptance.ts';
import { findBase } from './base-store.ts';
import { findContribution, passedContributions } from './contribution-store.ts';
import type { Repeatable, Written } from './record.ts';

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
  requireInForce: async () => undefined,
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

/** A process may have ended between a verdict and what follows from it. */
export const acceptVerified = (the: AutoAcceptDeps) => async (): Promise<void> => {
  for (const id of await passedContributions(the.sql, AT_ONCE)) await acceptIfVerified(the)(id);
};
