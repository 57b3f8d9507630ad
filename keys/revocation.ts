// Revocations: a key is not believed for log positions from one on, or not at all. Pure.
import { canonicalBytes, type JsonObject, type JsonValue, parseCanonical } from './canonical.ts';
import { readDocument, readInstant, readInteger, readKeyId, readText } from './document.ts';
import type { KeyId } from './key.ts';

export const REVOCATION_TYPE = 'attestry-revocation/v1';
export const REVOCATION_PAYLOAD_TYPE = 'application/vnd.attestry.revocation+json';

/**
 * `fromPosition`: the first leaf of the transparency log for which the key is not believed; null: for no leaf at all.
 * Positions rather than times, so that releases made before a theft stay good without a timestamp authority.
 */
export interface Revocation {
  readonly keyId: KeyId;
  readonly reason: string;
  readonly fromPosition: number | null;
  readonly issuedAt: string;
}

/**
 * Reads a revocation out of a JSON value, such as one inside a keyring.
 * @throws KeyError `document`
 */
export const readRevocation = (value: JsonValue | undefined, where = ''): Revocation => {
  const names = ['keyId', 'reason', 'fromPosition', 'issuedAt'];
  const part = readDocument(value, where, REVOCATION_TYPE, names);
  return {
    keyId: readKeyId(part, 'keyId'),
    reason: readText(part, 'reason', 512),
    fromPosition: part.members.fromPosition === null ? null : readInteger(part, 'fromPosition', 0),
    issuedAt: readInstant(part, 'issuedAt'),
  };
};

/** @throws KeyError `document` or `json_not_canonical`, `json_value`, `json_too_deep` */
export const parseRevocation = (payload: Uint8Array): Revocation => readRevocation(parseCanonical(payload));

export const revocationJson = ({ keyId, reason, fromPosition, issuedAt }: Revocation): JsonObject => ({
  type: REVOCATION_TYPE,
  keyId,
  reason,
  fromPosition,
  issuedAt,
});

/**
 * The canonical bytes to sign. What `parseRevocation` would refuse is refused before anyone signs it.
 * @throws KeyError like `parseRevocation`
 */
export const revocationPayload = (revocation: Revocation): Uint8Array => {
  const payload = canonicalBytes(revocationJson(revocation));
  parseRevocation(payload);
  return payload;
};

/**
 * Whether a revocation takes away belief at a log position. Without a position nothing shows that the signature is
 * older than the revocation, so it does.
 */
export const revokes = ({ fromPosition }: Revocation, position: number | undefined): boolean =>
  fromPosition === null || position === undefined || !(position >= 0 && position < fromPosition);
