// Declares a role once and for all: what it grants follows from its id, and another grant is another version of it.
import { canonicalBytes, canonicalText } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import { authorityOf, type BaseId, ownerOf, type WorkforceId } from '../../protocol/knowledge/ids.ts';
import { requireStillActing } from '../acting-store.ts';
import type { Body } from '../fields.ts';
import { actorOf, type Principal } from '../principal.ts';
import type { RoleAuthority } from './authority.ts';
import { optional, roleField, workforceField } from './fields.ts';
import { type AccessEntry, basesNamed, translateAccess } from './knowledge-access.ts';
import { type ManageDeps, onlyManaged, requireManager } from './manage.ts';
import { type DeclaredRole, readRole } from './role-form.ts';
import { insertRole, lockRole, type RoleRow, roleWithId } from './role-store.ts';

export interface DeclareDeps extends ManageDeps {
  /** Those of the bases that are registered. */
  readonly knownBases: (ids: readonly BaseId[]) => Promise<ReadonlySet<BaseId>>;
}

/** What the older form names has to be there already: a misspelt name must not become a grant later. */
const requireKnown = async (
  the: DeclareDeps,
  entries: readonly AccessEntry[],
  workforce: WorkforceId,
): Promise<void> => {
  const named = basesNamed(entries);
  const known = await the.knownBases(named.map(({ base }) => base));
  const unknown = named.filter(({ base }) => ownerOf(base) !== workforce || !known.has(base));
  if (unknown.length === 0) return;
  const violations = unknown.map(({ base, index }) => ({
    code: 'knowledge_base_not_found',
    where: `/knowledge_access/${index}`,
    message: `${workforce} has no base ${base}.`,
  }));
  throw fault('validation_error', { violations }, 'The role names bases that are not there.');
};

const authorityFrom = async (
  the: DeclareDeps,
  declared: DeclaredRole,
  workforce: WorkforceId,
): Promise<RoleAuthority> => {
  if ('grant' in declared) return declared.grant;
  await requireKnown(the, declared.entries, workforce);
  return translateAccess(declared.entries);
};

/** The role as it stands already. @throws Fault already_exists where it is another one */
const requireSame = (row: RoleRow, { role, declared }: DeclaredRole, workforce: WorkforceId): RoleRow => {
  if (row.workforce === workforce && canonicalText(row.declared) === canonicalText(declared)) return row;
  const message = 'A role is never changed: declare its next version instead.';
  throw fault('already_exists', { role }, message);
};

const declare = async (
  the: DeclareDeps,
  tx: Tx,
  by: Principal,
  { role: id, declared }: DeclaredRole,
  workforce: WorkforceId,
  authority: RoleAuthority,
): Promise<RoleRow> => {
  const event = await the.append(tx, {
    kind: 'role.declared',
    actor: actorOf(by),
    subject: id,
    data: {
      workforce,
      authority_hash: namedDigest(canonicalBytes(authority)),
      inferred: 'knowledge_access' in declared,
    },
  });
  const row: RoleRow = { id, workforce, authority, declared, declared_at: event.at, event_id: event.id };
  await insertRole(tx, row);
  return row;
};

export interface Declaration {
  readonly role: RoleRow;
  /** False where it had been declared with the same content before. */
  readonly created: boolean;
}

const workforceFor = async (the: DeclareDeps, by: Principal, body: Body): Promise<WorkforceId> => {
  const named = optional(workforceField, body, 'workforce');
  if (named === undefined) return onlyManaged(the.sql, by, authorityOf(roleField(body, 'role')));
  return (await requireManager(the.sql, by, named)).id;
};

/** @throws Fault forbidden, not_found, validation_error, already_exists, key_revoked */
export const declareRole =
  (the: DeclareDeps) =>
  async (by: Principal, body: Body): Promise<Declaration> => {
    const workforce = await workforceFor(the, by, body);
    const declared = readRole(body, workforce);
    const before = await roleWithId(the.sql, declared.role);
    const authority = before?.authority ?? (await authorityFrom(the, declared, workforce));
    const done = await inTransaction(the.sql, async (tx): Promise<Declaration> => {
      await lockRole(tx, declared.role);
      await requireStillActing(tx, by, the.now());
      const stands = await roleWithId(tx, declared.role);
      if (stands !== undefined) return { role: requireSame(stands, declared, workforce), created: false };
      return { role: await declare(the, tx, by, declared, workforce, authority), created: true };
    });
    the.announce(declared.role);
    return done;
  };
