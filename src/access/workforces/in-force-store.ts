// Whether a principal may still act, asked inside the transaction that commits what was asked for.
import type { Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { Acting } from './acting.ts';

/** What the database says, at the moment of a commit, of whoever acts. */
export interface InForce {
  readonly token_ok: boolean;
  readonly principal_ok: boolean;
  readonly binding_ok: boolean;
}

/** @throws Fault key_revoked, principal_required, human_binding_missing */
export const requireAllInForce = (
  { token_ok, principal_ok, binding_ok }: InForce,
  { id: principal }: Pick<Acting, 'id'>,
): void => {
  if (!token_ok)
    throw fault('key_revoked', {}, 'This token ended while the request was under way; ask for a new one.');
  if (!principal_ok)
    throw fault('principal_required', { principal }, 'This principal ended, or changed its role, meanwhile.');
  if (!binding_ok) throw fault('human_binding_missing', { principal });
};

const NOTHING: InForce = { token_ok: false, principal_ok: false, binding_ok: false };

/**
 * Neither the token nor the principal's role nor the binding can end from then on until the transaction does. Say it
 * after every other lock and before anything is written, as `requireStillActing`.
 * @param binding by which a human decides; null where none is needed
 * @throws Fault key_revoked, principal_required, human_binding_missing
 */
export const requireInForce = async (
  tx: Tx,
  by: Acting,
  binding: string | null,
  now: Date,
): Promise<void> => {
  const [row] = await tx<InForce[]>`
    select token_in_force(${by.token.tokenId}, ${now}) as token_ok,
      principal_in_force(${by.id}, ${by.role}) as principal_ok,
      ${binding}::text is null or binding_in_force(${binding}, ${now}) as binding_ok`;
  requireAllInForce(row ?? NOTHING, by);
};
