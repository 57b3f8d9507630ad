// What staffing a workforce has to know of its bases, and what the end of a principal does to its proposals.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { BaseId, PrincipalId } from '../../protocol/knowledge/ids.ts';

/** Those of the bases that are registered. */
export const knownBases = async (db: Queryable, ids: readonly BaseId[]): Promise<ReadonlySet<BaseId>> => {
  const rows = await db<{ id: BaseId }[]>`
    select id from knowledge_bases where id = any(${[...ids]}::text[])`;
  return new Set(rows.map(({ id }) => id));
};

/** Whoever acts on an open proposal of a principal's waits until the transaction ends, and is waited for. */
export const lockProposalsOf = (tx: Tx, proposer: PrincipalId): Promise<unknown> => tx`
  select stop_use('contribution:' || id) from (
    select id from knowledge_contributions
    where proposer = ${proposer} and state in ('in_review', 'changes_requested') order by id
  ) as open`;

/**
 * Says of every open proposal of a principal's that only humans decide about it, for whoever keeps the principal from
 * acting; how many there are.
 */
export const leaveToHumans = async (tx: Tx, proposer: PrincipalId): Promise<number> => {
  // Those that came since the first were locked.
  await lockProposalsOf(tx, proposer);
  const result = await tx`
    update knowledge_contributions
    set moves = moves + 1, reasons = array_append(array_remove(reasons, 'proposer_decommissioned'),
      'proposer_decommissioned')
    where proposer = ${proposer} and state in ('in_review', 'changes_requested')`;
  return result.count;
};
