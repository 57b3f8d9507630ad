// Delegations: this key may sign for these names, from then until then. Pure.
import { canonicalBytes, type JsonObject, type JsonValue, parseCanonical } from './canonical.ts';
import {
  instantMs,
  namedKeyJson,
  readDocument,
  readInstant,
  readKeyId,
  readList,
  readPublicKey,
  refuseDocument,
} from './document.ts';
import type { NamedKey } from './key.ts';

export const DELEGATION_TYPE = 'attestry-delegation/v1';
export const DELEGATION_PAYLOAD_TYPE = 'application/vnd.attestry.delegation+json';

const MAX_NAMESPACES = 256;

/** `notBefore` belongs to the time in force, `notAfter` no longer; all three instants as RFC 3339 in UTC. */
export interface Delegation extends NamedKey {
  readonly namespaces: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuedAt: string;
}

/**
 * Printable ASCII without blanks, beginning with a letter or digit, and a `*` only at the end behind `.` or `:`. ASCII
 * only, because case is ignored and other scripts have letters that fold into ASCII ones.
 */
const NAMESPACE = /^[A-Za-z0-9][!-)+-~]{0,254}(?:(?<=[.:])\*)?$/;
const NAME = /^[!-)+-~]{1,512}$/;

const readNamespace = (value: JsonValue, where: string): string =>
  typeof value === 'string' && NAMESPACE.test(value)
    ? value
    : refuseDocument(where, 'a name, or a prefix ending in ".*" or ":*"');

/**
 * Reads a delegation out of a JSON value, such as one inside a keyring.
 * @throws KeyError `document`
 */
export const readDelegation = (value: JsonValue | undefined, where = ''): Delegation => {
  const names = ['keyId', 'publicKey', 'namespaces', 'notBefore', 'notAfter', 'issuedAt'];
  const part = readDocument(value, where, DELEGATION_TYPE, names);
  const delegation: Delegation = {
    keyId: readKeyId(part, 'keyId'),
    publicKey: readPublicKey(part, 'publicKey'),
    namespaces: readList(part, 'namespaces', MAX_NAMESPACES, readNamespace),
    notBefore: readInstant(part, 'notBefore'),
    notAfter: readInstant(part, 'notAfter'),
    issuedAt: readInstant(part, 'issuedAt'),
  };
  if (delegation.namespaces.length === 0) refuseDocument(`${where}/namespaces`, 'at least one namespace');
  if (instantMs(delegation.notAfter) <= instantMs(delegation.notBefore))
    refuseDocument(`${where}/notAfter`, 'later than notBefore');
  return delegation;
};

/** @throws KeyError `document` or `json_not_canonical`, `json_value`, `json_too_deep` */
export const parseDelegation = (payload: Uint8Array): Delegation => readDelegation(parseCanonical(payload));

export const delegationJson = (delegation: Delegation): JsonObject => ({
  type: DELEGATION_TYPE,
  ...namedKeyJson(delegation),
  namespaces: delegation.namespaces,
  notBefore: delegation.notBefore,
  notAfter: delegation.notAfter,
  issuedAt: delegation.issuedAt,
});

/**
 * The canonical bytes to sign. What `parseDelegation` would refuse is refused before anyone signs it.
 * @throws KeyError like `parseDelegation`
 */
export const delegationPayload = (delegation: Delegation): Uint8Array => {
  const payload = canonicalBytes(delegationJson(delegation));
  parseDelegation(payload);
  return payload;
};

const matches = (namespace: string, name: string): boolean => {
  const pattern = namespace.toLowerCase();
  const wanted = name.toLowerCase();
  if (!/[.:]\*$/.test(pattern)) return wanted === pattern;
  const prefix = pattern.slice(0, -1);
  return wanted.length > prefix.length && wanted.startsWith(prefix);
};

/**
 * Whether the delegation covers a name. `vendor.acme.*` covers all that begins with `vendor.acme.`, not `vendor.acme`
 * itself; `kb:acme:*` likewise; anything else is one exact name. Case is ignored. A name that is not printable ASCII
 * is never covered.
 */
export const permits = ({ namespaces }: Pick<Delegation, 'namespaces'>, name: string): boolean =>
  NAME.test(name) && namespaces.some((namespace) => NAMESPACE.test(namespace) && matches(namespace, name));
