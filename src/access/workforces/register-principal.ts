// Registers somebody who acts in a workforce: a human, or a worker with whoever answers for it.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import {
  authorityOf,
  belongsTo,
  isHuman,
  type PrincipalId,
  type RoleId,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import { accountExists } from '../access-store.ts';
import { requireStillActing } from '../acting-store.ts';
import { actorOf, type Principal } from '../principal.ts';
import { type ManageDeps, onlyManaged, requireManager } from './manage.ts';
import {
  countPrincipals,
  insertPrincipal,
  keepPrincipals,
  namesBehind,
  type PrincipalRow,
  principalsWithIds,
  principalWithId,
  stopUseOfPrincipal,
} from './principal-store.ts';
import { roleWithId } from './role-store.ts';

/** Everything here was chosen by the caller. */
export interface PrincipalRequest {
  readonly principal: PrincipalId;
  /** Undefined: the one that a worker's id names, or the only one that the caller manages. */
  readonly workforce: WorkforceId | undefined;
  readonly account: string;
  readonly role: RoleId | undefined;
  readonly owner: PrincipalId | undefined;
  readonly delegatedBy: readonly PrincipalId[];
}

/** The whole closure goes with each of its acts. */
const MOST_BEHIND = 64;
const MOST_OF_ACCOUNT = 256;

const workforceOf = async (
  the: ManageDeps,
  by: Principal,
  { principal, workforce }: PrincipalRequest,
): Promise<WorkforceId> => {
  const [, authority, named] = principal.split(':');
  const own = isHuman(principal) ? undefined : (`workforce:${authority}:${named}` as WorkforceId);
  const wanted = workforce ?? own;
  if (wanted === undefined) return onlyManaged(the.sql, by, authorityOf(principal));
  return (await requireManager(the.sql, by, wanted)).id;
};

const requireFitting = (
  { principal, owner, delegatedBy }: PrincipalRequest,
  workforce: WorkforceId,
): void => {
  if (!belongsTo(principal, workforce)) {
    const message = `${principal} is no name in ${workforce}.`;
    throw fault('validation_error', { field: 'principal' }, message);
  }
  if (isHuman(principal) && owner !== undefined)
    throw fault('validation_error', { field: 'owner' }, 'Nobody answers for a human.');
  if (!isHuman(principal) && owner === undefined)
    throw fault('validation_error', { field: 'owner' }, 'A worker needs an owner, who answers for it.');
  if (owner === principal || delegatedBy.includes(principal))
    throw fault('validation_error', { field: 'owner' }, 'Nobody stands behind himself.');
};

/** @throws Fault validation_error unless the role is one of the workforce's */
export const requireRoleOf = async (
  the: ManageDeps,
  role: RoleId | null,
  workforce: WorkforceId,
): Promise<void> => {
  if (role === null || (await roleWithId(the.sql, role))?.workforce === workforce) return;
  throw fault('validation_error', { field: 'role', role }, `${workforce} has no such role.`);
};

const behindOf = ({ owner, delegatedBy }: PrincipalRequest): readonly PrincipalId[] => [
  ...new Set([...(owner === undefined ? [] : [owner]), ...delegatedBy]),
];

/** Whoever stands behind it was there before it, and keeps standing there: so there are no circles. */
const requireBehind = async (tx: Tx, request: PrincipalRequest, workforce: WorkforceId): Promise<void> => {
  const wanted = behindOf(request);
  const found = await principalsWithIds(tx, wanted);
  const fit = new Set(
    found.filter((row) => row.workforce === workforce && row.ended_at === null).map(({ id }) => id),
  );
  const absent = wanted.filter((id) => !fit.has(id));
  if (absent.length > 0) {
    const message = `Nobody of that name acts in ${workforce}.`;
    throw fault('validation_error', { principals: absent }, message);
  }
  const names = new Set([
    request.principal,
    `account:${request.account}`,
    ...(await namesBehind(tx, wanted)),
  ]);
  if (names.size > MOST_BEHIND)
    throw fault('validation_error', { limit: MOST_BEHIND }, 'Too many stand behind this principal.');
};

const requireRoom = async (tx: Tx, account: string, workforce: WorkforceId): Promise<void> => {
  if ((await countPrincipals(tx, account, workforce)) < MOST_OF_ACCOUNT) return;
  const message = 'This account acts as many principals of this workforce as it may.';
  throw fault('validation_error', { limit: MOST_OF_ACCOUNT }, message);
};

const insert = async (
  the: ManageDeps,
  tx: Tx,
  by: Principal,
  request: PrincipalRequest,
  workforce: WorkforceId,
): Promise<PrincipalRow> => {
  const { principal: id, account, role = null, owner = null, delegatedBy: delegated_by } = request;
  const event = await the.append(tx, {
    kind: 'principal.registered',
    actor: actorOf(by),
    subject: `principal:${id}`,
    data: { workforce, account, role, owner, delegated_by },
  });
  const row: PrincipalRow = {
    id,
    workforce,
    account,
    role,
    owner,
    delegated_by,
    registered_at: event.at,
    public_key: null,
    ended_at: null,
    event_id: event.id,
  };
  await insertPrincipal(tx, row);
  return row;
};

/** @throws Fault forbidden, not_found, validation_error, already_exists, key_revoked */
export const registerPrincipal =
  (the: ManageDeps) =>
  async (by: Principal, request: PrincipalRequest): Promise<PrincipalRow> => {
    const workforce = await workforceOf(the, by, request);
    const { principal, account, role = null } = request;
    requireFitting(request, workforce);
    if (!(await accountExists(the.sql, account)))
      throw fault('validation_error', { account }, 'There is no such account.');
    await requireRoleOf(the, role, workforce);
    const row = await inTransaction(the.sql, async (tx) => {
      await stopUseOfPrincipal(tx, principal);
      await keepPrincipals(tx, behindOf(request));
      await requireStillActing(tx, by, the.now());
      if ((await principalWithId(tx, principal)) !== undefined)
        throw fault('already_exists', { principal }, 'Nobody takes up a name that was used before.');
      await requireBehind(tx, request, workforce);
      await requireRoom(tx, account, workforce);
      return insert(the, tx, by, request, workforce);
    });
    the.announce(`principal:${principal}`);
    return row;
  };
