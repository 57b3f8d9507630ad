// What is said of a key that somebody else holds too, and from where on it is not believed. Pure.
import { type Body, instantField } from '../../access/fields.ts';
import type { RevokedFrom } from '../../access/revoked-from.ts';
import { fault } from '../../protocol/faults.ts';
import { requireOnly } from '../../protocol/findings.ts';
import { readYankGrounds, type YankGrounds } from '../lifecycle/yank-note.ts';
import type { Window } from './keychain-store.ts';

export interface CompromiseRequest {
  readonly window: Window;
  readonly grounds: YankGrounds;
  readonly dryRun: boolean;
}

/** @throws Fault validation_error naming the field */
const readWindow = (body: Body, now: Date): Window => {
  const [since, until] = [instantField(body, 'since'), instantField(body, 'until')];
  if (since === null)
    throw fault('validation_error', { field: 'since' }, 'Say since when, as in 2027-01-31T00:00:00Z.');
  if (since > now) throw fault('validation_error', { field: 'since' }, 'since lies in the future.');
  if (until !== null && until <= since)
    throw fault('validation_error', { field: 'until' }, 'until must be later than since.');
  return { since, until };
};

/** @throws Fault validation_error naming the field */
export const readCompromise = (body: Body, now: Date): CompromiseRequest => {
  requireOnly(body, ['since', 'until', 'reason', 'advisoryUrl', 'dryRun']);
  const { dryRun } = body;
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    throw fault('validation_error', { field: 'dryRun' }, 'dryRun must be true or false.');
  return { window: readWindow(body, now), grounds: readYankGrounds(body), dryRun: dryRun === true };
};

/**
 * Where a window has no end, belief ends with the first of its versions; where it has one, what came later stays good,
 * so that belief ends now. What has no place in the log yet gets one behind all that is there.
 * @param first the least place in the log of its versions
 * @param treeSize of the log before the versions were looked for
 */
export const endOfBelief = ({ until }: Window, first: number | undefined, treeSize: number): RevokedFrom => {
  if (until !== null) return 'here';
  return Math.min(first ?? treeSize, treeSize);
};
