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
import { holdUpstream, type Origin } from './ground-store.ts';
import type { Told } from './listing.ts';
import { changesSince, setTold, toldIn } from './mirror-store.ts';
import { SyncEnd } from './trouble.ts';
import { requireRoom } from './yank-room.ts';

export interface FollowDeps extends Pick<LifecycleDeps, 'activeAdvisoryOf'> {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly append: AppendEvent;
}

/** An upstream that says yes and no in turn would fill the log: so often in so long it is heard. */
const MOST_CHANGES = 8;
const WITHIN_MS = 24 * 60 * 60_000;

/** However often it changed its word, a warning is heard. */
const warningsOnly = (before: Told, told: Told): Told => ({
  ...before,
  yanked: before.yanked ?? told.yanked,
});

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

/** `restless`: it changed too often, and is heard later. */
export type Followed = 'changed' | 'same' | 'restless';

/** What upstream says now is compared with what it said last, not with how things stand here. */
export const followStanding = (
  the: FollowDeps,
  origin: Origin,
  address: PackAddress,
  told: Told,
): Promise<Followed> =>
  inTransaction(the.sql, async (tx) => {
    if (!(await holdUpstream(tx, origin))) throw new SyncEnd('upstream_removed');
    const [row] = await lockStandings(tx, [address]);
    const before = await toldIn(tx, address);
    if (row === undefined || row.unpublished !== null || before === undefined) return 'same';
    if (sameTold(before, told)) return 'same';
    const since = new Date(the.now().getTime() - WITHIN_MS);
    const isRestless = (await changesSince(tx, address, since)) >= MOST_CHANGES;
    const heard = isRestless ? warningsOnly(before, told) : told;
    // The point of no return: rows and events change together.
    if (!sameTold(before.yanked, heard.yanked)) await followYank(the, tx, origin, row, heard);
    if (!sameTold(before.deprecated, heard.deprecated)) await followDeprecation(the, tx, origin, row, heard);
    await setTold(tx, address, heard);
    return isRestless ? 'restless' : 'changed';
  });
