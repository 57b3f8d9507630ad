// What a log says of keys and roots: which it delegated, which it took back and from where, and how roots followed. Pure.
import { DELEGATION_PAYLOAD_TYPE, type Delegation, parseDelegation } from '../../../keys/delegation.ts';
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type Root, verifyFirstRoot, verifyRootUpdate } from '../../../keys/root.ts';

export interface LoggedRevocation {
  readonly position: number;
  readonly reason: string;
  /** As in the keyring: the first position for which the key is not believed; null: it never is. */
  readonly fromPosition: number | null;
}

export interface LoggedKey {
  readonly position: number;
  readonly delegation: Delegation;
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
  readonly revoke: (keyId: string, revocation: LoggedRevocation) => Flaw | undefined;
  readonly publishRoot: (position: number, envelope: string) => Flaw | undefined;
}

export interface Flaw {
  readonly code: 'delegation_invalid' | 'key_relisted' | 'revocation_without_key' | 'root_invalid';
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
    keys.set(keyId, { position, delegation, revocation: undefined });
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

  return { keys, roots, delegate, revoke, publishRoot };
};
