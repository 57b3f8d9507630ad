// Creates accounts and issues, lists and revokes their tokens.
import { randomBytes } from 'node:crypto';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { EventFacts } from '../protocol/event.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import {
  accountExists,
  insertAccount,
  insertToken,
  markTokenRevoked,
  stopUseOfToken,
  type TokenRow,
} from './access-store.ts';
import { requireStillActing } from './acting-store.ts';
import { requireScope } from './grants.ts';
import { actorOf, isOperator, type Principal, type TokenScope } from './principal.ts';
import { hashToken, newSecret } from './tokens.ts';

const TOKEN_ID_BYTES = 9;
const ACCOUNT_NAME = /^[a-z][a-z0-9-]{1,62}$/;

export interface AccountDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Records what happened in the same transaction. */
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
  /** Lets every process forget what it remembers of a subject. */
  readonly announce: (subject: string) => void;
}

/** @throws Fault validation_error, already_exists, forbidden, key_revoked. */
export const createAccount = (the: AccountDeps) => async (by: Principal, name: string) => {
  requireScope(by, 'admin');
  if (!ACCOUNT_NAME.test(name)) {
    throw fault(
      'validation_error',
      { name },
      'An account name is 2–63 lower-case letters, digits and hyphens.',
    );
  }
  const created_at = the.now();
  await inTransaction(the.sql, async (tx) => {
    await requireStillActing(tx, by, created_at);
    if (!(await insertAccount(tx, name, created_at))) throw fault('already_exists', { name });
    await the.append(tx, {
      kind: 'account.created',
      actor: actorOf(by),
      subject: `account:${name}`,
      data: {},
    });
  });
  return { name, created_at };
};

export interface TokenRequest {
  readonly account: string;
  readonly scopes: readonly TokenScope[];
  readonly namespaces: readonly string[] | null;
  readonly expiresAt: Date | null;
}

export interface IssuedToken extends TokenRow {
  /** Shown once; only its hash is kept. */
  readonly token: string;
}

/** @param token a new one, unless the caller has one that nobody knows yet. */
export const makeToken = (request: TokenRequest, now: Date, token = newSecret()): IssuedToken => ({
  id: `tok_${randomBytes(TOKEN_ID_BYTES).toString('hex')}`,
  token,
  account: request.account,
  scopes: request.scopes,
  namespaces: request.namespaces,
  created_at: now,
  expires_at: request.expiresAt,
  revoked_at: null,
});

/** Stores a token inside a transaction of the caller's. */
export const storeToken = async (
  the: AccountDeps,
  tx: Tx,
  actor: string,
  issued: IssuedToken,
): Promise<void> => {
  const { token, ...row } = issued;
  await insertToken(tx, hashToken(token), row);
  const data = { account: row.account, scopes: [...row.scopes] };
  await the.append(tx, { kind: 'token.created', actor, subject: `token:${row.id}`, data });
};

/** The operator's own scope reaches everything: a limit beside it would only look like one. */
const requireSensible = ({ scopes, namespaces }: TokenRequest): void => {
  if (scopes.includes('admin') && namespaces !== null) {
    throw fault('validation_error', {}, 'A token with the scope admin cannot be limited to namespaces.');
  }
};

/** @throws Fault forbidden, validation_error, key_revoked. */
export const issueToken =
  (the: AccountDeps) =>
  async (by: Principal, request: TokenRequest): Promise<IssuedToken> => {
    requireScope(by, 'admin');
    requireSensible(request);
    const issued = makeToken(request, the.now());
    if (issued.expires_at !== null && issued.expires_at <= issued.created_at) {
      throw fault(
        'validation_error',
        { expiresAt: issued.expires_at.toISOString() },
        'expiresAt lies in the past.',
      );
    }
    if (!(await accountExists(the.sql, request.account))) {
      throw fault('validation_error', { account: request.account }, 'There is no such account.');
    }
    await inTransaction(the.sql, async (tx) => {
      await requireStillActing(tx, by, the.now());
      await storeToken(the, tx, actorOf(by), issued);
    });
    return issued;
  };

const tokenNotFound = (token: string): Fault =>
  fault('not_found', { token }, 'No token of that id is yours to revoke: "attestry token list" shows them.');

/** Takes effect at once on every process. Without the scope admin a token can end only itself. */
export const revokeToken =
  (the: AccountDeps) =>
  async (by: Principal, id: string): Promise<void> => {
    if (!isOperator(by) && id !== by.tokenId) throw tokenNotFound(id);
    await inTransaction(the.sql, async (tx) => {
      await stopUseOfToken(tx, id);
      await requireStillActing(tx, by, the.now());
      if (!(await markTokenRevoked(tx, id, the.now()))) throw tokenNotFound(id);
      await the.append(tx, { kind: 'token.revoked', actor: actorOf(by), subject: `token:${id}`, data: {} });
    });
    the.announce(`token:${id}`);
  };
