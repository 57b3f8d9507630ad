// Issues the withdrawals: every version that is yanked or unpublished, signed by the registrar, so that no mirror can hide it.
import {
  parseWithdrawals,
  WITHDRAWALS_PAYLOAD_TYPE,
  type Withdrawals,
  withdrawalsPayload,
} from '../../../keys/withdrawals.ts';
import { coalesce } from '../../../storage/coalesce.ts';
import { type IssueDeps, issueList, type ListKind } from '../../access/issue-list.ts';
import { withdrawnNow } from './lifecycle-store.ts';

/** Private packs stand in it like all others: a digest tells nothing to those who do not have the bytes. */
export const WITHDRAWALS: ListKind<Pick<Withdrawals, 'withdrawn'>> = {
  table: 'withdrawals',
  payloadType: WITHDRAWALS_PAYLOAD_TYPE,
  content: async (sql) => ({ withdrawn: await withdrawnNow(sql) }),
  payload: withdrawalsPayload,
  parse: parseWithdrawals,
  textOf: ({ withdrawn }) => withdrawn.map(({ kind, sha256 }) => `${kind} ${sha256}`).join(),
};

/** Many versions may be yanked at once: those who wait share one signature, made after each of them asked. */
export const reissueWithdrawals = (the: IssueDeps): (() => Promise<void>) => {
  const issue = coalesce(issueList(the, WITHDRAWALS));
  return () => issue(WITHDRAWALS.table);
};
