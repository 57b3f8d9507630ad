// The addresses of keychains, the same in both trees, and the one at which a stolen key is reported.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { takeBody } from '../../http/body.ts';
import type { Document } from '../../http/document.ts';
import { param, replyWith } from '../../http/reply.ts';
import type { Tree } from '../../protocol/faults.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import { replyWithReceipt } from '../../transparency/receipt-reply.ts';
import { readName } from '../policy.ts';
import { type Compromised, type compromiseKey, endOf, MOST_AT_ONCE } from './compromise.ts';
import type { SignedVersion } from './keychain-store.ts';
import type { RotatedInPack, RotateInPackRequest } from './rotate.ts';

export interface KeychainRoutesDeps {
  readonly now: () => Date;
  readonly requireVisible: (ctx: Context, name: PackName) => Promise<void>;
  readonly readKeychain: (tree: Tree, name: PackName) => Promise<Document>;
  readonly rotate: (request: RotateInPackRequest) => Promise<RotatedInPack>;
  readonly compromise: ReturnType<typeof compromiseKey>;
}

const TREES = ['v1', 'v2'] as const satisfies readonly Tree[];

const sendKeychain = (the: KeychainRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const name = readName(param(ctx, 'name'));
  await the.requireVisible(ctx, name);
  replyWith(ctx, await the.readKeychain(tree, name));
};

const takeRotation = (the: KeychainRoutesDeps) => async (ctx: Context) => {
  const read = await takeBody(ctx);
  const { authorization } = ctx.headers;
  const rotated = await the.rotate({ name: param(ctx, 'name'), authorization, body: read() });
  ctx.set('Cache-Control', 'no-store');
  const receipt = replyWithReceipt(ctx, rotated, rotated.created ? 201 : 200);
  const { name, kid, rotatedFrom } = rotated;
  ctx.body = { name, kid, rotatedFrom, ...receipt };
};

const versionBody = ({ name, version, published_at, is_yanked }: SignedVersion) => ({
  name,
  version,
  publishedAt: published_at,
  yanked: is_yanked,
});

/** One more than are yanked at once are looked for, to tell that there are more. */
const compromisedBody = (done: Compromised, now: Date) => ({
  keyId: done.keyId,
  since: done.window.since,
  until: done.window.until,
  dryRun: done.dryRun,
  revokedFrom: endOf(done, now),
  rotatedTo: done.key.rotated_to,
  versions: done.versions.slice(0, MOST_AT_ONCE).map(versionBody),
  more: done.versions.length > MOST_AT_ONCE,
});

const takeCompromise = (the: KeychainRoutesDeps) => async (ctx: Context) => {
  const read = await takeBody(ctx);
  const done = await the.compromise(ctx.headers.authorization, param(ctx, 'keyId'), read());
  ctx.set('Cache-Control', 'no-store');
  const receipt = replyWithReceipt(ctx, done, 200);
  ctx.body = { ...compromisedBody(done, the.now()), ...receipt };
};

/** Add them before those of versions, whose files would answer to the same address. */
export const addKeychainRoutes = (router: Router, the: KeychainRoutesDeps): void => {
  for (const tree of TREES) {
    router.get(`/${tree}/packs/:name/-/keychain`, sendKeychain(the, tree));
    router.post(`/${tree}/packs/:name/-/keychain/rotate`, takeRotation(the));
  }
  router.post('/keys/:keyId/compromise', takeCompromise(the));
};
