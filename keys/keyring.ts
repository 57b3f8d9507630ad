// The keyring: every delegation and revocation now in force, as one document signed by the registrar. Pure.
import { canonicalBytes, type JsonObject, type JsonValue, parseCanonical } from './canonical.ts';
import { type Delegation, delegationJson, readDelegation } from './delegation.ts';
import {
  instantMs,
  readDocument,
  readInstant,
  readInteger,
  readList,
  refuseDocument,
  requireDistinct,
} from './document.ts';
import { type Envelope, openEnvelope } from './envelope.ts';
import { formatPublicKeyHex } from './key.ts';
import { type ListMark, markOf, refuseRollback } from './mark.ts';
import { type Revocation, readRevocation, revocationJson, revokes } from './revocation.ts';
import type { Root } from './root.ts';

export const KEYRING_TYPE = 'attestry-keyring/v1';
export const KEYRING_PAYLOAD_TYPE = 'application/vnd.attestry.keyring+json';

const MAX_ENTRIES = 16_384;
const MEMBERS = ['version', 'issuedAt', 'expires', 'treeSize', 'delegations', 'revocations'];

/** `version` from 1, one more at each change; `treeSize`: leaves of the log when it was issued. */
export interface Keyring {
  readonly version: number;
  readonly issuedAt: string;
  readonly expires: string;
  readonly treeSize: number;
  readonly delegations: readonly Delegation[];
  readonly revocations: readonly Revocation[];
}

// A revoked key stays listed, and no key is listed twice: so its bytes cannot come back under another id.
const requireListed = ({ delegations, revocations }: Keyring): void => {
  const listed = new Set<string>(delegations.map(({ keyId }) => keyId));
  const stray = revocations.find(({ keyId }) => !listed.has(keyId));
  if (stray) refuseDocument('/revocations', `only keys that are listed (not ${stray.keyId})`);
};

const readKeyring = (value: JsonValue): Keyring => {
  const part = readDocument(value, '', KEYRING_TYPE, MEMBERS);
  const keyring: Keyring = {
    version: readInteger(part, 'version', 1),
    issuedAt: readInstant(part, 'issuedAt'),
    expires: readInstant(part, 'expires'),
    treeSize: readInteger(part, 'treeSize', 0),
    delegations: readList(part, 'delegations', MAX_ENTRIES, readDelegation),
    revocations: readList(part, 'revocations', MAX_ENTRIES, readRevocation),
  };
  if (instantMs(keyring.expires) <= instantMs(keyring.issuedAt))
    refuseDocument('/expires', 'later than issuedAt');
  requireDistinct(keyring.delegations, '/delegations', ({ keyId }) => keyId);
  requireDistinct(keyring.delegations, '/delegations', ({ publicKey }) => formatPublicKeyHex(publicKey));
  requireListed(keyring);
  return keyring;
};

/**
 * Reads the canonical bytes of a keyring. Says nothing about who signed it.
 * @throws KeyError `document` or `json_not_canonical`, `json_value`, `json_too_deep`
 */
export const parseKeyring = (payload: Uint8Array): Keyring => readKeyring(parseCanonical(payload));

const keyringJson = (keyring: Keyring): JsonObject => ({
  type: KEYRING_TYPE,
  version: keyring.version,
  issuedAt: keyring.issuedAt,
  expires: keyring.expires,
  treeSize: keyring.treeSize,
  delegations: keyring.delegations.map(delegationJson),
  revocations: keyring.revocations.map(revocationJson),
});

/**
 * The canonical bytes to sign. What `parseKeyring` would refuse is refused before anyone signs it.
 * @throws KeyError like `parseKeyring`
 */
export const keyringPayload = (keyring: Keyring): Uint8Array => {
  const json = keyringJson(keyring);
  readKeyring(json);
  return canonicalBytes(json);
};

/**
 * A keyring signed by enough registrar keys of a root. Age and expiry are asked separately.
 * @throws KeyError `payload_type`, `threshold_not_met` or like `parseKeyring`
 */
export const verifyKeyring = ({ registrar }: Root, envelope: Envelope): Keyring =>
  parseKeyring(openEnvelope(envelope, { payloadType: KEYRING_PAYLOAD_TYPE, ...registrar }).payload);

export const isKeyringExpired = (keyring: Keyring, now: Date): boolean =>
  !(now.getTime() < instantMs(keyring.expires));

/** What a client keeps of a keyring it believed. */
export type KeyringMark = ListMark;

export const keyringMark = (root: Root, keyring: Keyring): KeyringMark =>
  markOf(root, keyring, canonicalBytes(keyringJson(keyring)));

/**
 * Refuses a keyring older than one seen, and another one of the same version, as long as the registrar is the same.
 * @throws KeyError `keyring_rollback` or `keyring_fork`, with both marks
 */
export const refuseKeyringRollback = (seen: KeyringMark | undefined, found: KeyringMark): void =>
  refuseRollback(seen, found, { rollback: 'keyring_rollback', fork: 'keyring_fork' });

export type Standing = 'active' | 'expired' | 'not_yet' | 'revoked' | 'unknown';

/**
 * How a key stands. `now` is the instant of which the question is asked: the present for a signature being made, the
 * time of its leaf for one the log has recorded. `position` is that leaf's; without it any revocation counts.
 */
export const standing = (
  { delegations, revocations }: Keyring,
  keyId: string,
  { now, position }: { readonly now: Date; readonly position?: number | undefined },
): Standing => {
  if (revocations.some((each) => each.keyId === keyId && revokes(each, position))) return 'revoked';
  const delegation = delegations.find((each) => each.keyId === keyId);
  if (delegation === undefined) return 'unknown';
  // Asked so that an invalid date, which compares false with everything, is never in force.
  if (!(now.getTime() >= instantMs(delegation.notBefore))) return 'not_yet';
  return now.getTime() < instantMs(delegation.notAfter) ? 'active' : 'expired';
};
