// Believes the registrar's list of withdrawn versions, so that no mirror can hide a yank. Pure.
import { parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import type { Root } from '../../keys/root.ts';
import {
  isWithdrawalsExpired,
  refuseWithdrawalsRollback,
  verifyWithdrawals,
  type Withdrawals,
  type WithdrawalsMark,
  withdrawalsMark,
} from '../../keys/withdrawals.ts';
import { isUnreadable } from './broken-link.ts';
import { type RefusalCode, refusal } from './refusal.ts';

/** What was withdrawn, by the hex SHA-256 of the tarball: in which way, as in `yanked`. */
export type Withdrawn = ReadonlyMap<string, string>;

/** `bytes`: the envelope as served; `lastSeen`: the mark kept from the last list believed. */
export interface WithdrawalsQuestion {
  readonly root: Root;
  readonly bytes: Uint8Array;
  readonly now: Date;
  readonly lastSeen: WithdrawalsMark | undefined;
}

export interface BelievedWithdrawals {
  readonly withdrawn: Withdrawn;
  readonly treeSize: number;
  readonly mark: WithdrawalsMark;
}

const orRefuse = <T>(code: RefusalCode, make: () => T): T => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const evidence = { reason: error.code, ...error.details };
    throw refusal(
      'lifecycle',
      isUnreadable(error.code) ? 'reply_malformed' : code,
      evidence,
      undefined,
      error,
    );
  }
};

const requireFresh = (withdrawals: Withdrawals, now: Date): void => {
  const { version, expires } = withdrawals;
  if (!isWithdrawalsExpired(withdrawals, now)) return;
  throw refusal('lifecycle', 'withdrawals_expired', { version, expires, now: now.toISOString() });
};

/** @throws Refusal of `lifecycle`: `withdrawals_signature`, `withdrawals_rollback` or `withdrawals_expired` */
export const believeWithdrawals = (question: WithdrawalsQuestion): BelievedWithdrawals => {
  const { root, bytes, now, lastSeen } = question;
  const list = orRefuse('withdrawals_signature', () => verifyWithdrawals(root, parseEnvelope(bytes)));
  const mark = withdrawalsMark(root, list);
  orRefuse('withdrawals_rollback', () => refuseWithdrawalsRollback(lastSeen, mark));
  requireFresh(list, now);
  const withdrawn = new Map(list.withdrawn.map(({ sha256, kind }) => [sha256, kind]));
  return { withdrawn, treeSize: list.treeSize, mark };
};
