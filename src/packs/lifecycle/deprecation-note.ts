// What a deprecation says for itself, read from a request and kept with the version. Pure.
import type { Body } from '../../access/fields.ts';
import { readReason, wrongField } from '../../access/reason.ts';
import { namespaceOf, parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import { isPrivate, type PackAddress } from '../policy.ts';

/** What whoever deprecates a version gives for it. */
export interface DeprecationGrounds {
  readonly reason: string;
  /** A version of the same pack, or `name@version` of any. */
  readonly supersededBy?: string;
}

export interface DeprecationNote extends DeprecationGrounds {
  readonly deprecatedAt: string;
  readonly deprecatedBy: string;
}

/** Length in the version manifest (registry-version-manifest, `supersededBy`). */
const MAX_SUCCESSOR = 256;
const FORMS = 'a version such as 2.0.0, or name@version';

/** The registry need not hold it: the successor may be published later, or elsewhere. */
const isSuccessor = (text: string): boolean => {
  const at = text.indexOf('@');
  const [name, version] = at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
  return (name === undefined || parsePackName(name).ok) && parsePackVersion(version).ok;
};

const isOneself = (text: string, { name, version }: PackAddress): boolean =>
  text === version || text.toLowerCase() === `${name}@${version}`.toLowerCase();

/** @throws Fault validation_error naming the field. */
export const readDeprecationGrounds = (body: Body, address: PackAddress): DeprecationGrounds => {
  const reason = readReason(body['reason']);
  const { supersededBy } = body;
  if (supersededBy === undefined || supersededBy === null) return { reason };
  if (typeof supersededBy !== 'string' || supersededBy.length > MAX_SUCCESSOR || !isSuccessor(supersededBy))
    throw wrongField('supersededBy', `must be ${FORMS}, of at most ${MAX_SUCCESSOR} characters`);
  if (isOneself(supersededBy, address)) throw wrongField('supersededBy', 'must name another version');
  return { reason, supersededBy };
};

/**
 * The version that is named in its place. Undefined for private packs of other namespaces too: whether they are there is
 * not for everybody to know.
 */
export const successorOf = (
  { supersededBy }: Pick<DeprecationGrounds, 'supersededBy'>,
  address: PackAddress,
): PackAddress | undefined => {
  if (supersededBy === undefined) return undefined;
  const at = supersededBy.indexOf('@');
  const name = parsePackName(at < 0 ? address.name : supersededBy.slice(0, at));
  const version = parsePackVersion(supersededBy.slice(at + 1));
  if (!name.ok || !version.ok) return undefined;
  if (isPrivate(name.value) && namespaceOf(name.value) !== namespaceOf(address.name)) return undefined;
  return { name: name.value, version: version.value };
};
