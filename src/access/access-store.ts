// Accounts and tokens as rows.
import type { Queryable, Tx } from '../database/connect.ts';

export interface TokenRow {
  readonly id: string;
  readonly account: string;
  readonly scopes: readonly string[];
  readonly namespaces: readonly string[] | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const TOKEN_COLUMNS = [
  'id',
  'account',
  'scopes',
  'namespaces',
  'created_at',
  'expires_at',
  'revoked_at',
] as const;

export const tokenByHash = async (db: Queryable, hash: Uint8Array): Promise<TokenRow | undefined> => {
  const [row] = await db<TokenRow[]>`select ${db(TOKEN_COLUMNS)} from tokens where secret_hash = ${hash}`;
  return row;
};

export const tokensOf = (db: Queryable, account: string | null): Promise<TokenRow[]> => db<TokenRow[]>`
  select ${db(TOKEN_COLUMNS)} from tokens
  where ${account}::text is null or account = ${account} order by created_at, id`;

export const insertToken = (tx: Tx, hash: Uint8Array, row: TokenRow): Promise<unknown> => tx`
  insert into tokens (id, secret_hash, account, scopes, namespaces, created_at, expires_at)
  values (${row.id}, ${hash}, ${row.account}, ${row.scopes as string[]}, ${row.namespaces as string[] | null},
    ${row.created_at}, ${row.expires_at})`;

/** Waits for whatever is being written with the token, and lets nothing begin before the transaction ends. */
export const stopUseOfToken = (tx: Tx, id: string): Promise<unknown> => tx`select stop_use(${`token:${id}`})`;

/** For whoever has stopped its use. False where there is no such token or it was revoked before. */
export const markTokenRevoked = async (tx: Tx, id: string, at: Date): Promise<boolean> => {
  const result = await tx`
    update tokens set revoked_at = ${at}
    where id = ${id} and revoked_at is null`;
  return result.count === 1;
};

export interface AccountRow {
  readonly name: string;
  readonly created_at: Date;
}

/** False where the name is taken. */
export const insertAccount = async (tx: Tx, name: string, at: Date): Promise<boolean> => {
  const result =
    await tx`insert into accounts (name, created_at) values (${name}, ${at}) on conflict do nothing`;
  return result.count === 1;
};

export const accountExists = async (db: Queryable, name: string): Promise<boolean> => {
  const rows = await db`select 1 from accounts where name = ${name}`;
  return rows.length === 1;
};

export const allAccounts = (db: Queryable): Promise<AccountRow[]> =>
  db<AccountRow[]>`select name, created_at from accounts order by name`;
