// Yanks a version and takes that back: its bytes stay served, and everybody learns how it stands.
import { requireStillActing } from '../../access/acting-store.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import type { Body } from '../../access/fields.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { actorOf, isOperator, type Principal, type TokenScope } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { EventFacts, RecordedEvent } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { namespaceOf, type PackName } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AppendEvent } from '../../transparency/append.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { isPrivate, type PackAddress, readName, readVersion, requireYankRoom } from '../policy.ts';
import { countYanked, lockStanding, type StandingRow, setYanked } from './lifecycle-store.ts';
import { readYankGrounds, type YankGrounds, type YankNote } from './yank-note.ts';

export interface LifecycleDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  readonly append: AppendEvent;
  /** Makes the change visible to readers of every process. */
  readonly announce: (subject: string) => void;
  /** Issues the list that says what was just committed. */
  readonly reissueWithdrawals: () => Promise<void>;
  readonly awaitReceipt: AwaitReceipt;
}

/** Everything here was chosen by the caller. */
export interface UnyankRequest {
  readonly name: string;
  readonly version: string;
  readonly authorization: string | undefined;
}

export interface YankRequest extends UnyankRequest {
  readonly body: Body;
}

/** How a version stands in the database; its event may still wait for its seal. */
interface Recorded extends PackAddress {
  readonly yanked: YankNote | null;
  /** The event that made it so, or its id where that was before; undefined where there never was one. */
  readonly event: RecordedEvent | string | undefined;
}

/** How a version stands, and where the log says so. */
export interface Standing extends Recorded {
  /** Undefined where the seal is late, and where there is no event. */
  readonly receipt: Receipt | undefined;
}

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
    const recorded = await inTransaction(the.sql, (tx) => yank(the, tx, by, address, grounds));
    await tellOf(the, address);
    return withReceipt(the, recorded);
  };

/** A version that is not yanked stays as it is. The yank stays in the log. @throws Fault as `yankVersion`. */
export const unyankVersion =
  (the: LifecycleDeps) =>
  async (request: UnyankRequest): Promise<Standing> => {
    const address = readAddress(request);
    const by = await requirePermission(the, request, address.name, 'packs:yank-revert');
    const recorded = await inTransaction(the.sql, (tx) => unyank(the, tx, by, address));
    await tellOf(the, address);
    return withReceipt(the, recorded);
  };

/** In whichever tree: a (name, version) is there once. */
const readAddress = ({ name, version }: UnyankRequest): PackAddress => ({
  name: readName(name),
  version: readVersion(version),
});

const requirePermission = async (
  the: LifecycleDeps,
  { authorization }: UnyankRequest,
  name: PackName,
  scope: TokenScope,
): Promise<Principal> => {
  const by = await the.authenticate(authorization);
  requireScope(by, scope);
  const namespace = namespaceOf(name);
  const holder = await the.holderOfNamespace(namespace);
  try {
    requireNamespace(by, name, namespace, holder);
  } catch (refusal) {
    // Of a private pack, others must not even learn that it is there.
    throw isPrivate(name) ? fault('pack_not_found', { name }) : refusal;
  }
  return by;
};

const requireStanding = async (
  the: LifecycleDeps,
  tx: Tx,
  by: Principal,
  { name, version }: PackAddress,
): Promise<StandingRow> => {
  const row = await lockStanding(tx, name, version);
  await requireStillActing(tx, by, the.now());
  if (row === undefined) throw fault('pack_version_not_found', { name, version });
  return row;
};

const yank = async (
  the: LifecycleDeps,
  tx: Tx,
  by: Principal,
  address: PackAddress,
  grounds: YankGrounds,
): Promise<Recorded> => {
  const row = await requireStanding(the, tx, by, address);
  if (row.yanked !== null) return unchanged(address, row);
  requireYankRoom(await countYanked(tx, by.account), isOperator(by));
  const event = await the.append(tx, {
    kind: 'pack.yanked',
    ...factsOf(by, address),
    data: { ...address, ...grounds },
  });
  const yanked = { ...grounds, yankedAt: event.at.toISOString(), yankedBy: by.account };
  await setYanked(tx, address.name, address.version, yanked, event.id);
  return { ...address, yanked, event };
};

const unyank = async (the: LifecycleDeps, tx: Tx, by: Principal, address: PackAddress): Promise<Recorded> => {
  const row = await requireStanding(the, tx, by, address);
  if (row.yanked === null) return unchanged(address, row);
  const event = await the.append(tx, {
    kind: 'pack.unyanked',
    ...factsOf(by, address),
    data: { ...address },
  });
  await setYanked(tx, address.name, address.version, null, event.id);
  return { ...address, yanked: null, event };
};

const unchanged = (address: PackAddress, { yanked, standing_event_id }: StandingRow): Recorded => ({
  ...address,
  yanked,
  event: standing_event_id ?? undefined,
});

const withReceipt = async (the: LifecycleDeps, recorded: Recorded): Promise<Standing> => {
  const { event } = recorded;
  return { ...recorded, receipt: event === undefined ? undefined : await the.awaitReceipt(event) };
};

const subjectOf = ({ name, version }: PackAddress): string => `pack:${name}@${version}`;

const factsOf = (by: Principal, address: PackAddress): Omit<EventFacts, 'kind' | 'data'> => ({
  actor: actorOf(by),
  subject: subjectOf(address),
  sealed: isPrivate(address.name),
});

/** Said again where nothing changed: whoever repeats a request may do so because this was not reached. */
const tellOf = async (the: LifecycleDeps, address: PackAddress): Promise<void> => {
  the.announce(subjectOf(address));
  await the.reissueWithdrawals();
};
