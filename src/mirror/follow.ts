// Keeps up with what an upstream says later of a version that was mirrored from it: its standing, never its bytes.
import { canonicalText, type JsonValue } from '../../keys/canonical.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import {
  lockStandings,
  type StandingRow,
  setDeprecated,
  setYanked,
} from '../packs/lifecycle/lifecycle-store.ts';
import type { LifecycleDeps } from '../packs/lifecycle/standing.ts';
import { isMirrored, type PackAddress } from '../packs/policy.ts';
import type { EventKind } from '../protocol/event.ts';
import type { AppendEvent } from '../transparency/append.ts';
import type { Origin } from './ingest.ts';
import type { Told } from './listing.ts';
import { setTold, toldIn } from './mirror-store.ts';
import { requireRoom } from './yank-room.ts';

export interface FollowDeps extends Pick<LifecycleDeps, 'activeAdvisoryOf'> {
  readonly sql: Sql;
  readonly append: AppendEvent;
}

export const sameTold = (one: unknown, other: unknown): boolean =>
  canonicalText(one as JsonValue) === canonicalText(other as JsonValue);

const append = (the: FollowDeps, tx: Tx, origin: Origin, row: StandingRow, kind: EventKind, says: object) =>
  the.append(tx, {
    kind,
    actor: origin.actor,
    subject: `pack:${row.name}@${row.version}`,
    data: { name: row.name, version: row.version, ...says },
  });

/** What was said here of the version stands; only what upstream said may upstream take back. */
const followYank = async (
  the: FollowDeps,
  tx: Tx,
  origin: Origin,
  row: StandingRow,
  told: Told,
): Promise<void> => {
  const { yanked } = told;
  if (yanked !== null) {
    if (row.yanked !== null) return;
    await requireRoom(tx, origin.actor);
    const event = await append(the, tx, origin, row, 'pack.yanked', yanked);
    const note = { ...yanked, yankedAt: event.at.toISOString(), yankedBy: origin.actor };
    await setYanked(tx, row, note, event.id);
  } else if (row.yanked !== null && isMirrored(row.yanked.yankedBy)) {
    if ((await the.activeAdvisoryOf(tx, row.name, row.version)) !== undefined) return;
    const event = await append(the, tx, origin, row, 'pack.unyanked', {});
    await setYanked(tx, row, null, event.id);
  }
};

const followDeprecation = async (
  the: FollowDeps,
  tx: Tx,
  origin: Origin,
  row: StandingRow,
  { deprecated }: Told,
): Promise<void> => {
  const ours = row.deprecated !== null && !isMirrored(row.deprecated.deprecatedBy);
  if (ours) return;
  if (deprecated !== null) {
    const event = await append(the, tx, origin, row, 'pack.deprecated', deprecated);
    const note = { ...deprecated, deprecatedAt: event.at.toISOString(), deprecatedBy: origin.actor };
    await setDeprecated(tx, row, note, event.id);
  } else if (row.deprecated !== null) {
    const event = await append(the, tx, origin, row, 'pack.undeprecated', {});
    await setDeprecated(tx, row, null, event.id);
  }
};

/** Whether anything changed: what upstream says now is compared with what it said last, not with how things stand here. */
export const followStanding = (
  the: FollowDeps,
  origin: Origin,
  address: PackAddress,
  told: Told,
): Promise<boolean> =>
  inTransaction(the.sql, async (tx) => {
    const [row] = await lockStandings(tx, [address]);
    const before = await toldIn(tx, address);
    if (row === undefined || row.unpublished !== null || before === undefined) return false;
    if (sameTold(before, told)) return false;
    // The point of no return: rows and events change together.
    if (!sameTold(before.yanked, told.yanked)) await followYank(the, tx, origin, row, told);
    if (!sameTold(before.deprecated, told.deprecated)) await followDeprecation(the, tx, origin, row, told);
    await setTold(tx, address, told);
    return true;
  });
