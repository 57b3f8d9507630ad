// Shows who works in a workforce, in which roles and by which bindings: all of it to its manager, to others their own.
import type { Sql } from '../../database/connect.ts';
import type { WorkforceId } from '../../protocol/knowledge/ids.ts';
import { isOperator, type Principal } from '../principal.ts';
import { type BindingRow, bindingsOf, bindingsOfAccount } from './binding-store.ts';
import { requireManager } from './manage.ts';
import { type PrincipalRow, principalsOfAccount, principalsOfWorkforce } from './principal-store.ts';
import { type RoleRow, rolesOf } from './role-store.ts';
import { type WorkforceRow, workforcesOfAccount, workforcesOfSteward } from './workforce-store.ts';

/** Those one is the steward of or acts in; the operator sees all. */
export const listWorkforces =
  (sql: Sql) =>
  (by: Principal): Promise<readonly WorkforceRow[]> =>
    isOperator(by) ? workforcesOfSteward(sql, null) : workforcesOfAccount(sql, by.account);

/** Whoever acts in a workforce may know what its roles grant. @throws Fault forbidden, not_found */
export const listRoles =
  (sql: Sql) =>
  async (by: Principal, workforce: WorkforceId): Promise<readonly RoleRow[]> => {
    const own = await principalsOfAccount(sql, by.account);
    if (!own.some((each) => each.workforce === workforce)) await requireManager(sql, by, workforce);
    return rolesOf(sql, workforce);
  };

/** Of a workforce, or one's own for null. */
export type WhoseList = WorkforceId | null;

/** @throws Fault forbidden, not_found */
export const listPrincipals =
  (sql: Sql) =>
  async (by: Principal, workforce: WhoseList): Promise<readonly PrincipalRow[]> => {
    if (workforce === null) return principalsOfAccount(sql, by.account);
    return principalsOfWorkforce(sql, (await requireManager(sql, by, workforce)).id);
  };

/** @throws Fault forbidden, not_found */
export const listBindings =
  (sql: Sql) =>
  async (by: Principal, workforce: WhoseList): Promise<readonly BindingRow[]> => {
    if (workforce === null) return bindingsOfAccount(sql, by.account);
    return bindingsOf(sql, (await requireManager(sql, by, workforce)).id);
  };
