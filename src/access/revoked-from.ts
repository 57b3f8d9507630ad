// From where on a key that is taken back is not believed, and whether one answer takes more away than another. Pure.
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseRevocation } from '../../keys/revocation.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import type { DelegationRow } from './delegation-store.ts';

/**
 * `here`: from the revocation's own place in the log, so that all that was accepted before stays good; `ever`: nothing
 * the key signed is believed; a number: the first position for which it is not.
 */
export type RevokedFrom = 'here' | 'ever' | number;

const wrong = (): Fault =>
  fault('validation_error', { field: 'from' }, 'from must be "now", "ever" or a position in the log.');

/** Reads the field of a request; whoever sends none means now. @throws Fault validation_error */
export const readRevokedFrom = (value: unknown): RevokedFrom => {
  if (value === undefined || value === 'now') return 'here';
  if (value === 'ever') return 'ever';
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong();
  return value;
};

/** The position that the registrar's statement gives; undefined while it waits for the log. */
export const statedPosition = (from: RevokedFrom): number | null | undefined => {
  if (from === 'here') return undefined;
  return from === 'ever' ? null : from;
};

const statedIn = (statement: string): number | null =>
  parseRevocation(parseEnvelope(statement).payload).fromPosition;

/**
 * Whether there is something to take away that has not been taken yet. What was taken never comes back: a theft may
 * turn out to be older than was thought, so only an earlier position changes anything.
 */
export const takesMore = ({ revoked_at, revocation }: DelegationRow, from: RevokedFrom): boolean => {
  if (revoked_at === null) return true;
  if (from === 'here') return false;
  // Its place is not known yet, and no known position can be compared with it.
  if (revocation === null) return from === 'ever';
  const stated = statedIn(revocation);
  return stated !== null && (from === 'ever' || from < stated);
};
