// Claims a namespace for an account: first come, and never taken from whoever holds it.

import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { EventFacts } from '../protocol/event.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import { accountExists, type ClaimRow, claimOf, countClaims, insertClaim } from './access-store.ts';
import { requireStillActing } from './acting-store.ts';
import { requireScope } from './grants.ts';
import { actorOf, isOperator, type Principal, reachesAll } from './principal.ts';

export interface ClaimDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
  readonly privateRegistry: boolean;
  readonly announce: (subject: string) => void;
  /** Whether somebody publishes under it already, as the operator may without a claim. */
  readonly isUsed: (namespace: string) => Promise<boolean>;
}

const MAX_CLAIMS_OF_ACCOUNT = 64;
const NAMESPACE = /^(core|vendor|community|private)\.[a-z][a-z0-9_-]{0,62}$/;

const malformed = (namespace: string): Fault =>
  fault('validation_error', { namespace }, 'A namespace is scope.org, e.g. vendor.acme or community.alice.');

/** `core` is given by the operator only; `private` exists only where the registry is private. */
const mayClaim = (the: ClaimDeps, by: Principal, namespace: string): void => {
  const scope = NAMESPACE.exec(namespace)?.[1];
  if (scope === undefined) throw malformed(namespace);
  if (scope === 'private' && !the.privateRegistry) throw fault('invalid_pack_scope', { namespace });
  if (isOperator(by)) return;
  if (scope === 'core')
    throw fault('forbidden', { namespace }, 'Only the operator gives out core namespaces.');
  if (!reachesAll(by, `${namespace}.*`)) throw fault('pack_namespace_unauthorized', { namespace });
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

/** First come, but not for all of it. */
const requireRoom = async (tx: Tx, by: Principal, account: string): Promise<void> => {
  if (isOperator(by) || (await countClaims(tx, account)) < MAX_CLAIMS_OF_ACCOUNT) return;
  throw fault(
    'validation_error',
    { limit: MAX_CLAIMS_OF_ACCOUNT },
    'This account holds as many namespaces as it may claim.',
  );
};

/** @param account whom it shall belong to; another than one's own only for the operator. */
export const claimNamespace =
  (the: ClaimDeps) =>
  async (by: Principal, namespace: string, account: string): Promise<ClaimRow> => {
    requireScope(by, 'namespaces:claim');
    mayClaim(the, by, namespace);
    if (account !== by.account && !isOperator(by)) throw fault('forbidden', { account });
    if (!(await accountExists(the.sql, account)))
      throw fault('validation_error', { account }, 'There is no such account.');
    await requireUnused(the, by, namespace, account);
    const claim: ClaimRow = { namespace, account, claimed_at: the.now() };
    const data = { namespace, account };
    const held = await inTransaction(the.sql, async (tx) => {
      await requireStillActing(tx, by, the.now());
      await requireRoom(tx, by, account);
      if (await insertClaim(tx, claim)) {
        await the.append(tx, {
          kind: 'namespace.claimed',
          actor: actorOf(by),
          subject: `namespace:${namespace}`,
          sealed: isPrivateNamespace(namespace),
          data,
        });
        return claim;
      }
      const before = await claimOf(tx, namespace);
      if (before?.account !== account)
        throw fault('already_exists', { namespace }, 'Another account holds this namespace.');
      return before;
    });
    the.announce(`namespace:${namespace}`);
    return held;
  };
