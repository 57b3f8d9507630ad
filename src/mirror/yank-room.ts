// Whether one more yank fits the signed list that every client reads; an upstream may yank as it likes, the list has an end.
import type { Tx } from '../database/connect.ts';
import { countWithdrawn } from '../packs/lifecycle/lifecycle-store.ts';
import { requireYankRoom } from '../packs/policy.ts';
import { Fault } from '../protocol/faults.ts';
import { NotMirrored } from './trouble.ts';

/** @throws NotMirrored `withdrawals_full` */
export const requireRoom = async (tx: Tx, actor: string): Promise<void> => {
  try {
    requireYankRoom(await countWithdrawn(tx, actor), true);
  } catch (error) {
    if (error instanceof Fault) throw new NotMirrored('withdrawals_full', error.message, {}, false);
    throw error;
  }
};
