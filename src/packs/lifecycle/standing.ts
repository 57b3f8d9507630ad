// What all that change how a version stands have in common: who may, which version, and how it is told.
import { requireStillActing } from '../../access/acting-store.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { requireStillHolding } from '../../access/namespaces/held-by.ts';
import { actorOf, type Principal, type TokenScope } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import type { EventFacts, RecordedEvent } from '../../protocol/event.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { namespaceOf, type PackName, type PackVersion } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AppendEvent } from '../../transparency/append.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { isPrivate, type PackAddress, readName, readVersion } from '../policy.ts';
import { lockStandings, type StandingRow } from './lifecycle-store.ts';
import { unpublishedDetails } from './unpublish-note.ts';

/** What the step of a transaction needs that changes how versions stand. */
export interface StepDeps {
  readonly now: () => Date;
  readonly append: AppendEvent;
}

export interface TellDeps {
  /** Makes the change visible to readers of every process. */
  readonly announce: (subject: string) => void;
  /** Issues the list that says what was just committed. */
  readonly reissueWithdrawals: () => Promise<void>;
}

export interface LifecycleDeps extends StepDeps, TellDeps {
  readonly sql: Sql;
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  readonly awaitReceipt: AwaitReceipt;
  /** The id of an advisory in force that names the version; asked while nobody else can change how it stands. */
  readonly activeAdvisoryOf: (tx: Tx, name: PackName, version: PackVersion) => Promise<string | undefined>;
}

/** Everything here was chosen by the caller. */
export interface VersionRequest {
  readonly name: string;
  readonly version: string;
  readonly authorization: string | undefined;
}

/** What became of a version in the database; its event may still wait for its seal. */
export interface Changed extends PackAddress {
  /** The event that made it so, or its id where that was before; undefined where there never was one. */
  readonly event: RecordedEvent | string | undefined;
}

/** The same, and where the log says so. */
export type Receipted<C extends Changed> = C & {
  /** Undefined where the seal is late, and where there is no event. */
  readonly receipt: Receipt | undefined;
};

/** In whichever tree: a (name, version) is there once. */
export const readAddress = ({ name, version }: Pick<VersionRequest, 'name' | 'version'>): PackAddress => ({
  name: readName(name),
  version: readVersion(version),
});

/** @throws Fault unauthenticated, key_expired, key_revoked, forbidden, pack_namespace_unauthorized, pack_not_found */
export const requirePermission = async (
  the: Pick<LifecycleDeps, 'authenticate' | 'holderOfNamespace'>,
  { authorization }: Pick<VersionRequest, 'authorization'>,
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

/**
 * The rows of those versions that are there, tombstones among them: nobody else changes how they stand until the
 * transaction ends, and the token stays in force. Say it before anything is written.
 * @throws Fault key_revoked
 */
export const holdVersions = async (
  the: Pick<StepDeps, 'now'>,
  tx: Tx,
  by: Principal,
  addresses: readonly PackAddress[],
): Promise<readonly StandingRow[]> => {
  const rows = await lockStandings(tx, addresses);
  await requireStillActing(tx, by, the.now());
  return rows;
};

const notThere = (address: PackAddress, row: StandingRow | undefined): Fault =>
  fault(
    'pack_version_not_found',
    row?.unpublished ? unpublishedDetails(address, row.unpublished) : { ...address },
    row?.unpublished ? 'This version was unpublished: nothing changes how it stands any more.' : undefined,
  );

/** @throws Fault pack_namespace_unauthorized, key_revoked, pack_version_not_found */
export const holdVersion = async (
  the: Pick<StepDeps, 'now'>,
  tx: Tx,
  by: Principal,
  address: PackAddress,
): Promise<StandingRow> => {
  await requireStillHolding(tx, by, [address.name]);
  const [row] = await holdVersions(the, tx, by, [address]);
  if (row === undefined || row.unpublished !== null) throw notThere(address, row);
  return row;
};

export const subjectOf = ({ name, version }: PackAddress): string => `pack:${name}@${version}`;

/** What the event of a change says, beside who changed which version. */
type ChangeFacts = Pick<EventFacts, 'kind' | 'causationId'> & { readonly grounds?: object };

/** The event of a change of the version that is held, in the transaction that changes it. */
export const appendChange = (
  the: Pick<StepDeps, 'append'>,
  tx: Tx,
  by: Principal,
  { name, version }: PackAddress,
  { kind, grounds = {}, causationId = null }: ChangeFacts,
): Promise<RecordedEvent> =>
  the.append(tx, {
    kind,
    actor: actorOf(by),
    subject: subjectOf({ name, version }),
    sealed: isPrivate(name),
    data: { name, version, ...grounds },
    causationId,
  });

/** Said again where nothing changed: whoever repeats a request may do so because this was not reached. */
export const tellOf = async (the: TellDeps, addresses: readonly PackAddress[]): Promise<void> => {
  for (const address of addresses) the.announce(subjectOf(address));
  await the.reissueWithdrawals();
};

export const withReceipt = async <C extends Changed>(
  the: Pick<LifecycleDeps, 'awaitReceipt'>,
  changed: C,
): Promise<Receipted<C>> => {
  const { event } = changed;
  return { ...changed, receipt: event === undefined ? undefined : await the.awaitReceipt(event) };
};
