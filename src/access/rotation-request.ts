// What is asked of a rotation, read into two delegations: that of the new key, and that of the old one as it ends. Pure.
import { type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { instantMs, instantOf } from '../../keys/document.ts';
import { parseKeyId, parsePublicKey, parsePublicKeySpki } from '../../keys/key.ts';
import { provesRotation } from '../../keys/rotation.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import type { DelegationRow } from './delegation-store.ts';
import { callersFault, DEFAULT_LIFETIME_MS, standingOf, statementOf } from './listed-key.ts';
import { MAX_SKEW_MS } from './skew.ts';

/** Everything here was chosen by the caller. */
export interface RotationRequest {
  readonly oldKeyId: string;
  readonly keyId: string;
  /** Base64 of its SubjectPublicKeyInfo, or any form in which keys are listed elsewhere. */
  readonly publicKey: string;
  readonly validFrom: string;
  readonly validUntil: string | null;
  /** Base64 of the old key's signature (see keys/rotation). */
  readonly rotationProof: string;
  /** Base64 of the new key's own signature (see keys/possession); the operator need not send one. */
  readonly proof: string | null;
}

/** What is about to follow a key. */
export interface Succession {
  readonly old: Delegation;
  readonly next: Delegation;
  readonly proof: Uint8Array;
}

/** A rotation is planned, and not put off until nobody remembers it. */
const MAX_AHEAD_MS = 90 * 24 * 60 * 60 * 1_000;

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const spelledInstant = (field: string, text: string): string => {
  if (Number.isNaN(instantMs(text)))
    throw wrong(field, 'must be an instant in UTC, as in 2027-01-31T00:00:00Z');
  return text;
};

/** An earlier beginning would end the old key before what it has signed; a later one is no rotation yet. */
const readValidFrom = (text: string, now: Date): string => {
  const ahead = instantMs(spelledInstant('validFrom', text)) - now.getTime();
  if (ahead < -MAX_SKEW_MS)
    throw wrong('validFrom', 'lies in the past: a key follows another from now on, or later');
  if (ahead > MAX_AHEAD_MS) throw wrong('validFrom', 'lies more than 90 days ahead');
  return text;
};

const readPublicKey = (text: string) =>
  /^MCowBQYDK2VwAyEA/.test(text) ? parsePublicKeySpki(text) : parsePublicKey(text);

const readNext = (request: RotationRequest, old: Delegation, now: Date): Delegation => {
  const notBefore = readValidFrom(request.validFrom, now);
  const lifetime = new Date(instantMs(notBefore) + DEFAULT_LIFETIME_MS);
  const notAfter =
    request.validUntil === null ? instantOf(lifetime) : spelledInstant('validUntil', request.validUntil);
  return callersFault(() => {
    const next: Delegation = {
      keyId: parseKeyId(request.keyId),
      publicKey: readPublicKey(request.publicKey),
      namespaces: old.namespaces,
      notBefore,
      notAfter,
      issuedAt: instantOf(now),
    };
    delegationPayload(next);
    return next;
  });
};

/** Keys of bases sign what nobody here asks about. @throws Fault validation_error */
export const requireOfPacks = (keyId: string, namespaces: readonly string[]): void => {
  if (!namespaces.some((pattern) => pattern.startsWith('kb:'))) return;
  const message =
    'This key speaks for knowledge bases, and only keys of packs are meant here: revoke it instead.';
  throw fault('validation_error', { keyId }, message);
};

/** @throws Fault key_not_active naming what it is instead */
export const requireInForce = (row: DelegationRow, now: Date): void => {
  const standing = standingOf(row, now);
  if (standing !== 'active') throw fault('key_not_active', { keyId: row.key_id, standing });
};

/** @throws Fault validation_error, rotation_proof_invalid */
export const readSuccession = (request: RotationRequest, row: DelegationRow, now: Date): Succession => {
  const old = statementOf(row);
  requireOfPacks(old.keyId, old.namespaces);
  const next = readNext(request, old, now);
  const proof = new Uint8Array(Buffer.from(request.rotationProof, 'base64'));
  if (provesRotation(old.publicKey, { ...next, validFrom: next.notBefore }, proof))
    return { old, next, proof };
  throw fault('rotation_proof_invalid', { kid: next.keyId, rotatedFrom: old.keyId });
};

/**
 * The old key's delegation as it ends: where the new one begins, never before now, nor before what the key was used
 * for last, since what it signed stays good; and never later than it would have ended anyway.
 */
export const endedAt = (
  { old, next }: Succession,
  { now, lastUse }: { readonly now: Date; readonly lastUse: Date | undefined },
): Delegation => {
  const begins = instantMs(next.notBefore);
  const least = Math.max(now.getTime(), instantMs(old.notBefore) + 1, (lastUse?.getTime() ?? 0) + 1);
  const end = begins >= least ? next.notBefore : new Date(least).toISOString();
  const isSooner = instantMs(end) < instantMs(old.notAfter);
  return { ...old, notAfter: isSooner ? end : old.notAfter, issuedAt: instantOf(now) };
};
