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
const requireUnambiguous = (version: PackVersion): PackVersion => {
  const ending = /\.(?:intoto|sbom)$/.exec(version)?.[0];
  if (ending === undefined) return version;
  throw fault('invalid_version', { found: version }, `No version may end in "${ending}" here.`);
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
  policy.allowUnsigned && !['core', 'vendor'].includes(scopeOf(name));

export const isPrivate = (name: PackName): boolean => scopeOf(name) === 'private';
