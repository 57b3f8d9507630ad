// Walks the chain root → registrar → keyring → delegation → signature and says exactly which link broke. Pure.
import type { Delegation } from './delegation.ts';
import { permits } from './delegation.ts';
import { verify } from './ed25519.ts';
import { parseEnvelope } from './envelope.ts';
import { type Evidence, KeyError } from './errors.ts';
import {
  isKeyringExpired,
  type Keyring,
  type KeyringMark,
  keyringMark,
  refuseKeyringRollback,
  standing,
  verifyKeyring,
} from './keyring.ts';
import { isRootExpired, MAX_ROOT_STEPS, type Root, verifyRootUpdate } from './root.ts';

/** The links in the order in which they are tried. */
export const CHAIN_LINKS = [
  'root_steps',
  'root_update',
  'root_rollback',
  'root_expired',
  'keyring_signature',
  'keyring_rollback',
  'keyring_expired',
  'key_unknown',
  'key_revoked',
  'key_not_yet',
  'key_expired',
  'key_namespace',
  'signature',
] as const;

export type BrokenLink = (typeof CHAIN_LINKS)[number];

export interface Broken {
  readonly believed: false;
  readonly brokenLink: BrokenLink;
  readonly evidence: Evidence;
}

type Believed<T> = { readonly believed: true } & T;

const broken = (brokenLink: BrokenLink, evidence: Evidence): Broken => ({
  believed: false,
  brokenLink,
  evidence,
});

const isoOf = (date: Date): string => (Number.isNaN(date.getTime()) ? 'no valid date' : date.toISOString());

const brokenBy = (brokenLink: BrokenLink, error: unknown, evidence: Evidence = {}): Broken => {
  if (!(error instanceof KeyError)) throw error;
  return broken(brokenLink, { ...evidence, code: error.code, ...error.details });
};

/** `updates`: envelopes of the roots after the anchor, in order, as text, bytes or parsed JSON. */
export interface RootQuestion {
  readonly anchor: Root;
  readonly updates: readonly unknown[];
  readonly now: Date;
  readonly lastSeenVersion?: number | undefined;
}

/** From a pinned root to the newest one handed in; only the last may not have expired. */
export const walkRoots = (question: RootQuestion): Believed<{ readonly root: Root }> | Broken => {
  const { anchor, updates, now, lastSeenVersion = 0 } = question;
  if (updates.length > MAX_ROOT_STEPS)
    return broken('root_steps', { limit: MAX_ROOT_STEPS, found: updates.length });
  let root = anchor;
  for (const update of updates) {
    try {
      root = verifyRootUpdate(root, parseEnvelope(update));
    } catch (error) {
      return brokenBy('root_update', error, { trusted: root.version });
    }
  }
  if (root.version < lastSeenVersion)
    return broken('root_rollback', { seen: lastSeenVersion, found: root.version });
  if (isRootExpired(root, now))
    return broken('root_expired', { version: root.version, expires: root.expires, now: isoOf(now) });
  return { believed: true, root };
};

/** `keyring`: its envelope as text, bytes or parsed JSON; `lastSeen`: the mark kept from the last believed one. */
export interface KeyringQuestion {
  readonly root: Root;
  readonly keyring: unknown;
  readonly now: Date;
  readonly lastSeen?: KeyringMark | undefined;
}

export const trustKeyring = (
  question: KeyringQuestion,
): Believed<{ readonly keyring: Keyring; readonly mark: KeyringMark }> | Broken => {
  const { root, now, lastSeen } = question;
  let keyring: Keyring;
  try {
    keyring = verifyKeyring(root, parseEnvelope(question.keyring));
  } catch (error) {
    return brokenBy('keyring_signature', error, { rootVersion: root.version });
  }
  const mark = keyringMark(root, keyring);
  try {
    refuseKeyringRollback(lastSeen, mark);
  } catch (error) {
    return brokenBy('keyring_rollback', error);
  }
  if (isKeyringExpired(keyring, now))
    return broken('keyring_expired', {
      version: keyring.version,
      expires: keyring.expires,
      now: isoOf(now),
    });
  return { believed: true, keyring, mark };
};

/**
 * `at`: when the signature was made: the time of its leaf if the log has recorded it, else the present.
 * `position`: that leaf's; leave it out for what the log does not hold.
 */
export interface SignatureQuestion {
  readonly keyring: Keyring;
  readonly packName: string;
  readonly keyId: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly at: Date;
  readonly position?: number | undefined;
}

const STANDING_LINK = {
  unknown: 'key_unknown',
  revoked: 'key_revoked',
  not_yet: 'key_not_yet',
  expired: 'key_expired',
} as const;

/** What the keyring says about a key, as evidence. */
const inForce = ({ delegations, revocations }: Keyring, keyId: string): Evidence => {
  const { notBefore, notAfter } = delegations.find((each) => each.keyId === keyId) ?? {};
  const revoked = revocations.filter((each) => each.keyId === keyId);
  return { notBefore, notAfter, revocations: revoked };
};

export const believeSignature = (
  question: SignatureQuestion,
): Believed<{ readonly delegation: Delegation }> | Broken => {
  const { keyring, packName, keyId, message, signature, at, position } = question;
  const delegation = keyring.delegations.find((each) => each.keyId === keyId);
  const stands = standing(keyring, keyId, { now: at, position });
  const evidence = { keyId, packName, keyringVersion: keyring.version, at: isoOf(at), position };
  if (stands !== 'active') return broken(STANDING_LINK[stands], { ...evidence, ...inForce(keyring, keyId) });
  if (delegation === undefined) return broken('key_unknown', evidence);
  if (!permits(delegation, packName))
    return broken('key_namespace', { ...evidence, namespaces: delegation.namespaces });
  if (!verify({ publicKey: delegation.publicKey, message, signature })) return broken('signature', evidence);
  return { believed: true, delegation };
};

/** Everything between a pinned root and one signature. Times and positions as in the three questions above. */
export interface ChainQuestion extends Omit<SignatureQuestion, 'keyring' | 'at'> {
  readonly anchor: Root;
  readonly updates: readonly unknown[];
  readonly keyring: unknown;
  readonly now: Date;
  readonly at?: Date | undefined;
  readonly lastSeen?: { readonly rootVersion: number; readonly keyring: KeyringMark } | undefined;
}

export type ChainVerdict =
  | Believed<{ readonly root: Root; readonly keyring: Keyring; readonly delegation: Delegation }>
  | Broken;

/** The whole chain. Never throws for what others have sent, however malformed. */
export const walkChain = (question: ChainQuestion): ChainVerdict => {
  const { now, lastSeen } = question;
  const walked = walkRoots({ ...question, lastSeenVersion: lastSeen?.rootVersion });
  if (!walked.believed) return walked;
  const { root } = walked;
  const trusted = trustKeyring({ root, keyring: question.keyring, now, lastSeen: lastSeen?.keyring });
  if (!trusted.believed) return trusted;
  const { keyring } = trusted;
  const signed = believeSignature({ ...question, keyring, at: question.at ?? now });
  if (!signed.believed) return signed;
  return { believed: true, root, keyring, delegation: signed.delegation };
};
