// Gives a new registry its first token: every scope, every namespace, kept in a file only its owner can read.
import { readFile } from 'node:fs/promises';
import { createPrivateFile } from '../../keys/signers/private-file.ts';
import { inTransaction } from '../database/transaction.ts';
import { insertAccount, tokenByHash } from './access-store.ts';
import { type AccountDeps, makeToken, storeToken } from './accounts.ts';
import { lockTrust } from './delegation-store.ts';
import { SCOPES } from './principal.ts';
import { hashToken, isToken, newSecret } from './tokens.ts';

/** The account that the registry itself acts as. */
export const OPERATOR = 'operator';
export class AdminTokenDamaged extends Error {
  override readonly name = 'AdminTokenDamaged';
  readonly cure = 'Restore the file, or remove it and start again for a new token.';

  constructor(path: string) {
    super(`${path} holds no token.`);
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const readToken = async (path: string): Promise<string | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  if (!isToken(text.trim())) throw new AdminTokenDamaged(path);
  return text.trim();
};

const tokenFrom = async (path: string): Promise<string> => {
  if ((await readToken(path)) === undefined) {
    // Where another process was first, its file stays and counts.
    await createPrivateFile(path, `${newSecret()}\n`).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
  }
  const token = await readToken(path);
  if (token === undefined) throw new Error(`${path} vanished while it was made`);
  return token;
};

/**
 * Each data directory holds a token that may do everything; where its file is gone, a new one is issued, which is how
 * an operator who lost it gets another. The file is written before the token is made valid, so that a crash in between
 * locks nobody out: the next start takes the token from the file.
 */
export const ensureOperatorToken = async (the: AccountDeps, path: string): Promise<void> => {
  const token = await tokenFrom(path);
  const request = { account: OPERATOR, scopes: SCOPES, namespaces: null, expiresAt: null };
  await inTransaction(the.sql, async (tx) => {
    await lockTrust(tx);
    if ((await tokenByHash(tx, hashToken(token))) !== undefined) return;
    if (await insertAccount(tx, OPERATOR, the.now())) {
      await the.append(tx, {
        kind: 'account.created',
        actor: 'registry',
        subject: `account:${OPERATOR}`,
        data: {},
      });
    }
    await storeToken(the, tx, 'registry', makeToken(request, the.now(), token));
  });
};
