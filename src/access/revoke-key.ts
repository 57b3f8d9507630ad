// Takes a publisher key back: at once for whatever is signed from now on, and in the log from one position on.
import { instantOf } from '../../keys/document.ts';
import { parseKeyId } from '../../keys/key.ts';
import { REVOCATION_PAYLOAD_TYPE, revocationPayload } from '../../keys/revocation.ts';
import type { Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import { fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import { requireStillActing } from './acting-store.ts';
import { type DelegationRow, delegationOf, markKeyRevoked, stopUseOfKey } from './delegation-store.ts';
import type { DelegationDeps } from './delegations.ts';
import { requireScope } from './grants.ts';
import { type InForce, requireNewestRoot, signAsRegistrar, underNewestRoot } from './in-force.ts';
import { callersFault, type ListedKey, listed } from './listed-key.ts';
import { actorOf, isOperator, type Principal, reachesAll } from './principal.ts';
import { type RevokedFrom, statedPosition, takesMore } from './revoked-from.ts';

export interface RevokeDeps extends DelegationDeps {
  /** How many leaves the log has. */
  readonly treeSize: () => Promise<number>;
  /** States a revocation that waits for its place in the log; waits so long for that place, and no longer. */
  readonly stateRevocation: (row: DelegationRow, waitMs: number) => Promise<unknown>;
}

/** Everything here was chosen by the caller. */
export interface RevokeRequest {
  readonly keyId: string;
  readonly reason: string;
  readonly from: RevokedFrom;
}

/** Sealing takes moments; whoever asks need not wait for trouble to end. */
const WAIT_MS = 5_000;

const mayRevoke = (by: Principal, row: DelegationRow): boolean =>
  isOperator(by) || (row.account === by.account && row.namespaces.every((name) => reachesAll(by, name)));

const requireKey = async (the: RevokeDeps, by: Principal, keyId: string): Promise<DelegationRow> => {
  const row = await delegationOf(the.sql, keyId);
  if (row === undefined || !mayRevoke(by, row))
    throw fault(
      'not_found',
      { keyId },
      'No key of that id is yours to revoke: "attestry keys list" shows all keys.',
    );
  return row;
};

/** What lies beyond the log's end is accepted still, so only `here` says where that is. */
const requireReached = async (the: RevokeDeps, from: RevokedFrom): Promise<void> => {
  if (typeof from !== 'number') return;
  const treeSize = await the.treeSize();
  if (from <= treeSize) return;
  throw fault(
    'validation_error',
    { field: 'from', found: from, treeSize },
    'The log has not grown so far yet.',
  );
};

/** The statement to sign; undefined where its position has to be waited for. */
const payloadOf = ({ keyId, reason, from }: RevokeRequest, now: Date): Uint8Array | undefined =>
  callersFault(() => {
    const position = statedPosition(from);
    const fromPosition = position === undefined ? 0 : position;
    const payload = revocationPayload({
      keyId: parseKeyId(keyId),
      reason,
      fromPosition,
      issuedAt: instantOf(now),
    });
    return position === undefined ? undefined : payload;
  });

/**
 * The step of a transaction that takes a key back, for whoever has stopped its use: the event, undefined where nothing
 * more is taken than was before.
 * @param statement the registrar's; null where it has to wait for the event's place
 */
export const revokeHeld = async (
  the: Pick<RevokeDeps, 'append' | 'now'>,
  tx: Tx,
  by: Principal,
  { keyId, reason, from }: RevokeRequest,
  statement: string | null,
): Promise<RecordedEvent | undefined> => {
  const row = await delegationOf(tx, keyId);
  if (row === undefined || !takesMore(row, from)) return undefined;
  const event = await the.append(tx, {
    kind: 'key.revoked',
    actor: actorOf(by),
    subject: `key:${keyId}`,
    data: { keyId, reason, from },
    sealed: row.namespaces.some(isPrivateNamespace),
  });
  const mark = { at: the.now(), from: String(from), reason, event: event.id, statement };
  await markKeyRevoked(tx, keyId, mark);
  return event;
};

const commit = (
  the: RevokeDeps,
  by: Principal,
  request: RevokeRequest,
  statement: string | null,
  inForce: InForce,
): Promise<unknown> =>
  // The point of no return. It waits for publishes that use the key before it has a transaction id of its own, and the
  // log follows those ids: so all that was accepted lies before this event, and nothing comes after it.
  inTransaction(the.sql, async (tx) => {
    await stopUseOfKey(tx, request.keyId);
    await requireNewestRoot(tx, inForce);
    await requireStillActing(tx, by, the.now());
    await revokeHeld(the, tx, by, request, statement);
  });

/** The registrar's statement of a revocation; null where its position has to be waited for. */
export const stateNow = async (
  { now }: Pick<RevokeDeps, 'now'>,
  request: RevokeRequest,
  inForce: InForce,
): Promise<string | null> => {
  const payload = payloadOf(request, now());
  return payload === undefined ? null : signAsRegistrar(inForce, REVOCATION_PAYLOAD_TYPE, payload);
};

/** Where the position is known the statement is committed with the event; else it follows the seal. */
const takeBack = (the: RevokeDeps, by: Principal, request: RevokeRequest): Promise<unknown> =>
  underNewestRoot(the.trust, async (inForce) =>
    commit(the, by, request, await stateNow(the, request, inForce), inForce),
  );

/**
 * The key as it is listed afterwards; `revocation.from` is `pending` where the log is slow to give the event its
 * place. Asking again changes nothing, save for an earlier position.
 * @throws Fault forbidden, not_found, validation_error, key_revoked.
 */
export const revokeKey =
  (the: RevokeDeps) =>
  async (by: Principal, request: RevokeRequest): Promise<ListedKey> => {
    requireScope(by, 'keys:manage');
    const { keyId } = request;
    await requireKey(the, by, keyId);
    await requireReached(the, request.from);
    await takeBack(the, by, request);
    the.announce(`key:${keyId}`);
    await the.stateRevocation(await requireKey(the, by, keyId), WAIT_MS);
    await the.reissueKeyring();
    return listed(await requireKey(the, by, keyId), the.now());
  };
