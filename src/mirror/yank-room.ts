// Whether one more yank fits the signed list that every client reads; an upstream may yank as it likes, the list has an end.
import type { Tx } from '../database/connect.ts';
import { countWithdrawn } from '../packs/lifecycle/lifecycle-store.ts';
import type { YankCount } from '../packs/policy.ts';
import { NotMirrored } from './trouble.ts';

/** What is left of the list belongs to those who publish here. */
const MOST_OF_ALL = 40_000;
const MOST_OF_UPSTREAM = 20_000;

export const hasYankRoom = ({ all, own }: YankCount): boolean => all < MOST_OF_ALL && own < MOST_OF_UPSTREAM;

/** @throws NotMirrored `withdrawals_full` */
export const requireRoom = async (tx: Tx, actor: string): Promise<void> => {
  if (hasYankRoom(await countWithdrawn(tx, actor))) return;
  const says = 'The signed list of what is withdrawn holds as many versions of upstreams as it may.';
  throw new NotMirrored('withdrawals_full', says, {}, false);
};
