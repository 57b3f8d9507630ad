// Root documents: which keys a registry stands on, and how one root hands over to the next. Pure.
import { canonicalBytes, type JsonValue, parseCanonical } from './canonical.ts';
import {
  instantMs,
  namedKeyJson,
  type Part,
  readDocument,
  readInstant,
  readInteger,
  readList,
  readNamedKey,
  readParsed,
  readPart,
  readText,
  refuseDocument,
  requireDistinct,
} from './document.ts';
import { type Envelope, openEnvelope } from './envelope.ts';
import { KeyError, type KeyErrorCode } from './errors.ts';
import { formatPublicKeyHex, formatVkey, type NamedKey, parseVkey, type Vkey } from './key.ts';

export const ROOT_TYPE = 'attestry-root/v1';
export const ROOT_PAYLOAD_TYPE = 'application/vnd.attestry.root+json';

/** A client that is this many roots behind its anchor needs a newer anchor, not a longer walk. */
export const MAX_ROOT_STEPS = 1024;
const MAX_ROLE_KEYS = 32;

/** Keys of which `threshold` different ones must sign. */
export interface Role {
  readonly threshold: number;
  readonly keys: readonly NamedKey[];
}

/** `version` from 1; `issuedAt` and `expires` as RFC 3339 in UTC; `registry` names whose root this is. */
export interface Root extends Role {
  readonly version: number;
  readonly issuedAt: string;
  readonly expires: string;
  readonly registry: string;
  readonly registrar: Role;
  readonly log: { readonly origin: string; readonly vkey: Vkey };
}

const MEMBERS = ['version', 'issuedAt', 'expires', 'registry', 'threshold', 'keys', 'registrar', 'log'];

const readRole = (part: Part): Role => {
  const keys = readList(part, 'keys', MAX_ROLE_KEYS, readNamedKey);
  requireDistinct(keys, `${part.where}/keys`, (key) => key.keyId);
  requireDistinct(keys, `${part.where}/keys`, (key) => formatPublicKeyHex(key.publicKey));
  const threshold = readInteger(part, 'threshold', 1);
  if (threshold > keys.length) refuseDocument(`${part.where}/threshold`, 'not more than there are keys');
  return { threshold, keys };
};

const readLog = (value: JsonValue | undefined): Root['log'] => {
  const part = readPart(value, '/log', ['origin', 'vkey']);
  const origin = readText(part, 'origin', 256);
  const vkey = readParsed(part, 'vkey', 512, parseVkey);
  // The note's key name is what a witness knows the log by: it has to be the origin.
  if (vkey.name !== origin) refuseDocument('/log/vkey', 'a vkey named like the origin');
  return { origin, vkey };
};

/**
 * Reads the canonical bytes of a root document. Says nothing about who signed it.
 * @throws KeyError `document` or `json_not_canonical`, `json_value`, `json_too_deep`
 */
export const parseRoot = (payload: Uint8Array): Root => {
  const part = readDocument(parseCanonical(payload), '', ROOT_TYPE, MEMBERS);
  const root: Root = {
    version: readInteger(part, 'version', 1),
    issuedAt: readInstant(part, 'issuedAt'),
    expires: readInstant(part, 'expires'),
    registry: readText(part, 'registry', 256),
    ...readRole(part),
    registrar: readRole(readPart(part.members.registrar, '/registrar', ['threshold', 'keys'])),
    log: readLog(part.members.log),
  };
  if (instantMs(root.expires) <= instantMs(root.issuedAt)) refuseDocument('/expires', 'later than issuedAt');
  return root;
};

const roleJson = ({ threshold, keys }: Role) => ({ threshold, keys: keys.map(namedKeyJson) });

/**
 * The canonical bytes to sign. What `parseRoot` would refuse is refused before anyone signs it.
 * @throws KeyError like `parseRoot`
 */
export const rootPayload = (root: Root): Uint8Array => {
  const { version, issuedAt, expires, registry, registrar, log } = root;
  const payload = canonicalBytes({
    type: ROOT_TYPE,
    version,
    issuedAt,
    expires,
    registry,
    ...roleJson(root),
    registrar: roleJson(registrar),
    log: { origin: log.origin, vkey: formatVkey(log.vkey) },
  });
  parseRoot(payload);
  return payload;
};

const openAs = (envelope: Envelope, { keys, threshold }: Role, code: KeyErrorCode): Uint8Array => {
  try {
    return openEnvelope(envelope, { payloadType: ROOT_PAYLOAD_TYPE, keys, threshold }).payload;
  } catch (error) {
    if (error instanceof KeyError && error.code === 'threshold_not_met')
      throw new KeyError(code, error.details);
    throw error;
  }
};

/**
 * A root that is about to be pinned: it has to be signed by enough of its own keys. That the keys are the right ones
 * is what pinning means and cannot be checked here.
 * @throws KeyError `root_new_threshold`, `payload_type` or like `parseRoot`
 */
export const verifyFirstRoot = (envelope: Envelope): Root => {
  const root = parseRoot(envelope.payload);
  openAs(envelope, root, 'root_new_threshold');
  return root;
};

const requireNextVersion = (trusted: Root, next: Root): void => {
  const evidence = { expected: trusted.version + 1, found: next.version };
  if (next.version <= trusted.version) throw new KeyError('root_rollback', evidence);
  if (next.version > trusted.version + 1) throw new KeyError('root_skipped', evidence);
};

/**
 * The root that follows a trusted one: signed by enough keys of both, exactly one version on, of the same registry.
 * Expiry is not asked here, because an expired root may still name its successor.
 * @throws KeyError `root_old_threshold`, `root_new_threshold`, `root_registry`, `root_rollback`, `root_skipped`,
 *   `payload_type` or like `parseRoot`
 */
export const verifyRootUpdate = (trusted: Root, envelope: Envelope): Root => {
  const next = parseRoot(openAs(envelope, trusted, 'root_old_threshold'));
  if (next.registry !== trusted.registry)
    throw new KeyError('root_registry', { expected: trusted.registry, found: next.registry });
  requireNextVersion(trusted, next);
  openAs(envelope, next, 'root_new_threshold');
  return next;
};

/** An expired root is no longer believed: whoever keeps newer ones from us would otherwise win by waiting. */
export const isRootExpired = (root: Root, now: Date): boolean => !(now.getTime() < instantMs(root.expires));
