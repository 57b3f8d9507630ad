// Unpublishes a version in its first days: it is gone for readers, and its name and number stay taken for ever.
import type { Body } from '../../access/fields.ts';
import { requireStillHolding } from '../../access/namespaces/held-by.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { requireYankRoom } from '../policy.ts';
import { countWithdrawn, type StandingRow, setUnpublished } from './lifecycle-store.ts';
import {
  appendChange,
  type Changed,
  holdVersions,
  type LifecycleDeps,
  type Receipted,
  readAddress,
  requirePermission,
  tellOf,
  type VersionRequest,
  withReceipt,
} from './standing.ts';
import {
  readUnpublishGrounds,
  requireWindow,
  type UnpublishGrounds,
  type UnpublishNote,
} from './unpublish-note.ts';

export interface UnpublishRequest extends VersionRequest {
  readonly body: Body;
  /** The reason as the address gives it. */
  readonly reasonInQuery: unknown;
}

interface Unpublished extends Changed {
  readonly unpublished: UnpublishNote;
}

export type Tombstone = Receipted<Unpublished>;

/**
 * A version that is unpublished already stays so.
 * @throws Fault invalid_pack_name, invalid_version, forbidden, pack_namespace_unauthorized, validation_error,
 *   key_revoked, pack_not_found, pack_version_not_found, unpublish_window_expired
 */
export const unpublishVersion =
  (the: LifecycleDeps) =>
  async (request: UnpublishRequest): Promise<Tombstone> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:publish');
    const grounds = readUnpublishGrounds(request.body, request.reasonInQuery);
    // The point of no return: the tombstone stands with its event, or neither does. The bytes go with a later sweep.
    const recorded = await inTransaction(the.sql, async (tx) => {
      await requireStillHolding(tx, by, [address.name]);
      const [row] = await holdVersions(the, tx, by, [address]);
      if (row === undefined) throw fault('pack_version_not_found', { ...address });
      return unpublish(the, tx, by, row, grounds);
    });
    await tellOf(the, [address]);
    return withReceipt(the, recorded);
  };

/** A version that is yanked stands in the signed list already. */
const requireRoom = async (tx: Tx, by: Principal, { yanked }: StandingRow): Promise<void> => {
  if (yanked === null) requireYankRoom(await countWithdrawn(tx, by.account), isOperator(by));
};

const unpublish = async (
  the: LifecycleDeps,
  tx: Tx,
  by: Principal,
  row: StandingRow,
  grounds: UnpublishGrounds,
): Promise<Unpublished> => {
  const { name, version } = row;
  if (row.unpublished !== null)
    return { name, version, unpublished: row.unpublished, event: row.unpublished_event_id ?? undefined };
  requireWindow(row.published_at, the.now());
  await requireRoom(tx, by, row);
  const event = await appendChange(the, tx, by, row, { kind: 'pack.unpublished', grounds });
  const unpublished = { ...grounds, unpublishedAt: event.at.toISOString(), unpublishedBy: by.account };
  await setUnpublished(tx, row, unpublished, event.id);
  return { name, version, unpublished, event };
};
