// Tells who sends a request, or why nobody is believed to.
import type { Sql } from '../database/connect.ts';
import { fault } from '../protocol/faults.ts';
import { type TokenRow, tokenByHash } from './access-store.ts';
import { isScope, type Principal } from './principal.ts';
import { hashToken, readBearer } from './tokens.ts';

/** @param authorization the value of that header. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

export interface AuthenticateDeps {
  readonly findToken: (hash: string) => Promise<TokenRow | undefined>;
  readonly now: () => Date;
}

/** Looks a token up by the hex SHA-256 of its secret. */
export const findToken =
  (sql: Sql) =>
  (hash: string): Promise<TokenRow | undefined> =>
    tokenByHash(sql, Buffer.from(hash, 'hex'));

const principalOf = (row: TokenRow): Principal => ({
  tokenId: row.id,
  account: row.account,
  scopes: row.scopes.filter(isScope),
  namespaces: row.namespaces,
});

/**
 * Tokens are found by the hash of the whole secret, so the comparison happens on values an attacker cannot steer.
 * @throws Fault unauthenticated, key_expired or key_revoked.
 */
export const authenticate =
  (the: AuthenticateDeps): Authenticate =>
  async (authorization) => {
    const token = readBearer(authorization);
    if (token === undefined) throw fault('unauthenticated');
    const row = await the.findToken(hashToken(token).toString('hex'));
    if (row === undefined) throw fault('unauthenticated');
    if (row.revoked_at !== null) throw fault('key_revoked');
    if (row.expires_at !== null && row.expires_at <= the.now()) throw fault('key_expired');
    return principalOf(row);
  };
