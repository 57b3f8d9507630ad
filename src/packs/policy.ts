// Whose pack may enter here, and what it must carry. Pure.
import { type Fault, fault, type Violation } from '../protocol/faults.ts';
import {
  type PackName,
  type PackVersion,
  parsePackName,
  parsePackVersion,
  scopeOf,
} from '../protocol/pack-id.ts';

export interface PackPolicy {
  readonly privateRegistry: boolean;
  readonly allowUnsigned: boolean;
  /** What becomes of packs outside core that export ids of the protocol. */
  readonly protocolTypeIds: 'warn' | 'refuse';
  /** Asks for no signature in `core` and `vendor` either. */
  readonly unsignedEverywhere?: true;
}

export interface PackAddress {
  readonly name: PackName;
  readonly version: PackVersion;
}

const asFault = ({ code, message }: Violation, found: string): Fault => fault(code, { found }, message);

/** @throws Fault invalid_pack_name or invalid_pack_scope. */
export const readName = (text: string): PackName => {
  const name = parsePackName(text);
  if (!name.ok) throw asFault(name.violation, text);
  return name.value;
};

/** @throws Fault invalid_version. */
export const readVersion = (text: string): PackVersion => {
  const version = parsePackVersion(text);
  if (!version.ok) throw asFault(version.violation, text);
  return version.value;
};

/** Public registries hold nothing of `private.*` (registry-operations.md). */
const requirePublishableScope = (policy: PackPolicy, name: PackName): void => {
  if (scopeOf(name) === 'private' && !policy.privateRegistry) {
    throw fault('invalid_pack_scope', { name }, 'This registry is public: it takes no private.* packs.');
  }
};

/** `1.0.0-a.intoto` and the statement of `1.0.0-a` would stand at one address. */
export const standsAlone = (version: PackVersion): boolean => !/\.(?:intoto|sbom)$/.test(version);

const requireUnambiguous = (version: PackVersion): PackVersion => {
  if (standsAlone(version)) return version;
  const message = 'No version may end in ".intoto" or ".sbom" here.';
  throw fault('invalid_version', { found: version }, message);
};

/** @throws Fault invalid_pack_name, invalid_pack_scope, invalid_version: in this order, the first that applies. */
export const readPublishAddress = (
  policy: PackPolicy,
  nameText: string,
  versionText: string,
): PackAddress => {
  const name = readName(nameText);
  requirePublishableScope(policy, name);
  return { name, version: requireUnambiguous(readVersion(versionText)) };
};

/** `core` and `vendor` packs must be signed; elsewhere the operator decides. */
export const mayBeUnsigned = (policy: PackPolicy, name: PackName): boolean =>
  policy.unsignedEverywhere ?? (policy.allowUnsigned && !['core', 'vendor'].includes(scopeOf(name)));

/** Of versions that the signed list names: yanked or unpublished. */
export interface YankCount {
  readonly all: number;
  /** By the account that asks. */
  readonly own: number;
}

/** More than this no reader takes, whoever yanks; others may be under way. */
const MAX_YANKED = 65_000;
/** Beyond it only accounts with few may yank: nobody's many can take it away from them. */
const MANY_YANKED = 50_000;
const FEW_OF_ACCOUNT = 100;
const MAX_YANKED_OF_ACCOUNT = 2_000;

const tooMany = (limit: number, message: string): Fault => fault('validation_error', { limit }, message);

/**
 * The signed list of what is yanked is read by every client and has an end, so nobody may fill it alone.
 * @param more how many versions are to be withdrawn now
 * @throws Fault validation_error with the limit
 */
export const requireYankRoom = ({ all, own }: YankCount, byOperator: boolean, more = 1): void => {
  if (all + more > MAX_YANKED)
    throw tooMany(MAX_YANKED, 'As many versions are withdrawn as the signed list holds; tell the operator.');
  if (byOperator) return;
  const most = all >= MANY_YANKED ? FEW_OF_ACCOUNT : MAX_YANKED_OF_ACCOUNT;
  if (own + more <= most) return;
  const cure = 'Take back a yank that is not needed any more, or ask the operator, who may yank beyond it.';
  throw tooMany(
    most,
    `This account has withdrawn ${own} versions, and may withdraw ${most} at a time. ${cure}`,
  );
};

export const isPrivate = (name: PackName): boolean => scopeOf(name) === 'private';

/** `mirror:<host>`: in the place of an account for what came from another registry. */
export const isMirrored = (by: string): boolean => by.startsWith('mirror:');
