// What a log says of keys and roots: which it delegated, which followed which, which it took back, how roots followed. Pure.
import { decodeBase64, equalBytes } from '../../../keys/bytes.ts';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, parseDelegation } from '../../../keys/delegation.ts';
import { instantMs } from '../../../keys/document.ts';
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type Root, verifyFirstRoot, verifyRootUpdate } from '../../../keys/root.ts';
import { provesRotation } from '../../../keys/rotation.ts';

export interface LoggedRevocation {
  readonly position: number;
  readonly reason: string;
  /** As in the keyring: the first position for which the key is not believed; null: it never is. */
  readonly fromPosition: number | null;
}

/** That another key follows this one. */
export interface LoggedRotation {
  readonly position: number;
  readonly rotatedTo: string;
  /** The delegation as it was before it was ended. */
  readonly before: Delegation;
}

export interface LoggedKey {
  readonly position: number;
  /** As it stands: ended, where another key followed. */
  delegation: Delegation;
  rotation: LoggedRotation | undefined;
  /** The one that counts: each that follows takes more away than the one before. */
  revocation: LoggedRevocation | undefined;
}

export interface LoggedRoot {
  readonly position: number;
  readonly root: Root;
  /** The payload that was signed. */
  readonly payload: Uint8Array;
}

export interface KeyTable {
  readonly keys: ReadonlyMap<string, LoggedKey>;
  readonly roots: ReadonlyMap<number, LoggedRoot>;
  /** Why it is refused; undefined where it is taken. */
  readonly delegate: (position: number, statement: string) => Flaw | undefined;
  readonly rotate: (position: number, rotation: ToldRotation) => Flaw | undefined;
  readonly revoke: (keyId: string, revocation: LoggedRevocation) => Flaw | undefined;
  readonly publishRoot: (position: number, envelope: string) => Flaw | undefined;
  /** Whether what stands at that position under the key is believed no more. */
  readonly isRevokedAt: (keyId: string | undefined, position: number) => boolean;
}

/** As an event tells it. */
export interface ToldRotation {
  readonly keyId: string;
  readonly rotatedTo: string;
  /** Base64 of the old key's signature. */
  readonly rotationProof: string;
  /** The registrar's statement of the old key as it ends. */
  readonly statement: string;
}

export interface Flaw {
  readonly code:
    | 'delegation_invalid'
    | 'key_relisted'
    | 'rotation_invalid'
    | 'revocation_without_key'
    | 'root_invalid';
  readonly evidence: Readonly<Record<string, unknown>>;
}

const orFlaw = <T>(code: Flaw['code'], make: () => T): T | Flaw => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return { code, evidence: { reason: error.code, ...error.details } };
  }
};

const isFlaw = (value: object): value is Flaw => 'code' in value;

/** A delegation stays believed when the registrar's keys change: any root of the log may have named who signed it. */
const openUnder = (roots: Iterable<LoggedRoot>, statement: string): Delegation => {
  const envelope = parseEnvelope(statement);
  let refused: unknown = new KeyError('threshold_not_met', { roots: 0 });
  for (const { root } of [...roots].reverse()) {
    try {
      const role = { payloadType: DELEGATION_PAYLOAD_TYPE, ...root.registrar };
      return parseDelegation(openEnvelope(envelope, role).payload);
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
};

const sameButEnd = (before: Delegation, ended: Delegation): boolean =>
  ended.keyId === before.keyId &&
  equalBytes(ended.publicKey, before.publicKey) &&
  ended.namespaces.join() === before.namespaces.join() &&
  ended.notBefore === before.notBefore &&
  instantMs(ended.notAfter) <= instantMs(before.notAfter);

/** Why a rotation is none; the old key signs for the new one, which speaks for no more than the old one did. */
const flawOfRotation = (
  old: LoggedKey | undefined,
  next: LoggedKey | undefined,
  ended: Delegation,
  proof: Uint8Array | undefined,
): string | undefined => {
  if (old === undefined || next === undefined) return 'a key that was never delegated';
  if (old.rotation !== undefined || old === next) return 'the key was followed by another before';
  if (!sameButEnd(old.delegation, ended)) return 'the old key is changed in more than its end';
  if (next.delegation.namespaces.some((each) => !ended.namespaces.includes(each)))
    return 'the new key speaks for more than the old one';
  const { delegation } = next;
  const rotation = { ...delegation, validFrom: delegation.notBefore };
  if (proof === undefined || !provesRotation(ended.publicKey, rotation, proof))
    return 'the old key did not sign for the new one';
  return undefined;
};

export const createKeyTable = (): KeyTable => {
  const keys = new Map<string, LoggedKey>();
  const roots = new Map<number, LoggedRoot>();
  let newest: Root | undefined;

  const delegate: KeyTable['delegate'] = (position, statement) => {
    const delegation = orFlaw('delegation_invalid', () => openUnder(roots.values(), statement));
    if (isFlaw(delegation)) return delegation;
    const { keyId } = delegation;
    if (keys.has(keyId))
      return { code: 'key_relisted', evidence: { keyId, first: keys.get(keyId)?.position ?? null } };
    keys.set(keyId, { position, delegation, rotation: undefined, revocation: undefined });
    return undefined;
  };

  const publishRoot: KeyTable['publishRoot'] = (position, text) => {
    const made = orFlaw('root_invalid', () => {
      const envelope = parseEnvelope(text);
      const root = newest === undefined ? verifyFirstRoot(envelope) : verifyRootUpdate(newest, envelope);
      return { position, root, payload: envelope.payload };
    });
    if (isFlaw(made)) return made;
    newest = made.root;
    roots.set(made.root.version, made);
    return undefined;
  };

  const revoke: KeyTable['revoke'] = (keyId, revocation) => {
    const key = keys.get(keyId);
    if (key === undefined) return { code: 'revocation_without_key', evidence: { keyId } };
    key.revocation = revocation;
    return undefined;
  };

  const rotate: KeyTable['rotate'] = (position, { keyId, rotatedTo, rotationProof, statement }) => {
    const ended = orFlaw('rotation_invalid', () => openUnder(roots.values(), statement));
    if (isFlaw(ended)) return ended;
    const key = keys.get(keyId);
    const reason = flawOfRotation(key, keys.get(rotatedTo), ended, decodeBase64(rotationProof));
    if (key === undefined || reason !== undefined)
      return { code: 'rotation_invalid', evidence: { keyId, rotatedTo, reason } };
    key.rotation = { position, rotatedTo, before: key.delegation };
    key.delegation = ended;
    return undefined;
  };

  const isRevokedAt: KeyTable['isRevokedAt'] = (keyId, position) => {
    const revocation = keyId === undefined ? undefined : keys.get(keyId)?.revocation;
    if (revocation === undefined) return false;
    return revocation.fromPosition === null || position >= revocation.fromPosition;
  };

  return { keys, roots, delegate, rotate, revoke, publishRoot, isRevokedAt };
};
