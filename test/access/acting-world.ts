// Workforces without HTTP, on a database of their own: what a process does, and what another one learns of it.
import { insertAccount, insertToken } from '../../src/access/access-store.ts';
import { authenticate, findToken } from '../../src/access/authenticate.ts';
import type { Principal, TokenScope } from '../../src/access/principal.ts';
import { hashToken, newSecret } from '../../src/access/tokens.ts';
import { type WhoActs, whoActs } from '../../src/access/workforces/acting.ts';
import { type Workforces, type WorkforcesDeps, wireWorkforces } from '../../src/access/workforces/open.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import {
  knownBases,
  leaveToHumans,
  lockProposalsOf,
} from '../../src/knowledge/contributions/staffing-store.ts';
import type { PrincipalId, RoleId, WorkforceId } from '../../src/protocol/knowledge/ids.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { followEvents } from '../../src/transparency/follow.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { CLAIMS, grantOf, HANDLER } from './staff.ts';

export const WORKFORCE = CLAIMS as WorkforceId;
export const ROLE = HANDLER as RoleId;
export const ADA = 'human:acme.example:ada' as PrincipalId;
export const READER = 'worker:acme.example:claims:reader' as PrincipalId;

export interface ActingWorld extends OwnDatabase {
  readonly now: () => Date;
  readonly passTime: (ms: number) => void;
  /** The steward. */
  readonly steward: Principal;
  readonly deps: WorkforcesDeps;
  readonly workforces: Workforces;
  readonly whoActs: WhoActs;
  /** An Authorization header with a new token of an account. */
  readonly tokenOf: (account: string, scopes: readonly TokenScope[]) => Promise<string>;
  /** Another process on the same database, which learns of everything by following the log. */
  readonly anotherProcess: () => Promise<{
    readonly workforces: Workforces;
    readonly stop: () => Promise<void>;
  }>;
}

/** The workforce with `ADA` of the account `people`, and `READER` of `agents`, both in one role. */
export const startActingWorld = async (): Promise<ActingWorld> => {
  const database = await ownDatabase();
  const { sql } = database;
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const insertAndShow = async (account: string, scopes: readonly TokenScope[]) => {
    const [token, id] = [newSecret(), `tok_${newSecret()}`];
    const row = {
      id,
      account,
      scopes,
      namespaces: null,
      created_at: now(),
      expires_at: null,
      revoked_at: null,
    };
    await inTransaction(sql, async (tx) => {
      await insertAccount(tx, account, now());
      await insertToken(tx, hashToken(token), row);
    });
    return { header: `Bearer ${token}`, principal: { tokenId: id, account, scopes, namespaces: null } };
  };
  const depsWith = (announce: (subject: string) => void): WorkforcesDeps => ({
    sql,
    now,
    append: appendEvent({ now }),
    announce,
    authenticate: authenticate({ findToken: findToken(sql), now }),
    knownBases: (ids) => knownBases(sql, ids),
    proposals: { lock: lockProposalsOf, leaveToHumans },
  });
  const deps = depsWith((subject) => workforces.forget(subject));
  const workforces = wireWorkforces(deps);
  const { routes } = workforces;
  const { principal: operator } = await insertAndShow('operator', ['admin']);
  const { principal: steward } = await insertAndShow('acme', ['workforces:manage']);
  for (const account of ['people', 'agents']) await insertAndShow(account, []);
  await routes.registerWorkforce(operator, WORKFORCE, 'acme');
  await routes.declareRole(steward, { role: ROLE, authority_grant: grantOf() });
  const request = { workforce: WORKFORCE, role: ROLE, delegatedBy: [] };
  await routes.registerPrincipal(steward, {
    ...request,
    principal: ADA,
    account: 'people',
    owner: undefined,
  });
  await routes.registerPrincipal(steward, { ...request, principal: READER, account: 'agents', owner: ADA });
  return {
    ...database,
    now,
    passTime: (ms) => {
      ahead += ms;
    },
    steward,
    deps,
    workforces,
    whoActs: whoActs({ authenticate: deps.authenticate, principalsOf: workforces.principalsOf }),
    tokenOf: async (account, scopes) => (await insertAndShow(account, scopes)).header,
    anotherProcess: async () => {
      const other = wireWorkforces(depsWith(() => undefined));
      const follower = await followEvents({
        sql,
        onEvent: ({ subject }) => other.forget(subject),
        checkEveryMs: 20,
      });
      return { workforces: other, stop: follower.stop };
    },
  };
};
