// Hands a namespace over: to whom it was offered and who accepts it, or at once where the operator says so.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { requireStillActing } from '../acting-store.ts';
import { delegationOf } from '../delegation-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, type Principal, reachesAll } from '../principal.ts';
import { readReason } from '../reason.ts';
import { requireRoom } from './claim.ts';
import { type ClaimRow, claimOf, handOver, lockNamespace } from './claim-store.ts';
import { type NamespaceDeps, subjectOf } from './deps.ts';
import { requireClaim } from './held-by.ts';
import { readNamespace } from './names.ts';
import { noOffer, requireOther } from './offer.ts';
import { offerOf } from './offer-store.ts';

interface Recipient {
  readonly account: string;
  /** Ids of keys of those before, that may go on signing here. */
  readonly keys: readonly string[];
}

/** The operator answers for a transfer that nobody was asked about. */
interface Order extends Recipient {
  readonly reason: string;
}

/** @throws Fault key_not_found */
const requireKeys = async (the: NamespaceDeps, keys: readonly string[]): Promise<void> => {
  for (const keyId of keys)
    if ((await delegationOf(the.sql, keyId)) === undefined) throw fault('key_not_found', { keyId });
};

const record = (the: NamespaceDeps, tx: Tx, by: Principal, from: string, to: ClaimRow, reason?: string) =>
  the.append(tx, {
    kind: 'namespace.transferred',
    actor: actorOf(by),
    subject: subjectOf(to.namespace),
    sealed: isPrivateNamespace(to.namespace),
    data: {
      ...{ namespace: to.namespace, account: to.account, from, keys: to.kept_keys },
      ...(reason === undefined ? {} : { reason }),
      ...(to.given ? { given: true } : {}),
    },
  });

const accept = async (the: NamespaceDeps, tx: Tx, by: Principal, namespace: string, to: Recipient) => {
  const offer = await offerOf(tx, namespace, the.now());
  const claim = await claimOf(tx, namespace);
  if (offer?.account !== to.account || claim === undefined) throw noOffer(namespace);
  await requireRoom(tx, by, to.account);
  // The point of no return: whoever published under it until now has committed, and whoever comes later is asked anew.
  const handed = { namespace, account: to.account, keptKeys: to.keys, given: false, at: the.now() };
  const after = await handOver(tx, handed);
  await record(the, tx, by, claim.account, after);
  return after;
};

/**
 * Takes what was offered to one's own account.
 * @throws Fault forbidden, validation_error, pack_namespace_unauthorized, key_not_found, not_found, key_revoked
 */
export const acceptNamespace =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string, keys: readonly string[]): Promise<ClaimRow> => {
    requireScope(by, 'namespaces:claim');
    const { name } = readNamespace(text);
    if (!reachesAll(by, `${name}.*`)) throw fault('pack_namespace_unauthorized', { namespace: name });
    await requireKeys(the, keys);
    const claim = await inTransaction(the.sql, async (tx) => {
      await lockNamespace(tx, name);
      await requireStillActing(tx, by, the.now());
      return accept(the, tx, by, name, { account: by.account, keys });
    });
    the.announce(subjectOf(name));
    return claim;
  };

/**
 * The operator's word: at once, and whatever was offered is off.
 * @throws Fault forbidden, validation_error, not_found, key_not_found, key_revoked
 */
export const transferNamespace =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string, order: Order): Promise<ClaimRow> => {
    requireScope(by, 'admin');
    const name = readNamespace(text);
    const reason = readReason(order.reason);
    await requireOther(the, order.account, (await requireClaim(the.sql, by, name)).account);
    await requireKeys(the, order.keys);
    const claim = await inTransaction(the.sql, async (tx) => {
      await lockNamespace(tx, name.name);
      await requireStillActing(tx, by, the.now());
      const before = await requireClaim(tx, by, name);
      const { account, keys } = order;
      // Somebody accepted it meanwhile.
      if (before.account === account) return before;
      const handed = { namespace: name.name, account, keptKeys: keys, given: true, at: the.now() };
      const after = await handOver(tx, handed);
      await record(the, tx, by, before.account, after, reason);
      return after;
    });
    the.announce(subjectOf(name.name));
    return claim;
  };
