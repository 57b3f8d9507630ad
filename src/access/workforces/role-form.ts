// Reads a role as it is declared, in the form of two axes or in the older one, and says everything that is wrong. Pure.
import type { JsonObject } from '../../../keys/canonical.ts';
import {
  asJson,
  type Findings,
  idAt,
  listAt,
  newFindings,
  objectAt,
  refuseRepeats,
  requireNothing,
  wordAt,
} from '../../protocol/findings.ts';
import {
  authorityOf,
  OPERATIONS,
  ownerOf,
  parseBaseId,
  parseCapabilityKind,
  parseRoleId,
  type RoleId,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import type { Body } from '../fields.ts';
import type { BaseClause, CapabilityClause, RoleAuthority } from './authority.ts';
import { type AccessEntry, cidOr, readAccess } from './knowledge-access.ts';

export type DeclaredRole = {
  readonly role: RoleId;
  /** As it was sent, as far as it was understood; two declarations are the same where these are. */
  readonly declared: JsonObject;
} & ({ readonly grant: RoleAuthority } | { readonly entries: readonly AccessEntry[] });

const MOST_CLAUSES = 256;
const MOST_VERSIONS = 64;
const CLAUSE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const readClause = (the: Findings, value: unknown, where: string): string | undefined =>
  idAt(the, value, where, 'like kb-1: lower-case letters, digits and . _ -', (text) =>
    CLAUSE.test(text) ? text : undefined,
  );

const readVersions = (the: Findings, value: unknown, where: string): BaseClause['versions'] | undefined => {
  if (value === 'current' || value === 'any') return value;
  if (!Array.isArray(value)) return the.refuse(where, 'It must be current, any, or a list of versions.');
  const versions = listAt(the, value, where, { least: 1, most: MOST_VERSIONS }, (each, at) =>
    idAt(the, each, at, 'as the content id of a version', cidOr),
  );
  refuseRepeats(the, versions, where);
  return versions;
};

const readBaseClause = (
  the: Findings,
  value: unknown,
  where: string,
  workforce: WorkforceId,
): BaseClause | undefined => {
  const members = ['clause', 'knowledge_base_id', 'operations', 'versions'];
  const found = objectAt(the, value, where, members);
  if (found === undefined) return undefined;
  const clause = readClause(the, found['clause'], `${where}/clause`);
  const form = 'kb:<authority>:<workforce>:<name>';
  const base = idAt(the, found['knowledge_base_id'], `${where}/knowledge_base_id`, form, parseBaseId);
  const length = { least: 1, most: OPERATIONS.length };
  const operations = listAt(the, found['operations'], `${where}/operations`, length, (each, at) =>
    wordAt(the, each, at, OPERATIONS),
  );
  refuseRepeats(the, operations, `${where}/operations`);
  const versions = readVersions(the, found['versions'], `${where}/versions`);
  if (base !== undefined && ownerOf(base) !== workforce && operations.some((each) => each !== 'retrieve'))
    the.refuse(`${where}/operations`, 'A base of another workforce can only be retrieved.');
  if (clause === undefined || base === undefined || versions === undefined) return undefined;
  return { clause, knowledge_base_id: base, operations, versions };
};

const readCapabilityClause = (the: Findings, value: unknown, where: string): CapabilityClause | undefined => {
  const found = objectAt(the, value, where, ['clause', 'capability_kind']);
  if (found === undefined) return undefined;
  const clause = readClause(the, found['clause'], `${where}/clause`);
  const form = 'capability:<authority>:knowledge.<verb>/v1';
  const kind = idAt(the, found['capability_kind'], `${where}/capability_kind`, form, parseCapabilityKind);
  return clause === undefined || kind === undefined ? undefined : { clause, capability_kind: kind };
};

const readGrant = (the: Findings, value: unknown, where: string, workforce: WorkforceId): RoleAuthority => {
  const found = objectAt(the, value, where, ['knowledge_bases', 'knowledge_capabilities']) ?? {};
  const [bases, capabilities] = [`${where}/knowledge_bases`, `${where}/knowledge_capabilities`];
  const grant: RoleAuthority = {
    knowledge_bases: listAt(the, found['knowledge_bases'], bases, { most: MOST_CLAUSES }, (each, at) =>
      readBaseClause(the, each, at, workforce),
    ),
    knowledge_capabilities: listAt(
      the,
      found['knowledge_capabilities'],
      capabilities,
      { most: MOST_CLAUSES },
      (each, at) => readCapabilityClause(the, each, at),
    ),
  };
  // Events name clauses by these alone, of whichever axis.
  const clauses = [...grant.knowledge_bases, ...grant.knowledge_capabilities].map(({ clause }) => clause);
  refuseRepeats(the, clauses, where);
  return grant;
};

const readRoleId = (the: Findings, value: unknown, workforce: WorkforceId): RoleId | undefined => {
  const role = idAt(the, value, '/role', 'role:<authority>:<name>/v<n>', parseRoleId);
  if (role !== undefined && authorityOf(role) !== authorityOf(workforce))
    return the.refuse('/role', `It must be of the authority ${authorityOf(workforce)}.`);
  return role;
};

const readEither = (the: Findings, body: Body, workforce: WorkforceId) => {
  if (body['knowledge_access'] === undefined) {
    const grant = readGrant(the, body['authority_grant'], '/authority_grant', workforce);
    return { grant, declared: asJson({ authority_grant: grant }) };
  }
  if (body['authority_grant'] !== undefined)
    the.refuse('/knowledge_access', 'A role is declared in one form, and authority_grant is the newer.');
  const entries = readAccess(the, body['knowledge_access'], '/knowledge_access', workforce);
  return { entries, declared: asJson({ knowledge_access: body['knowledge_access'] as object }) };
};

/** @throws Fault validation_error with every violation */
export const readRole = (body: Body, workforce: WorkforceId): DeclaredRole => {
  const the = newFindings();
  objectAt(the, body, '', ['workforce', 'role', 'authority_grant', 'knowledge_access']);
  const role = readRoleId(the, body['role'], workforce);
  const either = readEither(the, body, workforce);
  requireNothing(the);
  return { role: role as RoleId, ...either };
};
