// Gives a principal another role, or ends it: at once, on every process, and after whatever it is doing now.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { EventFacts } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { knowledgeEvent } from '../../protocol/knowledge/event.ts';
import { authorityOf, isHuman, type PrincipalId, type RoleId } from '../../protocol/knowledge/ids.ts';
import { requireStillActing } from '../acting-store.ts';
import { actorOf, type Principal } from '../principal.ts';
import { type ManageDeps, requireManaged } from './manage.ts';
import {
  dependentsOf,
  markEnded,
  type PrincipalRow,
  principalWithId,
  setRole,
  stopUseOfPrincipal,
} from './principal-store.ts';
import { requireRoleOf } from './register-principal.ts';

export interface EndDeps extends ManageDeps {
  /** What a principal proposed and nobody decided yet. */
  readonly proposals: {
    /** Whoever decides about them waits, and is waited for. */
    readonly lock: (tx: Tx, proposer: PrincipalId) => Promise<unknown>;
    /** From now on only humans decide about them; how many there are. */
    readonly leaveToHumans: (tx: Tx, proposer: PrincipalId) => Promise<number>;
  };
}

const findManaged = async (the: ManageDeps, by: Principal, id: PrincipalId): Promise<PrincipalRow> =>
  requireManaged(the.sql, by, 'principal', id, await principalWithId(the.sql, id));

/** From then on nobody acts as it until the transaction ends. @throws Fault key_revoked, not_found */
export const holdStill = async (
  the: ManageDeps,
  tx: Tx,
  by: Principal,
  id: PrincipalId,
): Promise<PrincipalRow> => {
  await stopUseOfPrincipal(tx, id);
  await requireStillActing(tx, by, the.now());
  const row = await principalWithId(tx, id);
  if (row !== undefined && row.ended_at === null) return row;
  throw fault('not_found', { principal: id }, 'This principal has ended.');
};

/** @throws Fault forbidden, not_found, validation_error, key_revoked */
export const reassignRole =
  (the: ManageDeps) =>
  async (by: Principal, id: PrincipalId, role: RoleId | null): Promise<PrincipalRow> => {
    const { workforce } = await findManaged(the, by, id);
    await requireRoleOf(the, role, workforce);
    const row = await inTransaction(the.sql, async (tx) => {
      const stands = await holdStill(the, tx, by, id);
      if (stands.role === role) return stands;
      const event = await the.append(tx, {
        kind: 'principal.reassigned',
        actor: actorOf(by),
        subject: `principal:${id}`,
        causationId: stands.event_id,
        data: { workforce, from: stands.role, to: role },
      });
      await setRole(tx, id, role, event.id);
      return { ...stands, role, event_id: event.id };
    });
    the.announce(`principal:${id}`);
    return row;
  };

const requireNobodyBehind = async (tx: Tx, row: PrincipalRow): Promise<void> => {
  const principals = await dependentsOf(tx, row);
  if (principals.length > 0) throw fault('principal_in_use', { principal: row.id, principals });
};

const endOfHuman = (by: Principal, { id, workforce, event_id }: PrincipalRow, open: number): EventFacts => ({
  kind: 'principal.ended',
  actor: actorOf(by),
  subject: `principal:${id}`,
  causationId: event_id,
  data: { workforce, open_contributions: open },
});

/** As the protocol tells it; but whoever staffs a workforce does so as an account. */
const endOfWorker = (by: Principal, row: PrincipalRow, open: number): EventFacts => {
  const { id: worker, workforce, role, event_id } = row;
  const context = {
    subject: worker,
    workforce,
    actor: `runtime:${authorityOf(worker)}`,
    role,
    clauses: [],
    causationId: event_id,
  } as const;
  const facts = knowledgeEvent('WorkerDecommissioned', context, { worker, open_contributions: open });
  return { ...facts, actor: actorOf(by) };
};

const end = async (the: EndDeps, tx: Tx, by: Principal, id: PrincipalId): Promise<void> => {
  await the.proposals.lock(tx, id);
  const row = await holdStill(the, tx, by, id);
  await requireNobodyBehind(tx, row);
  const open = await the.proposals.leaveToHumans(tx, id);
  const event = await the.append(tx, (isHuman(id) ? endOfHuman : endOfWorker)(by, row, open));
  await markEnded(tx, id, event.at, event.id);
};

/** @throws Fault forbidden, not_found, principal_in_use, key_revoked */
export const endPrincipal =
  (the: EndDeps) =>
  async (by: Principal, id: PrincipalId): Promise<void> => {
    await findManaged(the, by, id);
    await inTransaction(the.sql, (tx) => end(the, tx, by, id));
    the.announce(`principal:${id}`);
  };
