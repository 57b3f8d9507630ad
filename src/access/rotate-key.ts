// Lets one key follow another: the old one says so itself, speaks for what it spoke for, and signs nothing more.

import { equalBytes } from '../../keys/bytes.ts';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { instantMs } from '../../keys/document.ts';
import type { Queryable, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import { fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import { requireStillActing } from './acting-store.ts';
import { requirePattern, requirePossession, requireRoom, rowOf } from './delegate-key.ts';
import { type DelegationRow, delegationOf, insertDelegation, stopUseOfKey } from './delegation-store.ts';
import type { DelegationDeps } from './delegations.ts';
import { requireScope } from './grants.ts';
import { type InForce, requireNewestRoot, signAsRegistrar, underNewestRoot } from './in-force.ts';
import { statementOf } from './listed-key.ts';
import { requireStillHolding } from './namespaces/held-by.ts';
import { actorOf, type Principal, reachesAll } from './principal.ts';
import {
  endedAt,
  type RotationRequest,
  readSuccession,
  requireInForce,
  type Succession,
} from './rotation-request.ts';
import { endDelegation, insertRotation, rotationOf } from './rotation-store.ts';

export interface RotateDeps extends DelegationDeps {
  /** When the log has last heard of something that the key signed. */
  readonly lastUseOfKey: (db: Queryable, keyId: string) => Promise<Date | undefined>;
}

/** The keys that were linked, and the event that did it, or its id where that was before. */
export interface Rotated {
  readonly event: RecordedEvent | string;
  readonly created: boolean;
}

/** The registrar's statements of both keys. */
interface Signed extends Succession {
  readonly ended: Delegation;
  readonly endedEnvelope: string;
  readonly nextEnvelope: string;
}

/** The old key signed something after the end that was stated for it: state a later one. */
class UsedMeanwhile extends Error {
  override readonly name = 'UsedMeanwhile';
}

const ATTEMPTS = 8;

/** Only whoever listed a key lets another follow it; of the keys of others nobody learns more than is listed. */
const requireOwn = async (the: RotateDeps, by: Principal, keyId: string): Promise<DelegationRow> => {
  const row = await delegationOf(the.sql, keyId);
  const isOwn = row?.account === by.account && row.namespaces.every((name) => reachesAll(by, name));
  if (row === undefined || !isOwn) throw fault('key_not_found', { keyId });
  return row;
};

const sameAsked = (next: Delegation, request: RotationRequest): boolean =>
  next.keyId === request.keyId &&
  next.notBefore === request.validFrom &&
  (request.validUntil === null || next.notAfter === request.validUntil);

/**
 * The rotation that was asked for, if it is there already. The proof covers the new key, so that equal proofs are about
 * equal keys.
 * @throws Fault already_exists where the key was followed by another, or otherwise
 */
const before = async (db: Queryable, request: RotationRequest): Promise<Rotated | undefined> => {
  const rotation = await rotationOf(db, request.oldKeyId);
  const row = rotation && (await delegationOf(db, rotation.new_key_id));
  if (rotation === undefined || row === undefined) return undefined;
  const proof = Buffer.from(request.rotationProof, 'base64');
  if (equalBytes(rotation.proof, proof) && sameAsked(statementOf(row), request))
    return { event: rotation.event_id, created: false };
  const { old_key_id: keyId, new_key_id: rotatedTo } = rotation;
  const message = `The key ${keyId} was followed by ${rotatedTo} already: rotate that one.`;
  throw fault('already_exists', { keyId, rotatedTo }, message);
};

const record = async (the: RotateDeps, tx: Tx, by: Principal, signed: Signed): Promise<RecordedEvent> => {
  const { old, next, proof, endedEnvelope, nextEnvelope } = signed;
  const told = { actor: actorOf(by), sealed: next.namespaces.some(isPrivateNamespace) };
  await the.append(tx, {
    ...told,
    kind: 'key.delegated',
    subject: `key:${next.keyId}`,
    data: { statement: nextEnvelope },
  });
  const rotationProof = Buffer.from(proof).toString('base64');
  return the.append(tx, {
    ...told,
    kind: 'key.rotated',
    subject: `key:${old.keyId}`,
    // What the proof covers stands in the statement of the new key, in the same spelling.
    data: { keyId: old.keyId, rotatedTo: next.keyId, rotationProof, statement: endedEnvelope },
  });
};

const link = async (the: RotateDeps, tx: Tx, by: Principal, signed: Signed): Promise<Rotated> => {
  const { old, next, proof, ended, endedEnvelope, nextEnvelope } = signed;
  if (!(await insertDelegation(tx, rowOf(next, by.account, nextEnvelope)))) {
    const message = `The id ${next.keyId}, or this very key, is listed already: choose another id, or make a new key.`;
    throw fault('already_exists', { keyId: next.keyId }, message);
  }
  const event = await record(the, tx, by, signed);
  await endDelegation(tx, old.keyId, rowOf(ended, by.account, endedEnvelope));
  const keys = { old_key_id: old.keyId, new_key_id: next.keyId };
  await insertRotation(tx, { ...keys, proof, rotated_at: event.at, event_id: event.id });
  return { event, created: true };
};

const commit = (
  the: RotateDeps,
  by: Principal,
  request: RotationRequest,
  signed: Signed,
  inForce: InForce,
): Promise<Rotated> =>
  // The point of no return. It waits for the publishes that use the old key, so that none of them comes after it.
  inTransaction(the.sql, async (tx) => {
    const { keyId } = signed.old;
    await stopUseOfKey(tx, keyId);
    await requireNewestRoot(tx, inForce);
    await requireStillHolding(tx, by, signed.next.namespaces);
    await requireStillActing(tx, by, the.now());
    const done = await before(tx, request);
    if (done !== undefined) return done;
    const row = await delegationOf(tx, keyId);
    if (row === undefined) throw fault('key_not_found', { keyId });
    requireInForce(row, the.now());
    await requireRoom(tx, by);
    const lastUse = await the.lastUseOfKey(tx, keyId);
    if (lastUse !== undefined && lastUse.getTime() >= instantMs(signed.ended.notAfter))
      throw new UsedMeanwhile();
    return link(the, tx, by, signed);
  });

const sign = async (the: RotateDeps, succession: Succession, inForce: InForce): Promise<Signed> => {
  const lastUse = await the.lastUseOfKey(the.sql, succession.old.keyId);
  const ended = endedAt(succession, { now: the.now(), lastUse });
  const [endedEnvelope, nextEnvelope] = [
    await signAsRegistrar(inForce, DELEGATION_PAYLOAD_TYPE, delegationPayload(ended)),
    await signAsRegistrar(inForce, DELEGATION_PAYLOAD_TYPE, delegationPayload(succession.next)),
  ];
  return { ...succession, ended, endedEnvelope, nextEnvelope };
};

const turn = async (
  the: RotateDeps,
  by: Principal,
  request: RotationRequest,
  succession: Succession,
): Promise<Rotated> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await underNewestRoot(the.trust, async (inForce) =>
        commit(the, by, request, await sign(the, succession, inForce), inForce),
      );
    } catch (error) {
      if (!(error instanceof UsedMeanwhile)) throw error;
      if (attempt === ATTEMPTS) throw fault('busy', {}, 'The old key is in use without a pause; try again.');
    }
  }
};

/** @throws Fault as `rotateKey` */
const follow = async (the: RotateDeps, by: Principal, request: RotationRequest): Promise<Rotated> => {
  const now = the.now();
  const row = await requireOwn(the, by, request.oldKeyId);
  const done = await before(the.sql, request);
  if (done !== undefined) return done;
  requireInForce(row, now);
  const succession = readSuccession(request, row, now);
  for (const pattern of row.namespaces) await requirePattern(the, by, pattern);
  requirePossession(by, succession.next, row.namespaces, request.proof);
  await the.trust.requireTrueTime();
  return turn(the, by, request, succession);
};

/**
 * The same request again changes nothing.
 * @throws Fault forbidden, key_not_found, key_not_active, already_exists, validation_error, rotation_proof_invalid,
 *   pack_namespace_unauthorized, key_revoked, busy
 */
export const rotateKey =
  (the: RotateDeps) =>
  async (by: Principal, request: RotationRequest): Promise<Rotated> => {
    requireScope(by, 'keys:manage');
    const rotated = await follow(the, by, request);
    for (const keyId of [request.oldKeyId, request.keyId]) the.announce(`key:${keyId}`);
    await the.reissueKeyring();
    return rotated;
  };
