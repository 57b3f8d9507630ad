// Translates a role's `knowledge_access`, the form of draft 0.1, into the two axes: no entry grants more than it says. Pure.
import { parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type Findings, idAt, listAt, objectAt, refuseRepeats, wordAt } from '../../protocol/findings.ts';
import {
  type BaseId,
  type CapabilityKind,
  type CapabilityVerb,
  capabilityOf,
  OPERATIONS,
  type Operation,
  parseBaseId,
  parseCapabilityKind,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import type { BaseClause, CapabilityClause, RoleAuthority } from './authority.ts';

/** One entry as it was understood: a base, or a capability. */
export type AccessEntry =
  | {
      readonly base: BaseId;
      readonly operations: readonly Operation[];
      readonly versions: BaseClause['versions'];
    }
  | { readonly capability: CapabilityKind };

/** The version of an entry that names none: the narrowest there is. */
const NO_VERSION = 'current';
const NO_OPERATION: readonly Operation[] = ['retrieve'];
export const MOST_ENTRIES = 64;
const LOCAL = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** A version's content id. */
export const cidOr = (text: string): string | undefined => {
  try {
    return parseCid(text);
  } catch (error) {
    if (error instanceof ContentError) return undefined;
    throw error;
  }
};

const readReference = (the: Findings, text: string, where: string): AccessEntry | undefined => {
  const [id = '', version, ...more] = text.split('@');
  const base = idAt(the, id, where, 'kb:<authority>:<workforce>:<name>', parseBaseId);
  const pinned = version === undefined || version === 'current' ? NO_VERSION : cidOr(version);
  if (pinned === undefined || more.length > 0)
    return the.refuse(where, 'Behind "@" stands current, or the content id of a version.');
  return base && { base, operations: NO_OPERATION, versions: pinned === NO_VERSION ? pinned : [pinned] };
};

/** A name that says neither what it is: read as a base of the role's own workforce. */
const readName = (
  the: Findings,
  text: string,
  where: string,
  workforce: WorkforceId,
): AccessEntry | undefined => {
  if (!LOCAL.test(text)) return the.refuse(where, 'It names neither a base nor a capability.');
  const base = parseBaseId(`kb:${workforce.slice('workforce:'.length)}:${text}`);
  return base && { base, operations: NO_OPERATION, versions: NO_VERSION };
};

const readText = (
  the: Findings,
  text: string,
  where: string,
  workforce: WorkforceId,
): AccessEntry | undefined => {
  if (text.startsWith('kb:')) return readReference(the, text, where);
  if (!text.startsWith('capability:')) return readName(the, text, where, workforce);
  const form = 'capability:<authority>:knowledge.<verb>/v1';
  const capability = idAt(the, text, where, form, parseCapabilityKind);
  return capability && { capability };
};

const readObject = (the: Findings, value: unknown, where: string): AccessEntry | undefined => {
  const entry = objectAt(the, value, where, ['knowledge_base_id', 'operations']);
  const id = entry?.['knowledge_base_id'];
  if (typeof id !== 'string') return the.refuse(`${where}/knowledge_base_id`, 'It must name a base.');
  const found = readReference(the, id, `${where}/knowledge_base_id`);
  const named = entry?.['operations'];
  if (named === undefined) return found;
  const length = { least: 1, most: OPERATIONS.length };
  const operations = listAt(the, named, `${where}/operations`, length, (each, at) =>
    wordAt(the, each, at, OPERATIONS),
  );
  refuseRepeats(the, operations, `${where}/operations`);
  return found && { ...found, operations };
};

export const readAccess = (
  the: Findings,
  value: unknown,
  where: string,
  workforce: WorkforceId,
): readonly AccessEntry[] =>
  listAt(the, value, where, { least: 1, most: MOST_ENTRIES }, (each, at) =>
    typeof each === 'string' ? readText(the, each, at, workforce) : readObject(the, each, at),
  );

/** Of the providers here, those by which an operation is done. */
const verbsFor = (operation: Operation): readonly CapabilityVerb[] =>
  operation === 'retrieve' ? ['get', 'list', 'search'] : [operation];

const inferCapabilities = (entries: readonly AccessEntry[]): readonly CapabilityKind[] => {
  const kinds = entries.flatMap((entry) =>
    'base' in entry ? entry.operations.flatMap(verbsFor).map((verb) => capabilityOf(entry.base, verb)) : [],
  );
  return [...new Set(kinds)];
};

const namedCapabilities = (entries: readonly AccessEntry[]): readonly CapabilityKind[] => [
  ...new Set(entries.flatMap((entry) => ('capability' in entry ? [entry.capability] : []))),
];

/** Where capabilities are named, they are all there are; else those by which the named bases are reached. */
export const translateAccess = (entries: readonly AccessEntry[]): RoleAuthority => {
  const named = namedCapabilities(entries);
  const kinds = named.length > 0 ? named : inferCapabilities(entries);
  const bases = entries.flatMap((entry) => ('base' in entry ? [entry] : []));
  return {
    knowledge_bases: bases.map(
      ({ base, operations, versions }, index): BaseClause => ({
        clause: `kb-${index + 1}`,
        knowledge_base_id: base,
        operations,
        versions,
        inferred: true,
      }),
    ),
    knowledge_capabilities: kinds.map(
      (capability_kind, index): CapabilityClause => ({
        clause: `kc-${index + 1}`,
        capability_kind,
        inferred: true,
      }),
    ),
  };
};

/** Which bases an older form names, each with where it does. */
export const basesNamed = (
  entries: readonly AccessEntry[],
): readonly { readonly base: BaseId; readonly index: number }[] =>
  entries.flatMap((entry, index) => ('base' in entry ? [{ base: entry.base, index }] : []));
