// Writes the root of a new registry, and the one that follows a root, from public keys alone. Pure.
import { equalBytes } from '../../keys/bytes.ts';
import { instantOf } from '../../keys/document.ts';
import { type Envelope, MAX_SIGNATURES } from '../../keys/envelope.ts';
import { type NamedKey, type PublicKey, vkeyOf } from '../../keys/key.ts';
import { ROOT_PAYLOAD_TYPE, type Role, type Root, rootPayload } from '../../keys/root.ts';
import { fault } from '../protocol/faults.ts';

/** How long the root is good. */
interface Term {
  readonly now: Date;
  readonly expires: Date;
}

export interface FirstRoot extends Role, Term {
  /** The name by which others tell this registry and its log apart, for ever. */
  readonly origin: string;
  readonly registrar: Role;
  readonly log: PublicKey;
}

export const firstRoot = ({ origin, threshold, keys, registrar, log, now, expires }: FirstRoot): Root => ({
  version: 1,
  issuedAt: instantOf(now),
  expires: instantOf(expires),
  registry: origin,
  threshold,
  keys,
  registrar,
  log: { origin, vkey: vkeyOf(origin, log) },
});

/** What is undefined stays as it is. */
export interface RootChange extends Term {
  readonly added: readonly NamedKey[];
  /** Key ids. */
  readonly removed: readonly string[];
  readonly threshold: number | undefined;
  readonly registrarKeys: readonly NamedKey[] | undefined;
  readonly registrarThreshold: number | undefined;
  readonly log: PublicKey | undefined;
}

const keysAfter = ({ keys }: Root, { added, removed }: RootChange): readonly NamedKey[] => {
  const unknown = removed.filter((id) => !keys.some(({ keyId }) => keyId === id));
  const evidence = { unknown, keys: keys.map(({ keyId }) => keyId) };
  if (unknown.length > 0) throw fault('validation_error', evidence, 'The root has no such key to remove.');
  return [...keys.filter(({ keyId }) => !removed.includes(keyId)), ...added];
};

/** Holders of keys in both roots sign once for both. */
const signaturesNeeded = (from: Role, next: Role): number => {
  const isShared = ({ publicKey }: NamedKey) => next.keys.some((key) => equalBytes(key.publicKey, publicKey));
  const both = from.threshold + next.threshold - from.keys.filter(isShared).length;
  return Math.max(from.threshold, next.threshold, both);
};

const requireSignable = (from: Root, next: Root): void => {
  const needed = signaturesNeeded(from, next);
  if (needed <= MAX_SIGNATURES) return;
  const message = 'The handover needs more signatures than an envelope holds: change fewer keys at a time.';
  throw fault('validation_error', { needed, limit: MAX_SIGNATURES }, message);
};

/** @throws Fault validation_error where a key to remove is not there, or more must sign than can */
export const nextRoot = (from: Root, change: RootChange): Root => {
  const next: Root = {
    version: from.version + 1,
    issuedAt: instantOf(change.now),
    expires: instantOf(change.expires),
    registry: from.registry,
    threshold: change.threshold ?? from.threshold,
    keys: keysAfter(from, change),
    registrar: {
      threshold: change.registrarThreshold ?? from.registrar.threshold,
      keys: change.registrarKeys ?? from.registrar.keys,
    },
    log: change.log === undefined ? from.log : { ...from.log, vkey: vkeyOf(from.log.origin, change.log) },
  };
  requireSignable(from, next);
  return next;
};

/**
 * The envelope that goes from holder to holder.
 * @throws KeyError `document` where a threshold, a name or a time breaks a rule
 */
export const draftOf = (root: Root): Envelope => ({
  payloadType: ROOT_PAYLOAD_TYPE,
  payload: rootPayload(root),
  signatures: [],
});
