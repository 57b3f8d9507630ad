// Whose namespace it is, asked where somebody wants to do something with it.
import type { Queryable, Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import { requireNamespaceFor } from '../grants.ts';
import { isOperator, type Principal } from '../principal.ts';
import { type ClaimRow, claimOf, stillHolds } from './claim-store.ts';
import type { NamespaceName } from './names.ts';

/**
 * The claim of a namespace that one holds, or that the operator asks about.
 * @throws Fault pack_namespace_unauthorized, the same for one that is not there; not_found for the operator
 */
export const requireClaim = async (
  db: Queryable,
  by: Principal,
  { name }: NamespaceName,
): Promise<ClaimRow> => {
  const claim = await claimOf(db, name);
  requireNamespaceFor(by, `${name}.*`, name, claim?.account);
  if (claim === undefined) throw fault('not_found', { namespace: name }, `Nobody holds ${name}.`);
  return claim;
};

/**
 * The first namespace of these patterns that somebody does not hold any more; undefined where it is all his, or he is
 * the operator. What he holds does not change hands until the transaction ends.
 */
export const lostNamespace = async (
  tx: Tx,
  by: Principal,
  patterns: readonly string[],
): Promise<string | undefined> => {
  if (isOperator(by)) return undefined;
  const namespaces = patterns.map((pattern) => pattern.toLowerCase().split('.', 2).join('.'));
  for (const namespace of [...new Set(namespaces)].sort())
    if (!(await stillHolds(tx, by, namespace))) return namespace;
  return undefined;
};

/**
 * Asks once more in the transaction that commits, until whose end no namespace of these patterns changes hands. Say it
 * before anything is written.
 * @throws Fault pack_namespace_unauthorized
 */
export const requireStillHolding = async (
  tx: Tx,
  by: Principal,
  patterns: readonly string[],
): Promise<void> => {
  const namespace = await lostNamespace(tx, by, patterns);
  if (namespace !== undefined)
    throw fault('pack_namespace_unauthorized', { namespace }, `The namespace ${namespace} is not yours.`);
};
