// Who has signed a root, and who is missing: of its own keys and of those of the root before it. Pure.
import { equalBytes } from '../../keys/bytes.ts';
import { signersOf } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import type { NamedKey, PublicKey } from '../../keys/key.ts';
import type { Root } from '../../keys/root.ts';
import { fault } from '../protocol/faults.ts';
import type { RootEnvelope } from './root-file.ts';

/** How far the keys of one root have signed; keys by their ids. */
export interface RoleStanding {
  /** The version of the root whose keys are meant. */
  readonly version: number;
  readonly threshold: number;
  readonly signedBy: readonly string[];
  readonly open: readonly string[];
  readonly missing: number;
}

const standingOf = ({ envelope }: RootEnvelope, { version, threshold, keys }: Root): RoleStanding => {
  const signers = signersOf(envelope, keys).map(({ keyId }): string => keyId);
  const ids = keys.map(({ keyId }): string => keyId);
  return {
    version,
    threshold,
    signedBy: ids.filter((id) => signers.includes(id)),
    open: ids.filter((id) => !signers.includes(id)),
    missing: Math.max(0, threshold - signers.length),
  };
};

/** Of this root first, then of the one before it where that is known. */
export const standingsOf = (of: RootEnvelope, previous: Root | undefined): readonly RoleStanding[] =>
  [of.root, ...(previous === undefined ? [] : [previous])].map((root) => standingOf(of, root));

/** `unknown`: the root before it has to agree and is not at hand. */
export const completeness = (
  of: RootEnvelope,
  previous: Root | undefined,
): 'complete' | 'incomplete' | 'unknown' => {
  if (standingsOf(of, previous).some(({ missing }) => missing > 0)) return 'incomplete';
  return of.root.version > 1 && previous === undefined ? 'unknown' : 'complete';
};

const missingLine = ({ version, threshold, missing, open }: RoleStanding): string =>
  missing === 0
    ? `Enough keys of root ${version} have signed.`
    : `${missing} more of the keys of root ${version} must sign (threshold ${threshold}; open: ${open.join(', ')}).`;

/** What still has to happen, in sentences. */
export const missingLines = (of: RootEnvelope, previous: Root | undefined): readonly string[] => {
  const lines = standingsOf(of, previous).map(missingLine);
  if (of.root.version === 1 || previous !== undefined) return lines;
  return [...lines, `Enough keys of root ${of.root.version - 1} must sign as well: see --previous.`];
};

/** @throws KeyError where it is not the root before this one */
export const requirePrevious = (root: Root, previous: Root | undefined): void => {
  if (previous === undefined) return;
  const [expected, found] = [previous.registry, root.registry];
  if (expected !== found) throw new KeyError('root_registry', { expected, found });
  const versions = { expected: previous.version + 1, found: root.version };
  if (versions.expected !== versions.found)
    throw new KeyError(versions.found < versions.expected ? 'root_rollback' : 'root_skipped', versions);
};

/**
 * Whose key it is, by the id that the root gives it, or the one before.
 * @param wanted the id that the holder says it has.
 * @throws Fault validation_error where neither root names it, or it has signed already
 */
export const holderOf = (
  of: RootEnvelope,
  previous: Root | undefined,
  publicKey: PublicKey,
  wanted: string | undefined,
): NamedKey => {
  const keys = [...of.root.keys, ...(previous?.keys ?? [])];
  const own = keys.filter((key) => equalBytes(key.publicKey, publicKey));
  const holder = wanted === undefined ? own[0] : own.find(({ keyId }) => keyId === wanted);
  if (holder === undefined) {
    const named = wanted === undefined ? {} : { wanted };
    const evidence = { ...named, keys: keys.map(({ keyId }) => keyId) };
    const message = 'That key is neither in this root nor in the one before it (--previous FILE).';
    throw fault('validation_error', evidence, message);
  }
  if (signersOf(of.envelope, [holder]).length === 0) return holder;
  throw fault('validation_error', { keyId: holder.keyId }, `${holder.keyId} has signed this root already.`);
};
