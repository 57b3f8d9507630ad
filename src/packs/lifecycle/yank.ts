// Yanks versions and takes that back: their bytes stay served, and everybody learns how they stand.
import type { Body } from '../../access/fields.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { requireYankRoom } from '../policy.ts';
import { countWithdrawn, revokedKeyOf, type StandingRow, setYanked, setYanks } from './lifecycle-store.ts';
import {
  appendChange,
  type Changed,
  holdVersion,
  type LifecycleDeps,
  type Receipted,
  readAddress,
  requirePermission,
  type StepDeps,
  tellOf,
  type VersionRequest,
  withReceipt,
} from './standing.ts';
import { readYankGrounds, type YankGrounds, type YankNote } from './yank-note.ts';

export interface YankRequest extends VersionRequest {
  readonly body: Body;
}

interface Yanked extends Changed {
  readonly yanked: YankNote | null;
}

/** How a version stands, and where the log says so. */
export type Standing = Receipted<Yanked>;

/**
 * A version that is yanked already stays as it is.
 * @throws Fault invalid_pack_name, invalid_version, forbidden, pack_namespace_unauthorized, validation_error,
 *   key_revoked, pack_not_found, pack_version_not_found
 */
export const yankVersion =
  (the: LifecycleDeps) =>
  async (request: YankRequest): Promise<Standing> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:yank');
    const grounds = readYankGrounds(request.body);
    // The point of no return: the version stands otherwise, and its event is there, or neither.
    const [recorded] = await inTransaction(the.sql, async (tx) =>
      yankHeld(the, tx, by, [await holdVersion(the, tx, by, address)], grounds),
    );
    if (recorded === undefined) throw new Error('a version that was there was not yanked');
    await tellOf(the, [address]);
    return withReceipt(the, recorded);
  };

/**
 * A version that is not yanked stays as it is. The yank stays in the log.
 * @throws Fault as `yankVersion`, advisory_active, and key_revoked_version
 */
export const unyankVersion =
  (the: LifecycleDeps) =>
  async (request: VersionRequest): Promise<Standing> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:yank-revert');
    // The point of no return, as of a yank.
    const recorded = await inTransaction(the.sql, async (tx) =>
      unyank(the, tx, by, await holdVersion(the, tx, by, address)),
    );
    await tellOf(the, [address]);
    return withReceipt(the, recorded);
  };

/**
 * The step of a transaction that yanks many versions at once, each with an event of its own: those that are unpublished
 * are passed over, those that are yanked already stay as they are. Whoever holds them (`holdVersions`) before anything
 * is written yanks them so; after the commit say `tellOf`.
 * @param causationId the event for which they are yanked
 * @throws Fault validation_error where the signed list would not hold them all
 */
export const yankHeld = async (
  the: StepDeps,
  tx: Tx,
  by: Principal,
  held: readonly StandingRow[],
  grounds: YankGrounds,
  causationId: string | null = null,
): Promise<readonly Yanked[]> => {
  const there = held.filter(({ unpublished }) => unpublished === null);
  const more = there.filter(({ yanked }) => yanked === null).length;
  if (more > 0) requireYankRoom(await countWithdrawn(tx, by.account), isOperator(by), more);
  const recorded: Yanked[] = [];
  for (const row of there)
    recorded.push(
      row.yanked === null ? await recordYank(the, tx, by, row, grounds, causationId) : unchanged(row),
    );
  await setYanks(tx, recorded.filter(isNew));
  return recorded;
};

type NewYank = Yanked & { readonly yanked: YankNote; readonly event: RecordedEvent };

const isNew = (yank: Yanked): yank is NewYank => typeof yank.event === 'object';

const recordYank = async (
  the: StepDeps,
  tx: Tx,
  by: Principal,
  row: StandingRow,
  grounds: YankGrounds,
  causationId: string | null,
): Promise<NewYank> => {
  const { name, version } = row;
  const event = await appendChange(the, tx, by, row, { kind: 'pack.yanked', grounds, causationId });
  const yanked = { ...grounds, yankedAt: event.at.toISOString(), yankedBy: by.account };
  return { name, version, yanked, event };
};

const unyank = async (the: LifecycleDeps, tx: Tx, by: Principal, row: StandingRow): Promise<Yanked> => {
  if (row.yanked === null) return unchanged(row);
  const { name, version } = row;
  const advisory = await the.activeAdvisoryOf(tx, name, version);
  if (advisory !== undefined) throw fault('advisory_active', { name, version, advisory });
  const keyId = await revokedKeyOf(tx, row);
  if (keyId !== undefined) throw fault('key_revoked_version', { name, version, keyId });
  const event = await appendChange(the, tx, by, row, { kind: 'pack.unyanked' });
  await setYanked(tx, row, null, event.id);
  return { name, version, yanked: null, event };
};

const unchanged = ({ name, version, yanked, standing_event_id }: StandingRow): Yanked => ({
  name,
  version,
  yanked,
  event: standing_event_id ?? undefined,
});
