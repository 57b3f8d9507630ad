// The questions every write asks first: does this token have the scope, and may it act for that namespace? Pure.
import { type Fault, fault } from '../protocol/faults.ts';
import { hasScope, isOperator, type Principal, reaches, reachesAll, type TokenScope } from './principal.ts';

/** @throws Fault forbidden, naming the scope that is missing. */
export const requireScope = (principal: Principal, scope: TokenScope): void => {
  if (!hasScope(principal, scope)) throw fault('forbidden', { missingScope: scope });
};

const notReached = (wanted: string, principal: Principal): Fault =>
  fault(
    'pack_namespace_unauthorized',
    { wanted, tokenNamespaces: principal.namespaces },
    'This token is limited to other namespaces.',
  );

const requireHolder = (principal: Principal, namespace: string, holder: string | undefined): void => {
  if (isOperator(principal) || holder === principal.account) return;
  const claim = `Claim it first: attestry namespace claim ${namespace}`;
  const cure = holder === undefined ? claim : 'Another account holds it.';
  const message = `The namespace ${namespace} is not yours. ${cure}`;
  throw fault('pack_namespace_unauthorized', { namespace }, message);
};

/**
 * @param holder the account that claimed the namespace, if any.
 * @throws Fault pack_namespace_unauthorized with the cure.
 */
export const requireNamespace = (
  principal: Principal,
  name: string,
  namespace: string,
  holder: string | undefined,
): void => {
  if (!reaches(principal, name)) throw notReached(name, principal);
  requireHolder(principal, namespace, holder);
};

/** The same for everything that a pattern covers. */
export const requireNamespaceFor = (
  principal: Principal,
  pattern: string,
  namespace: string,
  holder: string | undefined,
): void => {
  if (!reachesAll(principal, pattern)) throw notReached(pattern, principal);
  requireHolder(principal, namespace, holder);
};
