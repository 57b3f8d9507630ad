// Wires the workforces: what their addresses need, and who acts as whom.
import type { Authenticate } from '../authenticate.ts';
import { remembering } from '../remember.ts';
import type { PrincipalRecord } from './acting.ts';
import { grantBinding, revokeBinding } from './bindings.ts';
import { type DeclareDeps, declareRole } from './declare-role.ts';
import { type EndDeps, endPrincipal, reassignRole } from './end-principal.ts';
import { listBindings, listPrincipals, listRoles, listWorkforces } from './list.ts';
import { recordsOfAccount } from './principal-store.ts';
import { registerPrincipal } from './register-principal.ts';
import { registerWorkforce } from './register-workforce.ts';
import type { WorkforceRoutesDeps } from './routes.ts';
import { setPrincipalKey } from './set-principal-key.ts';

export interface WorkforcesDeps extends DeclareDeps, EndDeps {
  readonly authenticate: Authenticate;
}

export interface Workforces {
  readonly routes: WorkforceRoutesDeps;
  /** Those in force that an account acts as; as old as the news of a change takes to arrive. */
  readonly principalsOf: (account: string) => Promise<readonly PrincipalRecord[]>;
  /** Tell it the subject of everything that is announced. */
  readonly forget: (subject: string) => void;
}

/** Whether what happened to a subject changes who may act; workers end under their own name. */
const touchesPrincipals = (subject: string): boolean => /^(?:principal|worker):/.test(subject);

export const wireWorkforces = (the: WorkforcesDeps): Workforces => {
  const { sql } = the;
  const principals = remembering(async (account) => {
    const found = await recordsOfAccount(sql, account);
    return found.length === 0 ? undefined : found;
  });
  return {
    routes: {
      authenticate: the.authenticate,
      registerWorkforce: registerWorkforce(the),
      listWorkforces: listWorkforces(sql),
      declareRole: declareRole(the),
      listRoles: listRoles(sql),
      registerPrincipal: registerPrincipal(the),
      reassignRole: reassignRole(the),
      setPrincipalKey: setPrincipalKey(the),
      endPrincipal: endPrincipal(the),
      listPrincipals: listPrincipals(sql),
      grantBinding: grantBinding(the),
      revokeBinding: revokeBinding(the),
      listBindings: listBindings(sql),
    },
    principalsOf: async (account) => (await principals.find(account)) ?? [],
    forget: (subject) => {
      if (touchesPrincipals(subject)) principals.forget();
    },
  };
};
