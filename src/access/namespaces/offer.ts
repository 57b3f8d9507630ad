// Offers a namespace to another account, and takes the offer back or declines it.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { EventKind } from '../../protocol/event.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { accountExists } from '../access-store.ts';
import { requireStillActing } from '../acting-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, isOperator, type Principal, reachesAll } from '../principal.ts';
import { claimOf, lockNamespace } from './claim-store.ts';
import { type NamespaceDeps, subjectOf } from './deps.ts';
import { requireClaim } from './held-by.ts';
import { type NamespaceName, readNamespace } from './names.ts';
import { deleteOffer, type OfferRow, offerOf, putOffer } from './offer-store.ts';

const OFFER_MS = 7 * 24 * 60 * 60 * 1_000;

/** Who is talking with whom is nobody else's business: what became of it is told by the transfer. */
const record = (
  the: NamespaceDeps,
  tx: Tx,
  kind: EventKind,
  by: Principal,
  { namespace, account }: OfferRow,
) =>
  the.append(tx, {
    kind,
    actor: actorOf(by),
    subject: subjectOf(namespace),
    sealed: true,
    data: { namespace, account },
  });

/** @throws Fault forbidden */
const mayGiveAway = (by: Principal, { name, scope }: NamespaceName): void => {
  if (scope === 'core' && !isOperator(by))
    throw fault('forbidden', { namespace: name }, 'Only the operator gives out core namespaces.');
};

/** @throws Fault validation_error */
export const requireOther = async (the: NamespaceDeps, account: string, holder: string): Promise<void> => {
  if (account === holder)
    throw fault('validation_error', { account }, 'This account holds the namespace already.');
  if (!(await accountExists(the.sql, account)))
    throw fault('validation_error', { account }, 'There is no such account.');
};

const offer = async (the: NamespaceDeps, tx: Tx, by: Principal, wanted: OfferRow, holder: string) => {
  const { namespace, account } = wanted;
  if ((await claimOf(tx, namespace))?.account !== holder)
    throw fault('pack_namespace_unauthorized', { namespace }, `The namespace ${namespace} is not yours.`);
  const before = await offerOf(tx, namespace, the.now());
  if (before?.account === account) return { row: before, created: false };
  await putOffer(tx, wanted);
  await record(the, tx, 'namespace.offered', by, wanted);
  return { row: wanted, created: true };
};

/**
 * Offered to one at a time: another offer takes the place of the one before, the same again changes nothing.
 * @throws Fault forbidden, validation_error, pack_namespace_unauthorized, not_found, key_revoked
 */
export const offerNamespace =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string, account: string): Promise<{ row: OfferRow; created: boolean }> => {
    requireScope(by, 'namespaces:claim');
    const name = readNamespace(text);
    const claim = await requireClaim(the.sql, by, name);
    mayGiveAway(by, name);
    await requireOther(the, account, claim.account);
    return inTransaction(the.sql, async (tx) => {
      await lockNamespace(tx, name.name);
      await requireStillActing(tx, by, the.now());
      const offered_at = the.now();
      const expires_at = new Date(offered_at.getTime() + OFFER_MS);
      return offer(the, tx, by, { namespace: name.name, account, offered_at, expires_at }, claim.account);
    });
  };

export const noOffer = (namespace: string): Fault =>
  fault('not_found', { namespace }, `No offer of ${namespace} stands; it ends after seven days.`);

/** Whoever holds the namespace, whom it is offered to, and the operator. */
const mayEnd = async (tx: Tx, by: Principal, row: OfferRow): Promise<boolean> => {
  if (isOperator(by)) return true;
  if (!reachesAll(by, `${row.namespace}.*`)) return false;
  return row.account === by.account || (await claimOf(tx, row.namespace))?.account === by.account;
};

/** To everybody else it looks as if there were no offer. @throws Fault forbidden, validation_error, not_found, key_revoked */
export const withdrawOffer =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string): Promise<void> => {
    requireScope(by, 'namespaces:claim');
    const { name } = readNamespace(text);
    await inTransaction(the.sql, async (tx) => {
      await lockNamespace(tx, name);
      await requireStillActing(tx, by, the.now());
      const row = await offerOf(tx, name, the.now());
      if (row === undefined || !(await mayEnd(tx, by, row))) throw noOffer(name);
      await deleteOffer(tx, name);
      await record(the, tx, 'namespace.unoffered', by, row);
    });
  };
