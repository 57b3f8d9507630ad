// Lets so many pieces of heavy work run at once, few of them for one account, and tells the others to come back.
import { fault } from '../protocol/faults.ts';

/**
 * Runs `work` unless too many others are running.
 * @param who whose share it takes; undefined for whoever needs none.
 * @throws Fault busy
 */
export type Admit = <T>(who: string | undefined, work: () => Promise<T>) => Promise<T>;

export interface AdmissionLimits {
  readonly most: number;
  readonly mostOfOne: number;
}

export const admission = ({ most, mostOfOne }: AdmissionLimits): Admit => {
  let running = 0;
  const shares = new Map<string, number>();
  const take = (who: string | undefined, change: 1 | -1): void => {
    running += change;
    if (who === undefined) return;
    const share = (shares.get(who) ?? 0) + change;
    if (share === 0) shares.delete(who);
    else shares.set(who, share);
  };
  return async (who, work) => {
    if (who !== undefined && (shares.get(who) ?? 0) >= mostOfOne)
      throw fault('busy', { limit: mostOfOne }, 'This account is at its limit here; try again shortly.');
    if (running >= most) throw fault('busy');
    take(who, 1);
    try {
      return await work();
    } finally {
      take(who, -1);
    }
  };
};
