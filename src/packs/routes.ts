// The addresses of packs in both trees.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { integrityOf } from '../../storage/digest.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { ClaimRow } from '../access/namespaces/claim-store.ts';
import { hasScope, isOperator, type Principal, reaches } from '../access/principal.ts';
import type { Document } from '../http/document.ts';
import { param, replyWith } from '../http/reply.ts';
import { atLeast, type Pace } from '../http/steady.ts';
import { fault, type Tree } from '../protocol/faults.ts';
import { namespaceOf, type PackName, type PackVersion } from '../protocol/pack-id.ts';
import { STATEMENT_HEADER } from '../protocol/statement-envelope.ts';
import { replyWithReceipt } from '../transparency/receipt-reply.ts';
import { readFrom, type readHistory } from './lifecycle/history.ts';
import { addLifecycleRoutes, type LifecycleRoutesDeps } from './lifecycle/routes.ts';
import { isPrivate, readName, readVersion } from './policy.ts';
import type { Published, PublishRequest } from './publish/publish.ts';
import { isVersionPart, type readPack, type readVersionPart } from './read/read.ts';
import { SBOM_ENDING, STATEMENT_ENDING, splitFile } from './version-file.ts';

export interface PackRoutesDeps extends LifecycleRoutesDeps {
  readonly publish: (request: PublishRequest) => Promise<Published>;
  readonly readPack: ReturnType<typeof readPack>;
  readonly readVersionPart: ReturnType<typeof readVersionPart>;
  readonly readSbom: (tree: Tree, name: PackName, version: PackVersion) => Promise<Document>;
  readonly readHistory: ReturnType<typeof readHistory>;
  readonly readDiscovery: (path: string) => Promise<Document>;
  readonly authenticate: Authenticate;
  readonly claimOfNamespace: (namespace: string) => Promise<ClaimRow | undefined>;
  /** What an upload has to keep up. */
  readonly pace: Pace;
}

type VisibleDeps = Pick<PackRoutesDeps, 'authenticate' | 'claimOfNamespace'>;

const TREES = ['v1', 'v2'] as const satisfies readonly Tree[];

/**
 * A token that names namespaces was given for them, unless its account gave them away since; one without a limit reads
 * what its own account holds.
 */
const mayRead = async (the: VisibleDeps, reader: Principal, name: PackName): Promise<boolean> => {
  if (isOperator(reader)) return true;
  const claim = await the.claimOfNamespace(namespaceOf(name));
  if (claim?.account === reader.account) return reader.namespaces === null || reaches(reader, name);
  if (reader.namespaces === null || claim?.former.includes(reader.account)) return false;
  return reaches(reader, name);
};

/** A private pack that one may not see looks exactly like one that is not there. */
export const requireVisible = async (the: VisibleDeps, ctx: Context, name: PackName): Promise<void> => {
  if (!isPrivate(name)) return;
  const reader =
    ctx.headers.authorization === undefined ? undefined : await the.authenticate(ctx.headers.authorization);
  if (reader !== undefined && hasScope(reader, 'packs:read') && (await mayRead(the, reader, name))) return;
  throw fault('pack_not_found', { name });
};

const sendVersionPart = (the: PackRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const { version, ending } = splitFile(param(ctx, 'file'));
  const name = readName(param(ctx, 'name'));
  const isSbom = `.${ending}` === SBOM_ENDING;
  if (!isSbom && !isVersionPart(ending)) throw fault('not_found');
  const parsed = readVersion(version);
  await requireVisible(the, ctx, name);
  const read = isVersionPart(ending)
    ? the.readVersionPart(tree, name, parsed, ending)
    : the.readSbom(tree, name, parsed);
  replyWith(ctx, await read);
};

const sendPack = (the: PackRoutesDeps, tree: Tree, asked: 'bare' | 'index') => async (ctx: Context) => {
  const name = readName(param(ctx, 'name'));
  await requireVisible(the, ctx, name);
  replyWith(ctx, await the.readPack(tree, name, asked));
};

/** The log does not know trees: the history of a version has one address. */
const sendHistory = (the: PackRoutesDeps) => async (ctx: Context) => {
  const [name, version] = [readName(param(ctx, 'name')), readVersion(param(ctx, 'version'))];
  const from = readFrom(ctx.query['from']);
  await requireVisible(the, ctx, name);
  replyWith(ctx, await the.readHistory({ name, version }, from));
};

const publishedBody = (tree: Tree, { record, stated, yanked }: Published) => ({
  name: record.name,
  version: record.version,
  tarballSha256: integrityOf(record.digest),
  integrity: integrityOf(record.digest),
  publishedAt: record.publishedAt.toISOString(),
  signed: record.keyId !== null,
  statement: stated ? `/${tree}/packs/${record.name}/-/${record.version}${STATEMENT_ENDING}` : null,
  ...(record.warnings.length === 0 ? {} : { warnings: record.warnings }),
  ...(yanked === undefined ? {} : { yanked }),
});

const takeUpload = (the: PackRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const { version, ending } = splitFile(param(ctx, 'file'));
  if (ending !== 'tgz') {
    ctx.set('Allow', 'GET, HEAD');
    throw fault('method_not_allowed');
  }
  const published = await the.publish({
    tree,
    name: param(ctx, 'name'),
    version,
    authorization: ctx.headers.authorization,
    contentType: ctx.headers['content-type'],
    expectedDigest: ctx.get('X-Pack-Sha256') || undefined,
    statement: ctx.get(STATEMENT_HEADER) || undefined,
    body: atLeast(the.pace, ctx.req),
  });
  const { record, created } = published;
  ctx.set('Location', `/${tree}/packs/${record.name}/-/${record.version}.json`);
  const receipt = replyWithReceipt(ctx, published, created ? 201 : 200);
  ctx.body = { ...publishedBody(tree, published), ...receipt };
};

export const addPackRoutes = (router: Router, the: PackRoutesDeps): void => {
  for (const path of ['/.well-known/openwop-registry', '/.well-known/openwop-registry.json']) {
    router.get(path, async (ctx) => replyWith(ctx, await the.readDiscovery(path)));
  }
  router.get('/packs/:name/-/:version/lifecycle', sendHistory(the));
  for (const tree of TREES) {
    router.get(`/${tree}/packs/:name`, sendPack(the, tree, 'bare'));
    router.get(`/${tree}/packs/:name/index.json`, sendPack(the, tree, 'index'));
    router.get(`/${tree}/packs/:name/-/:file`, sendVersionPart(the, tree));
    router.put(`/${tree}/packs/:name/-/:file`, takeUpload(the, tree));
    addLifecycleRoutes(router, tree, the);
  }
};
