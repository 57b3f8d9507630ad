// States from which position on a key is not believed, as soon as the log has given that event its place.
import { instantOf } from '../../keys/document.ts';
import { parseKeyId } from '../../keys/key.ts';
import { REVOCATION_PAYLOAD_TYPE, revocationPayload } from '../../keys/revocation.ts';
import type { Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { type DelegationRow, insertRevocation, unstatedRevocations } from './delegation-store.ts';
import { type FollowedTrust, requireNewestRoot, signAsRegistrar, underNewestRoot } from './in-force.ts';

export interface StateDeps {
  readonly sql: Sql;
  readonly trust: FollowedTrust;
  /** The place of an event in the log; undefined where it has none after so many milliseconds. */
  readonly sealedPosition: (eventId: string, waitMs: number) => Promise<number | undefined>;
}

/** The same bytes whoever makes them, and whenever. */
const payloadOf = (row: DelegationRow, at: Date, reason: string, fromPosition: number): Uint8Array =>
  revocationPayload({ keyId: parseKeyId(row.key_id), reason, fromPosition, issuedAt: instantOf(at) });

/**
 * Nothing where the key is not revoked, where its statement is there already, or where the seal is late: the next turn
 * of the chore finds it.
 *
 * Until then the keyring lists the key without a revocation, which misleads no reader: this registry accepts nothing
 * by it any more, so all that the log holds by it lies before the position that the statement will name.
 */
export const stateRevocation =
  (the: StateDeps) =>
  async (row: DelegationRow, waitMs: number): Promise<void> => {
    const { revoked_at: at, revocation_reason: reason, revocation_event: event } = row;
    if (at === null || reason === null || event === null || row.revocation !== null) return;
    const position = await the.sealedPosition(event, waitMs);
    if (position === undefined) return;
    const payload = payloadOf(row, at, reason, position);
    await underNewestRoot(the.trust, async (inForce) => {
      const statement = await signAsRegistrar(inForce, REVOCATION_PAYLOAD_TYPE, payload);
      await inTransaction(the.sql, async (tx) => {
        await requireNewestRoot(tx, inForce);
        await insertRevocation(tx, event, statement);
      });
    });
  };

export interface KeepDeps {
  readonly sql: Sql;
  readonly stateRevocation: (row: DelegationRow, waitMs: number) => Promise<void>;
  readonly reissueKeyring: () => Promise<void>;
}

/** Enough for an answer of the database, and too little to hold up the chore. */
const WAIT_MS = 1_000;

/** Completes what a process left behind that ended too early, and keeps the keyring young whatever became of that. */
export const keepKeyring = (the: KeepDeps) => async (): Promise<void> => {
  try {
    const left = await unstatedRevocations(the.sql);
    await Promise.all(left.map((row) => the.stateRevocation(row, WAIT_MS)));
  } finally {
    await the.reissueKeyring();
  }
};
