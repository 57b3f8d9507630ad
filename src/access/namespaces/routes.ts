// The addresses of namespaces: claims, offers and transfers, proofs of domains, and names that are held back.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { param } from '../../http/reply.ts';
import { type AskingDeps, asking, askingWith } from '../asking.ts';
import { type Body, keyIdsField, textField } from '../fields.ts';
import { readerOf } from '../listing.ts';
import type { ClaimRow } from './claim-store.ts';
import type { Namespaces } from './open.ts';

export interface NamespaceRoutesDeps extends AskingDeps {
  readonly namespaces: Namespaces;
}

const nameOf = (ctx: Context): string => param(ctx, 'namespace');
const keptKeys = (body: Body): readonly string[] =>
  body['keys'] === undefined ? [] : keyIdsField(body, 'keys');

/** The namespaces are asked for late, as their addresses are known before they are. */
const shown = (the: NamespaceRoutesDeps, row: ClaimRow) => the.namespaces.bodyOf(row);

const addClaimRoutes = (router: Router, the: NamespaceRoutesDeps): void => {
  router.post(
    '/access/namespaces',
    askingWith(the, 201, ['namespace', 'account'], async (by, body) => {
      const account = body['account'] === undefined ? by.account : textField(body, 'account');
      return shown(the, await the.namespaces.claim(by, textField(body, 'namespace'), account));
    }),
  );
  router.get('/access/namespaces', async (ctx) => {
    ctx.body = await the.namespaces.list(await readerOf(the, ctx));
  });
};

const addTransferRoutes = (router: Router, the: NamespaceRoutesDeps): void => {
  router.post(
    '/access/namespaces/:namespace/offer',
    askingWith(the, 201, ['account'], async (by, body, ctx) =>
      the.namespaces.offer(by, nameOf(ctx), textField(body, 'account')),
    ),
  );
  router.delete(
    '/access/namespaces/:namespace/offer',
    asking(the, 204, (by, ctx) => the.namespaces.withdrawOffer(by, nameOf(ctx))),
  );
  router.post(
    '/access/namespaces/:namespace/accept',
    askingWith(the, 200, ['keys'], async (by, body, ctx) =>
      shown(the, await the.namespaces.accept(by, nameOf(ctx), keptKeys(body))),
    ),
  );
  router.post(
    '/access/namespaces/:namespace/transfer',
    askingWith(the, 200, ['account', 'reason', 'keys'], async (by, body, ctx) => {
      const [account, reason] = [textField(body, 'account'), textField(body, 'reason')];
      return shown(
        the,
        await the.namespaces.transfer(by, nameOf(ctx), { account, reason, keys: keptKeys(body) }),
      );
    }),
  );
};

const addProofRoutes = (router: Router, the: NamespaceRoutesDeps): void => {
  router.post(
    '/access/namespaces/:namespace/proof',
    askingWith(the, 200, ['domain', 'method'], (by, body, ctx) =>
      the.namespaces.askForProof(by, nameOf(ctx), textField(body, 'domain'), textField(body, 'method')),
    ),
  );
  router.post(
    '/access/namespaces/:namespace/proof/check',
    asking(the, 200, async (by, ctx) => shown(the, await the.namespaces.checkProof(by, nameOf(ctx)))),
  );
};

const addHoldRoutes = (router: Router, the: NamespaceRoutesDeps): void => {
  router.post(
    '/access/namespaces/:namespace/hold',
    askingWith(the, 201, ['reason'], (by, body, ctx) =>
      the.namespaces.hold(by, nameOf(ctx), textField(body, 'reason')),
    ),
  );
  router.delete(
    '/access/namespaces/:namespace/hold',
    asking(the, 204, (by, ctx) => the.namespaces.release(by, nameOf(ctx))),
  );
};

export const addNamespaceRoutes = (router: Router, the: NamespaceRoutesDeps): void => {
  addClaimRoutes(router, the);
  addTransferRoutes(router, the);
  addProofRoutes(router, the);
  addHoldRoutes(router, the);
};
