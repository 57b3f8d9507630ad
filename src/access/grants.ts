// The questions every write asks first: does this token have the scope, and may it act for that namespace? Pure.
import { type Fault, fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
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

/** Whether a private namespace is held is told to nobody but its holder. */
const cureFor = (namespace: string, holder: string | undefined): string => {
  const claim = `attestry namespace claim ${namespace}`;
  if (isPrivateNamespace(namespace)) return `Unless another account holds it, claim it: ${claim}`;
  return holder === undefined ? `Claim it first: ${claim}` : 'Another account holds it.';
};

const requireHolder = (principal: Principal, namespace: string, holder: string | undefined): void => {
  if (isOperator(principal) || holder === principal.account) return;
  const message = `The namespace ${namespace} is not yours. ${cureFor(namespace, holder)}`;
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
