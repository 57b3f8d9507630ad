// Ends contributions that nobody decided about in time: each on its own, and none that has come to its end already.

import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { authorityOf, type BaseId, type ContributionId, ownerOf } from '../../protocol/knowledge/ids.ts';
import { findBase } from '../bases/base-store.ts';
import { eachOfAll } from '../events/each-of-all.ts';
import { insertRecords } from '../events/event-store.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import { effectivePolicy } from './act.ts';
import type { ContributionRecord } from './contribution.ts';
import { findContribution, lockContribution, moveContribution } from './contribution-store.ts';
import { isExpired, nextState } from './lifecycle.ts';

export interface ExpireDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly make: MakeKnowledgeEvent;
  readonly announce: (subject: string) => void;
  /** Open contributions whose time is over. */
  readonly overdue: (now: Date, limit: number) => Promise<readonly ContributionId[]>;
}

const AT_ONCE = 100;

const recordOf = (the: ExpireDeps, { id, base, revision, lastEvent }: ContributionRecord): KnowledgeRecord =>
  the.make(
    'KnowledgeContributionExpired',
    {
      workforce: ownerOf(base),
      actor: `runtime:${authorityOf(base)}`,
      role: null,
      clauses: [],
      causationId: lastEvent,
    },
    { contribution_id: id, knowledge_base_id: base, revision, reason_code: 'proposal_ttl' },
    { base, contribution: id },
  );

/** The base whose contribution expired; undefined where it was decided, or revised, just before. */
const expireOne = async (the: ExpireDeps, tx: Tx, id: ContributionId): Promise<BaseId | undefined> => {
  await lockContribution(tx, id);
  const found = await findContribution(tx, id);
  const base = found && (await findBase(tx, found.base));
  if (found === undefined || base === undefined) return undefined;
  const state = nextState(found.state, 'expire');
  if (state === undefined || !isExpired(await effectivePolicy(tx, base, found), found, the.now()))
    return undefined;
  const record = recordOf(the, found);
  if (!(await moveContribution(tx, found, { state, lastEvent: record.event.id }))) return undefined;
  await insertRecords(tx, [record]);
  return found.base;
};

export const expireContributions = (the: ExpireDeps) => async (): Promise<void> => {
  await eachOfAll(await the.overdue(the.now(), AT_ONCE), async (id) => {
    const base = await inTransaction(the.sql, (tx) => expireOne(the, tx, id));
    if (base !== undefined) the.announce(base);
  });
};
