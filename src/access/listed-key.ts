// A delegated key as the registry lists it: what the registrar said of it, and how it stands at a time. Pure.
import { type Delegation, parseDelegation } from '../../keys/delegation.ts';
import { parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { formatPublicKeyBase64, keyFingerprint } from '../../keys/key.ts';
import type { Standing } from '../../keys/keyring.ts';
import { parseRevocation } from '../../keys/revocation.ts';
import { fault } from '../protocol/faults.ts';
import type { DelegationRow } from './delegation-store.ts';

/** How long a key is believed where nobody says otherwise. */
export const DEFAULT_LIFETIME_MS = 2 * 365 * 24 * 60 * 60 * 1_000;

/** `rotated`: its time is over because another key followed it; `expired`: its time is over. */
export type KeyStatus = 'active' | 'rotated' | 'revoked' | 'expired';

/** `from`: the first position in the log for which it is not believed; `pending` until the log has told it. */
export interface ListedRevocation {
  readonly at: Date;
  readonly reason: string;
  readonly from: number | 'ever' | 'pending';
}

/** A key as the registry lists it. */
export interface ListedKey {
  readonly keyId: string;
  readonly account: string;
  /** Padded base64 of the 32 raw bytes. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly namespaces: readonly string[];
  readonly status: KeyStatus;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly revocation: ListedRevocation | null;
  /** The key that follows it, and the one that it follows. */
  readonly rotatedTo: string | null;
  readonly rotatedFrom: string | null;
}

export const standingOf = (row: DelegationRow, now: Date): Exclude<Standing, 'unknown'> => {
  if (row.revoked_at !== null) return 'revoked';
  if (now < row.not_before) return 'not_yet';
  return row.not_after <= now ? 'expired' : 'active';
};

const statusOf = (row: DelegationRow, now: Date): KeyStatus => {
  if (row.revoked_at !== null) return 'revoked';
  if (row.not_after > now) return 'active';
  return row.rotated_to === null ? 'expired' : 'rotated';
};

/** The registrar's own statement, read back from its envelope. */
export const statementOf = (row: DelegationRow): Delegation =>
  parseDelegation(parseEnvelope(row.envelope).payload);

const positionIn = (statement: string): number | 'ever' =>
  parseRevocation(parseEnvelope(statement).payload).fromPosition ?? 'ever';

const listedRevocation = (row: DelegationRow): ListedRevocation | null => {
  const { revoked_at: at, revocation_reason: reason, revocation } = row;
  if (at === null || reason === null) return null;
  return { at, reason, from: revocation === null ? 'pending' : positionIn(revocation) };
};

export const listed = (row: DelegationRow, now: Date): ListedKey => {
  const { publicKey } = statementOf(row);
  return {
    keyId: row.key_id,
    account: row.account,
    publicKey: formatPublicKeyBase64(publicKey),
    fingerprint: keyFingerprint(publicKey),
    namespaces: row.namespaces,
    status: statusOf(row, now),
    notBefore: row.not_before,
    notAfter: row.not_after,
    revocation: listedRevocation(row),
    rotatedTo: row.rotated_to,
    rotatedFrom: row.rotated_from,
  };
};

/** Malformed keys and ids are the caller's fault; whatever else signing throws is ours. */
export const callersFault = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    if (error instanceof KeyError)
      throw fault('validation_error', { reason: error.code, ...error.details }, error.message);
    throw error;
  }
};
