// What a deprecation says for itself, read from a request and kept with the version. Pure.
import type { Body } from '../../access/fields.ts';
import { parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import type { PackAddress } from '../policy.ts';
import { readReason, wrongField } from './reason.ts';

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
