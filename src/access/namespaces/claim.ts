// Claims a namespace for an account: first come, and never taken from whoever holds it.

import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { accountExists } from '../access-store.ts';
import { requireStillActing } from '../acting-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, isOperator, type Principal, reachesAll } from '../principal.ts';
import {
  type ClaimRow,
  claimOf,
  countClaims,
  insertClaim,
  lockNames,
  newClaim,
  setGiven,
} from './claim-store.ts';
import { type NamespaceDeps, subjectOf } from './deps.ts';
import { requireFirstCome } from './first-come.ts';
import { lookKeysOf } from './look-store.ts';
import { type NamespaceName, readNamespace } from './names.ts';

export interface ClaimDeps extends NamespaceDeps {
  readonly privateRegistry: boolean;
  /** Whether somebody publishes under it already, as the operator may without a claim. */
  readonly isUsed: (namespace: string) => Promise<boolean>;
  /** Takes into the index of names what is not in it yet. */
  readonly indexNames: () => Promise<void>;
}

const MAX_CLAIMS_OF_ACCOUNT = 64;

/** `core` is given by the operator only; `private` exists only where the registry is private. */
const mayClaim = (the: ClaimDeps, by: Principal, { name: namespace, scope }: NamespaceName): void => {
  if (scope === 'private' && !the.privateRegistry) throw fault('invalid_pack_scope', { namespace });
  if (isOperator(by)) return;
  if (scope === 'core')
    throw fault('forbidden', { namespace }, 'Only the operator gives out core namespaces.');
  if (!reachesAll(by, `${namespace}.*`)) throw fault('pack_namespace_unauthorized', { namespace });
};

/** @throws Fault forbidden, validation_error */
const requireRecipient = async (the: ClaimDeps, by: Principal, account: string): Promise<void> => {
  if (account !== by.account && !isOperator(by)) throw fault('forbidden', { account });
  if (!(await accountExists(the.sql, account)))
    throw fault('validation_error', { account }, 'There is no such account.');
};

const requireUnused = async (
  the: ClaimDeps,
  by: Principal,
  namespace: string,
  account: string,
): Promise<void> => {
  if (isOperator(by) || (await claimOf(the.sql, namespace))?.account === account) return;
  if (!(await the.isUsed(namespace))) return;
  const cure = `the operator gives it out: attestry namespace claim ${namespace} --account ${account}`;
  throw fault('already_exists', { namespace }, `Packs are published under ${namespace} already; ${cure}`);
};

/** First come, but not for all of it. @throws Fault validation_error */
export const requireRoom = async (tx: Tx, by: Principal, account: string): Promise<void> => {
  if (isOperator(by) || (await countClaims(tx, account)) < MAX_CLAIMS_OF_ACCOUNT) return;
  throw fault(
    'validation_error',
    { limit: MAX_CLAIMS_OF_ACCOUNT },
    'This account holds as many namespaces as it may claim.',
  );
};

const record = (the: ClaimDeps, tx: Tx, by: Principal, { namespace, account, given }: ClaimRow) =>
  the.append(tx, {
    kind: 'namespace.claimed',
    actor: actorOf(by),
    subject: subjectOf(namespace),
    sealed: isPrivateNamespace(namespace),
    data: { namespace, account, ...(given ? { given } : {}) },
  });

/** Of what an account holds already, the operator may say that he answers for it. */
const claimAgain = async (the: ClaimDeps, tx: Tx, by: Principal, wanted: ClaimRow, before: ClaimRow) => {
  const { namespace } = wanted;
  if (before.account !== wanted.account)
    throw fault('already_exists', { namespace }, 'Another account holds this namespace.');
  if (before.given || !wanted.given) return before;
  const after = { ...before, given: true };
  await setGiven(tx, namespace);
  await record(the, tx, by, after);
  return after;
};

const claim = async (the: ClaimDeps, tx: Tx, by: Principal, wanted: ClaimRow): Promise<ClaimRow> => {
  const name = readNamespace(wanted.namespace);
  const before = await claimOf(tx, name.name);
  if (before !== undefined) return claimAgain(the, tx, by, wanted, before);
  await requireRoom(tx, by, wanted.account);
  if (!isOperator(by)) await requireFirstCome(tx, name, wanted.account);
  if (!(await insertClaim(tx, wanted, lookKeysOf(name.scope, name.org))))
    throw fault('already_exists', { namespace: name.name }, 'Another account holds this namespace.');
  await record(the, tx, by, wanted);
  return wanted;
};

/**
 * @param account whom it shall belong to; another than one's own only for the operator.
 * @throws Fault forbidden, validation_error, invalid_pack_scope, pack_namespace_unauthorized, already_exists,
 *   namespace_held, key_revoked
 */
export const claimNamespace =
  (the: ClaimDeps) =>
  async (by: Principal, namespace: string, account: string): Promise<ClaimRow> => {
    requireScope(by, 'namespaces:claim');
    mayClaim(the, by, readNamespace(namespace));
    await requireRecipient(the, by, account);
    await requireUnused(the, by, namespace, account);
    await the.indexNames();
    const held = await inTransaction(the.sql, async (tx) => {
      await lockNames(tx);
      await requireStillActing(tx, by, the.now());
      return claim(the, tx, by, newClaim(namespace, account, isOperator(by), the.now()));
    });
    the.announce(subjectOf(namespace));
    return held;
  };
