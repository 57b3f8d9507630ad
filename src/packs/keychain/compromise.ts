// Takes a stolen key back together with everything it signed while a thief may have had it: all of it, or nothing.
import type { Authenticate } from '../../access/authenticate.ts';
import { type DelegationRow, delegationOf, stopUseOfKey } from '../../access/delegation-store.ts';
import type { Body } from '../../access/fields.ts';
import { requireScope } from '../../access/grants.ts';
import { type InForce, requireNewestRoot, underNewestRoot } from '../../access/in-force.ts';
import { listed } from '../../access/listed-key.ts';
import { requireStillHolding } from '../../access/namespaces/held-by.ts';
import { isOperator, type Principal, reachesAll } from '../../access/principal.ts';
import { type RevokeDeps, type RevokeRequest, revokeHeld, stateNow } from '../../access/revoke-key.ts';
import { requireOfPacks } from '../../access/rotation-request.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { Fault, fault } from '../../protocol/faults.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { holdVersions, type TellDeps, tellOf } from '../lifecycle/standing.ts';
import { yankHeld } from '../lifecycle/yank.ts';
import { type CompromiseRequest, endOfBelief, readCompromise } from './compromise-request.ts';
import { firstSignedWithin, type SignedVersion, signedWithin } from './keychain-store.ts';

export interface CompromiseDeps extends RevokeDeps, TellDeps {
  readonly authenticate: Authenticate;
  readonly awaitReceipt: AwaitReceipt;
}

/** What was done, or with `dryRun` would be. */
export interface Compromised extends CompromiseRequest {
  readonly keyId: string;
  readonly versions: readonly SignedVersion[];
  readonly key: DelegationRow;
  /** Undefined where nothing was there to be done. */
  readonly event: RecordedEvent | string | undefined;
  readonly receipt: Receipt | undefined;
}

/** As many as an account may have yanked; one transaction holds all of them. */
export const MOST_AT_ONCE = 2_000;
/** Sealing takes moments; whoever asks need not wait for trouble to end. */
const WAIT_MS = 5_000;

const holdsAll = async (the: CompromiseDeps, by: Principal, row: DelegationRow): Promise<boolean> => {
  if (isOperator(by)) return true;
  for (const pattern of row.namespaces) {
    const namespace = pattern.split('.', 2).join('.').toLowerCase();
    if (!reachesAll(by, pattern) || (await the.holderOfNamespace(namespace)) !== by.account) return false;
  }
  return true;
};

/** Whose namespaces a key speaks for decides, whoever listed it: his packs it is that the thief signed. */
const requireHeld = async (the: CompromiseDeps, by: Principal, keyId: string): Promise<DelegationRow> => {
  const row = await delegationOf(the.sql, keyId);
  if (row === undefined || !(await holdsAll(the, by, row))) throw fault('key_not_found', { keyId });
  return row;
};

const requireFew = (found: readonly SignedVersion[]): void => {
  if (found.length <= MOST_AT_ONCE) return;
  const message = `The key signed more than ${MOST_AT_ONCE} versions then, and so many are yanked at once: take the window in parts, with until.`;
  throw fault('validation_error', { limit: MOST_AT_ONCE }, message);
};

/** Tells how many it is about where the list of what is withdrawn has no room for them. */
const withCount = async <T>(count: number, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.details['limit'] === undefined) throw error;
    const message = `Of ${count} versions none was yanked, and the key stands as before. ${error.message}`;
    throw fault(error.code, { ...error.details, versions: count }, message);
  }
};

const commit = (
  the: CompromiseDeps,
  by: Principal,
  row: DelegationRow,
  revocation: RevokeRequest,
  { window, grounds }: CompromiseRequest,
  statement: string | null,
  inForce: InForce,
): Promise<RecordedEvent | string | undefined> =>
  // The point of no return. Publishes that use the key come before it or not at all, so that the window is closed.
  inTransaction(the.sql, async (tx) => {
    const { key_id: keyId, namespaces } = row;
    await stopUseOfKey(tx, keyId);
    await requireNewestRoot(tx, inForce);
    await requireStillHolding(tx, by, namespaces);
    const found = await signedWithin(tx, keyId, window, MOST_AT_ONCE + 1);
    requireFew(found);
    const held = await holdVersions(the, tx, by, found);
    const event = await revokeHeld(the, tx, by, revocation, statement);
    const yanked = await withCount(found.length, () => yankHeld(the, tx, by, held, grounds, event?.id));
    return event ?? yanked.at(-1)?.event;
  });

const end = (
  the: CompromiseDeps,
  by: Principal,
  row: DelegationRow,
  asked: CompromiseRequest,
): Promise<RecordedEvent | string | undefined> =>
  underNewestRoot(the.trust, async (inForce) => {
    const treeSize = await the.treeSize();
    const first = await firstSignedWithin(the.sql, row.key_id, asked.window);
    const from = endOfBelief(asked.window, first, treeSize);
    const revocation = { keyId: row.key_id, reason: asked.grounds.reason, from };
    return commit(the, by, row, revocation, asked, await stateNow(the, revocation, inForce), inForce);
  });

const tell = async (
  the: CompromiseDeps,
  keyId: string,
  versions: readonly SignedVersion[],
): Promise<void> => {
  the.announce(`key:${keyId}`);
  await tellOf(the, versions);
  const row = await delegationOf(the.sql, keyId);
  if (row !== undefined) await the.stateRevocation(row, WAIT_MS);
  await the.reissueKeyring();
};

const look = async (the: CompromiseDeps, keyId: string, asked: CompromiseRequest) => {
  const versions = await signedWithin(the.sql, keyId, asked.window, MOST_AT_ONCE + 1);
  const key = await delegationOf(the.sql, keyId);
  if (key === undefined) throw fault('key_not_found', { keyId });
  return { ...asked, keyId, versions, key };
};

/**
 * Asking again changes nothing, unless the window is larger.
 * @throws Fault forbidden, key_not_found, validation_error, key_revoked
 */
export const compromiseKey =
  (the: CompromiseDeps) =>
  async (authorization: string | undefined, keyId: string, body: Body): Promise<Compromised> => {
    const by = await the.authenticate(authorization);
    requireScope(by, 'keys:manage');
    const row = await requireHeld(the, by, keyId);
    requireOfPacks(keyId, row.namespaces);
    const asked = readCompromise(body, the.now());
    if (asked.dryRun) return { ...(await look(the, keyId, asked)), event: undefined, receipt: undefined };
    // A revocation that waits for its place cannot be compared with another.
    await the.stateRevocation(row, WAIT_MS);
    const event = await end(the, by, row, asked);
    const done = await look(the, keyId, asked);
    await tell(the, keyId, done.versions);
    const found = event ?? row.revocation_event ?? undefined;
    const receipt = found === undefined ? undefined : await the.awaitReceipt(found);
    return { ...(await look(the, keyId, asked)), event: found, receipt };
  };

/** Where belief in the key ends, as it is listed; null where it does not. */
export const endOf = ({ key }: Compromised, now: Date): number | 'ever' | 'pending' | null =>
  listed(key, now).revocation?.from ?? null;
