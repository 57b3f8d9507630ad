// Binds a human to decide for a workforce in one capacity and for a time, and takes that back.
import { randomBytes } from 'node:crypto';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { isHuman, type PrincipalId, type WorkforceId } from '../../protocol/knowledge/ids.ts';
import { requireStillActing } from '../acting-store.ts';
import { actorOf, type Principal } from '../principal.ts';
import {
  type BindingRow,
  bindingWithId,
  type Capacity,
  insertBinding,
  markBindingRevoked,
  stopUseOfBinding,
} from './binding-store.ts';
import { type ManageDeps, requireManaged } from './manage.ts';
import { keepPrincipals, type PrincipalRow, principalWithId } from './principal-store.ts';

/** Everything here was chosen by the caller. */
export interface BindingRequest {
  readonly human: PrincipalId;
  /** The human's, where it is named. */
  readonly workforce?: WorkforceId | undefined;
  readonly capacity: Capacity;
  /** Null: from now on. A binding never begins before it was granted. */
  readonly notBefore: Date | null;
  /** Null: for a year. */
  readonly notAfter: Date | null;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;
const ID_BYTES = 9;

interface Span {
  readonly not_before: Date;
  readonly not_after: Date;
}

const spanOf = ({ notBefore, notAfter }: BindingRequest, now: Date): Span => {
  const not_before = notBefore !== null && notBefore > now ? notBefore : now;
  const not_after = notAfter ?? new Date(not_before.getTime() + YEAR_MS);
  if (not_after > not_before) return { not_before, not_after };
  const message = 'not_after lies before the binding begins.';
  throw fault('validation_error', { field: 'not_after', not_before, not_after }, message);
};

const requireFitting = ({ human, workforce }: BindingRequest, principal: PrincipalRow): void => {
  if (!isHuman(human))
    throw fault('validation_error', { field: 'human' }, 'Only humans are bound to decide.');
  if (workforce !== undefined && workforce !== principal.workforce)
    throw fault('validation_error', { field: 'workforce' }, `${human} acts in ${principal.workforce}.`);
};

const requireInForce = async (tx: Tx, human: PrincipalId): Promise<void> => {
  const row = await principalWithId(tx, human);
  if (row === undefined || row.ended_at !== null)
    throw fault('not_found', { principal: human }, 'This principal has ended.');
};

const grant = async (
  the: ManageDeps,
  tx: Tx,
  by: Principal,
  { id: human, workforce }: PrincipalRow,
  request: BindingRequest,
): Promise<BindingRow> => {
  const id = `bnd_${randomBytes(ID_BYTES).toString('hex')}`;
  const { capacity } = request;
  const span = spanOf(request, the.now());
  const event = await the.append(tx, {
    kind: 'binding.granted',
    actor: actorOf(by),
    subject: `binding:${id}`,
    data: {
      human,
      workforce,
      capacity,
      not_before: span.not_before.toISOString(),
      not_after: span.not_after.toISOString(),
    },
  });
  const facts = { id, human, workforce, capacity, ...span };
  const row: BindingRow = { ...facts, granted_at: event.at, revoked_at: null, event_id: event.id };
  await insertBinding(tx, row);
  return row;
};

/** @throws Fault forbidden, not_found, validation_error, key_revoked */
export const grantBinding =
  (the: ManageDeps) =>
  async (by: Principal, request: BindingRequest): Promise<BindingRow> => {
    const { human } = request;
    const found = await principalWithId(the.sql, human);
    const principal = await requireManaged(the.sql, by, 'principal', human, found);
    requireFitting(request, principal);
    spanOf(request, the.now());
    const row = await inTransaction(the.sql, async (tx) => {
      await keepPrincipals(tx, [human]);
      await requireStillActing(tx, by, the.now());
      await requireInForce(tx, human);
      return grant(the, tx, by, principal, request);
    });
    the.announce(`binding:${row.id}`);
    return row;
  };

/** Takes effect at once, on every process, and after whatever is being decided by it now. */
export const revokeBinding =
  (the: ManageDeps) =>
  async (by: Principal, id: string): Promise<void> => {
    const binding = await requireManaged(the.sql, by, 'binding', id, await bindingWithId(the.sql, id));
    await inTransaction(the.sql, async (tx) => {
      await stopUseOfBinding(tx, id);
      await requireStillActing(tx, by, the.now());
      if (!(await markBindingRevoked(tx, id, the.now()))) throw fault('not_found', { binding: id });
      await the.append(tx, {
        kind: 'binding.revoked',
        actor: actorOf(by),
        subject: `binding:${id}`,
        causationId: binding.event_id,
        data: { human: binding.human, workforce: binding.workforce, capacity: binding.capacity },
      });
    });
    the.announce(`binding:${id}`);
  };
