// The addresses of accounts, tokens, namespaces and keys, and of the documents that make keys believable.
import type Router from '@koa/router';
import type { Document } from '../http/document.ts';
import { param, replyWith } from '../http/reply.ts';
import { fault } from '../protocol/faults.ts';
import type { AccountRow, TokenRow } from './access-store.ts';
import type { IssuedToken, TokenRequest } from './accounts.ts';
import { asking, askingWith } from './asking.ts';
import type { Authenticate } from './authenticate.ts';
import type { KeyRequest } from './delegate-key.ts';
import { instantField, namespacesField, scopesField, textField } from './fields.ts';
import { requireScope } from './grants.ts';
import type { ListedKey } from './listed-key.ts';
import { mayList, readerOf } from './listing.ts';
import { addNamespaceRoutes, type NamespaceRoutesDeps } from './namespaces/routes.ts';
import { isOperator, type Principal } from './principal.ts';
import type { PublishedRoot } from './publish-root.ts';
import type { RevokeRequest } from './revoke-key.ts';
import { readRevokedFrom } from './revoked-from.ts';

export interface AccessRoutesDeps extends NamespaceRoutesDeps {
  readonly authenticate: Authenticate;
  readonly createAccount: (by: Principal, name: string) => Promise<AccountRow>;
  readonly listAccounts: () => Promise<readonly AccountRow[]>;
  readonly issueToken: (by: Principal, request: TokenRequest) => Promise<IssuedToken>;
  readonly listTokens: (account: string | null) => Promise<readonly TokenRow[]>;
  readonly revokeToken: (by: Principal, id: string) => Promise<void>;
  readonly delegateKey: (by: Principal, request: KeyRequest) => Promise<ListedKey>;
  readonly revokeKey: (by: Principal, request: RevokeRequest) => Promise<ListedKey>;
  readonly listKeys: () => Promise<readonly ListedKey[]>;
  readonly readKey: (keyId: string) => Promise<Document>;
  readonly publishRoot: (by: Principal, envelope: unknown) => Promise<PublishedRoot>;
  readonly readRoot: (version: number | 'latest') => Promise<Document>;
  readonly readKeyring: () => Promise<Document>;
  readonly readWithdrawals: () => Promise<Document>;
}

const tokenBody = (row: TokenRow) => ({
  id: row.id,
  account: row.account,
  scopes: row.scopes,
  namespaces: row.namespaces,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
});

const accountBody = (row: AccountRow) => ({ name: row.name, createdAt: row.created_at });

const addAccountRoutes = (router: Router, the: AccessRoutesDeps): void => {
  router.get(
    '/access/whoami',
    asking(the, 200, async (by) => by),
  );
  router.post(
    '/access/accounts',
    askingWith(the, 201, ['name'], async (by, body) =>
      accountBody(await the.createAccount(by, textField(body, 'name'))),
    ),
  );
  router.get(
    '/access/accounts',
    asking(the, 200, async (by) => {
      requireScope(by, 'admin');
      return { accounts: (await the.listAccounts()).map(accountBody) };
    }),
  );
  router.post(
    '/access/tokens',
    askingWith(the, 201, ['account', 'scopes', 'namespaces', 'expiresAt'], async (by, body) => {
      const issued = await the.issueToken(by, {
        account: textField(body, 'account'),
        scopes: scopesField(body, 'scopes'),
        namespaces: body.namespaces === undefined ? null : namespacesField(body, 'namespaces'),
        expiresAt: instantField(body, 'expiresAt'),
      });
      return { ...tokenBody(issued), token: issued.token };
    }),
  );
  router.get(
    '/access/tokens',
    asking(the, 200, async (by) => ({
      tokens: (await the.listTokens(isOperator(by) ? null : by.account)).map(tokenBody),
    })),
  );
  router.delete(
    '/access/tokens/:id',
    asking(the, 204, (by, ctx) => the.revokeToken(by, param(ctx, 'id'))),
  );
};

const addKeyRoutes = (router: Router, the: AccessRoutesDeps): void => {
  router.post(
    '/access/keys',
    askingWith(the, 201, ['keyId', 'publicKey', 'namespaces', 'notAfter', 'proof'], async (by, body) =>
      the.delegateKey(by, {
        keyId: textField(body, 'keyId'),
        publicKey: textField(body, 'publicKey'),
        namespaces: namespacesField(body, 'namespaces'),
        notAfter: instantField(body, 'notAfter'),
        proof: body.proof === undefined ? null : textField(body, 'proof'),
      }),
    ),
  );
  router.get('/access/keys', async (ctx) => {
    const reader = await readerOf(the, ctx);
    ctx.body = { keys: (await the.listKeys()).filter((key) => mayList(reader, key.account, key.namespaces)) };
  });
  router.post(
    '/access/keys/:keyId/revoke',
    askingWith(
      the,
      (key: ListedKey) => (key.revocation?.from === 'pending' ? 202 : 200),
      ['reason', 'from'],
      async (by, body, ctx) => {
        const [keyId, reason] = [param(ctx, 'keyId'), textField(body, 'reason')];
        return the.revokeKey(by, { keyId, reason, from: readRevokedFrom(body['from']) });
      },
    ),
  );
};

const versionOf = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw fault('not_found');
  return Number(text);
};

const addTrustRoutes = (router: Router, the: AccessRoutesDeps): void => {
  router.get('/keys/:file', async (ctx) => {
    const keyId = /^(.+)\.pub$/.exec(param(ctx, 'file'))?.[1];
    if (keyId === undefined) throw fault('not_found');
    replyWith(ctx, await the.readKey(keyId));
  });
  router.post(
    '/trust/roots',
    askingWith(
      the,
      ({ created }: PublishedRoot) => (created ? 201 : 200),
      null,
      (by, body) => the.publishRoot(by, body),
    ),
  );
  router.get('/trust/root.json', async (ctx) => replyWith(ctx, await the.readRoot('latest')));
  router.get('/trust/keyring.json', async (ctx) => replyWith(ctx, await the.readKeyring()));
  router.get('/trust/withdrawals.json', async (ctx) => replyWith(ctx, await the.readWithdrawals()));
  router.get('/trust/:file', async (ctx) => {
    replyWith(ctx, await the.readRoot(versionOf(/^(\d+)\.root\.json$/.exec(param(ctx, 'file'))?.[1] ?? '')));
  });
};

export const addAccessRoutes = (router: Router, the: AccessRoutesDeps): void => {
  addAccountRoutes(router, the);
  addNamespaceRoutes(router, the);
  addKeyRoutes(router, the);
  addTrustRoutes(router, the);
};
