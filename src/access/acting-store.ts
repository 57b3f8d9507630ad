// Whether whoever acts may still act, asked inside the transaction that commits what he asked for.
import type { Tx } from '../database/connect.ts';
import { fault } from '../protocol/faults.ts';
import type { Principal } from './principal.ts';

/**
 * The token cannot be revoked from then on until the transaction ends. Say it before anything is written, since the
 * log orders events by the transaction id that the first write takes; and after every other lock, so that whoever
 * holds it waits for nobody.
 * @throws Fault key_revoked for a token that was revoked or expired since it was believed
 */
export const requireStillActing = async (tx: Tx, { tokenId }: Principal, now: Date): Promise<void> => {
  const [row] = await tx<{ ok: boolean }[]>`select token_in_force(${tokenId}, ${now}) as ok`;
  if (row?.ok !== true)
    throw fault('key_revoked', {}, 'This token ended while the request was under way; ask for a new one.');
};
