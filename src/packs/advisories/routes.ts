// The addresses of advisories: how they are published, changed and withdrawn, and where everybody reads them.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { jsonBody } from '../../http/body.ts';
import type { Document } from '../../http/document.ts';
import { param, replyWith } from '../../http/reply.ts';
import { replyWithReceipt } from '../../transparency/receipt-reply.ts';
import type { PackAddress } from '../policy.ts';
import { advisoryJson } from './advisory.ts';
import type { ReceiptedAdvice } from './author.ts';
import type { ChangeRequest } from './change-advisory.ts';
import type { AdvisoryRequest } from './publish-advisory.ts';

export interface AdvisoryRoutesDeps {
  /** Throws for whoever may publish none. */
  readonly requireAuthor: (authorization: string | undefined) => Promise<unknown>;
  readonly publish: (request: AdvisoryRequest) => Promise<ReceiptedAdvice>;
  readonly change: (request: ChangeRequest) => Promise<ReceiptedAdvice>;
  readonly withdraw: (request: ChangeRequest) => Promise<ReceiptedAdvice>;
  readonly readFeed: () => Promise<Document>;
  readonly readAdvisory: (id: string) => Promise<Document>;
  readonly readOsv: (id: string) => Promise<Document>;
  readonly readAllOsv: () => Promise<Document>;
}

const named = (versions: readonly PackAddress[]): readonly string[] =>
  versions.map(({ name, version }) => `${name}@${version}`);

const answer = (ctx: Context, advised: ReceiptedAdvice): void => {
  const { record, created, yanked, alreadyYanked, released, unmatched } = advised;
  ctx.set('Cache-Control', 'no-store');
  if (created) ctx.set('Location', `/security/advisories/${record.id}.json`);
  const receipt = replyWithReceipt(ctx, advised, created ? 201 : 200);
  ctx.body = {
    advisory: advisoryJson(record, record.content),
    withdrawn: record.withdrawn ?? false,
    yanked: named(yanked),
    alreadyYanked: named(alreadyYanked),
    released: named(released),
    unmatched: unmatched.map(({ packName, versions }) => ({ packName, versions })),
    ...receipt,
  };
};

/** Asked before a body is read, which is for those who are known; and again when all of it is there, since it may be slow. */
const asked = async (ctx: Context, the: AdvisoryRoutesDeps): Promise<AdvisoryRequest> => {
  const { authorization } = ctx.headers;
  await the.requireAuthor(authorization);
  return { authorization, body: await jsonBody(ctx) };
};

const askedOf = async (ctx: Context, the: AdvisoryRoutesDeps): Promise<ChangeRequest> => ({
  id: param(ctx, 'id'),
  ...(await asked(ctx, the)),
});

export const addAdvisoryRoutes = (router: Router, the: AdvisoryRoutesDeps): void => {
  router.post('/security/advisories', async (ctx) => answer(ctx, await the.publish(await asked(ctx, the))));
  router.put('/security/advisories/:id', async (ctx) =>
    answer(ctx, await the.change(await askedOf(ctx, the))),
  );
  router.delete('/security/advisories/:id', async (ctx) =>
    answer(ctx, await the.withdraw(await askedOf(ctx, the))),
  );
  router.get('/security/advisories.json', async (ctx) => replyWith(ctx, await the.readFeed()));
  router.get('/security/advisories/:id.json', async (ctx) =>
    replyWith(ctx, await the.readAdvisory(param(ctx, 'id'))),
  );
  router.get('/security/osv.json', async (ctx) => replyWith(ctx, await the.readAllOsv()));
  router.get('/security/osv/:id.json', async (ctx) => replyWith(ctx, await the.readOsv(param(ctx, 'id'))));
};
