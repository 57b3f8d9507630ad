// Takes a contribution back: its proposer may, as long as nobody has decided.

import { fault } from '../../protocol/faults.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Written } from '../events/record.ts';
import {
  type ActDeps,
  type ActOutcome,
  actOn,
  type Held,
  moved,
  ofContribution,
  requireTransition,
  whereOf,
} from './act.ts';

/** @throws Fault forbidden for anybody but the proposer */
export const requireProposer = ({ by, contribution }: Held): void => {
  if (by.id === contribution.proposer) return;
  throw fault('forbidden', { proposer: contribution.proposer }, 'Only who proposed it may do that.');
};

/** @throws Fault contribution_not_found, forbidden, invalid_transition; as `actOn` */
export const withdrawContribution =
  (the: ActDeps) =>
  (attempt: Attempt, id: ContributionId, reason: string): Promise<Written<ActOutcome>> =>
    actOn(the)(attempt, id, { operation: 'propose' }, async (tx, held) => {
      const { by, clauses, contribution } = held;
      requireProposer(held);
      const state = requireTransition(contribution, 'withdraw', undefined);
      const payload = { ...ofContribution(contribution), reason_code: reason };
      const context = contextOf(by, clauses, contribution.lastEvent);
      const event = the.make('KnowledgeContributionWithdrawn', context, payload, whereOf(contribution));
      return moved(tx, contribution, { state }, [event]);
    });
