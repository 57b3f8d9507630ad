// Deprecates a version and takes that back: it stays installable, and everybody learns what to use instead.
import type { Body } from '../../access/fields.ts';
import type { Principal } from '../../access/principal.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { PackAddress } from '../policy.ts';
import {
  type DeprecationGrounds,
  type DeprecationNote,
  readDeprecationGrounds,
  successorOf,
} from './deprecation-note.ts';
import { type StandingRow, setDeprecated, standingOf } from './lifecycle-store.ts';
import {
  appendChange,
  type Changed,
  holdVersion,
  type LifecycleDeps,
  type Receipted,
  readAddress,
  requirePermission,
  subjectOf,
  type VersionRequest,
  withReceipt,
} from './standing.ts';

export interface DeprecateRequest extends VersionRequest {
  readonly body: Body;
}

interface Deprecated extends Changed {
  readonly deprecated: DeprecationNote | null;
}

export type Deprecation = Receipted<Deprecated> & {
  /** What is odd about it, and was taken all the same. */
  readonly warnings: readonly string[];
};

/** What is changed of the version that is held; gives what it says then. */
type Change = (tx: Tx, row: StandingRow) => Promise<Deprecated>;

/**
 * The same grounds again change nothing; other grounds take the place of those before.
 * @throws Fault invalid_pack_name, invalid_version, forbidden, pack_namespace_unauthorized, validation_error,
 *   key_revoked, pack_not_found, pack_version_not_found
 */
export const deprecateVersion =
  (the: LifecycleDeps) =>
  async (request: DeprecateRequest): Promise<Deprecation> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:publish');
    const grounds = readDeprecationGrounds(request.body, address);
    return commit(the, by, address, (tx, row) => deprecate(the, tx, by, row, grounds));
  };

/** A version that is not deprecated stays as it is. @throws Fault as `deprecateVersion` */
export const undeprecateVersion =
  (the: LifecycleDeps) =>
  async (request: VersionRequest): Promise<Deprecation> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:publish');
    return commit(the, by, address, (tx, row) => undeprecate(the, tx, by, row));
  };

const commit = async (
  the: LifecycleDeps,
  by: Principal,
  address: PackAddress,
  change: Change,
): Promise<Deprecation> => {
  // The point of no return: the note and its event are there, or neither.
  const recorded = await inTransaction(the.sql, async (tx) =>
    change(tx, await holdVersion(the, tx, by, address)),
  );
  the.announce(subjectOf(address));
  const warnings = await warningsOf(the, recorded);
  return { ...(await withReceipt(the, recorded)), warnings };
};

/** The successor may be published later; until then users are sent to where nothing is. */
const warningsOf = async (
  { sql }: Pick<LifecycleDeps, 'sql'>,
  recorded: Deprecated,
): Promise<readonly string[]> => {
  const successor = successorOf(recorded.deprecated ?? {}, recorded);
  if (successor === undefined) return [];
  const row = await standingOf(sql, successor);
  if (row !== undefined && row.unpublished === null) return [];
  const { name, version } = successor;
  return [`supersededBy names ${name}@${version}, which is not here: publish it, or deprecate with another.`];
};

const saysTheSame = (note: DeprecationNote | null, grounds: DeprecationGrounds): boolean =>
  note !== null && note.reason === grounds.reason && note.supersededBy === grounds.supersededBy;

const deprecate = async (
  the: LifecycleDeps,
  tx: Tx,
  by: Principal,
  row: StandingRow,
  grounds: DeprecationGrounds,
): Promise<Deprecated> => {
  if (saysTheSame(row.deprecated, grounds)) return unchanged(row);
  const { name, version } = row;
  const event = await appendChange(the, tx, by, row, { kind: 'pack.deprecated', grounds });
  const deprecated = { ...grounds, deprecatedAt: event.at.toISOString(), deprecatedBy: by.account };
  await setDeprecated(tx, row, deprecated, event.id);
  return { name, version, deprecated, event };
};

const undeprecate = async (
  the: LifecycleDeps,
  tx: Tx,
  by: Principal,
  row: StandingRow,
): Promise<Deprecated> => {
  if (row.deprecated === null) return unchanged(row);
  const { name, version } = row;
  const event = await appendChange(the, tx, by, row, { kind: 'pack.undeprecated' });
  await setDeprecated(tx, row, null, event.id);
  return { name, version, deprecated: null, event };
};

const unchanged = ({ name, version, deprecated, deprecation_event_id }: StandingRow): Deprecated => ({
  name,
  version,
  deprecated,
  event: deprecation_event_id ?? undefined,
});
