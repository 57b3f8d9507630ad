// The addresses of the test catalogue in both majors; mounted only where the operator asks for them.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { integrityOf } from '../../../storage/digest.ts';
import type { Document } from '../../http/document.ts';
import { param, replyWith } from '../../http/reply.ts';
import { atLeast, type Pace } from '../../http/steady.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import { STATEMENT_HEADER } from '../../protocol/statement-envelope.ts';
import type { PublishRequest } from '../publish/publish.ts';
import { splitFile } from '../version-file.ts';
import type { TestPublished } from './publish-test.ts';
import { BASES, isTestPart, type TestAddress, type TestPart } from './test-catalogue.ts';

export interface TestRoutesDeps {
  readonly publishTest: (request: PublishRequest) => Promise<TestPublished>;
  readonly readTestPart: (tree: Tree, request: TestAddress, part: TestPart) => Promise<Document>;
  readonly readTestPack: (tree: Tree, name: string, authorization: string | undefined) => Promise<Document>;
  readonly unpublishTest: (tree: Tree, request: TestAddress) => Promise<void>;
  readonly resetTests: (authorization: string | undefined) => Promise<void>;
  /** What an upload has to keep up. */
  readonly pace: Pace;
}

const addressIn = (ctx: Context, version: string): TestAddress => ({
  name: param(ctx, 'name'),
  version,
  authorization: ctx.headers.authorization,
});

/** The record as the v1 openapi closes it (TestPackPublishRecord). */
const recordBody = ({ record }: TestPublished) => ({
  name: record.name,
  version: record.version,
  tarballSha256: integrityOf(record.digest),
  publishedAt: record.publishedAt.toISOString(),
  signed: record.signed,
  signingMethod: record.signed ? 'manual' : 'none',
});

const takeUpload = (the: TestRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const { version, ending } = splitFile(param(ctx, 'file'));
  if (ending !== 'tgz') {
    ctx.set('Allow', 'GET, HEAD, DELETE');
    throw fault('method_not_allowed');
  }
  const published = await the.publishTest({
    ...addressIn(ctx, version),
    tree,
    contentType: ctx.headers['content-type'],
    expectedDigest: ctx.get('X-Pack-Sha256') || undefined,
    statement: ctx.get(STATEMENT_HEADER) || undefined,
    body: atLeast(the.pace, ctx.req),
  });
  ctx.status = published.created ? 201 : 200;
  ctx.body = recordBody(published);
};

const sendPart = (the: TestRoutesDeps, tree: Tree) => async (ctx: Context) => {
  const { version, ending } = splitFile(param(ctx, 'file'));
  if (!isTestPart(ending)) throw fault('not_found');
  replyWith(ctx, await the.readTestPart(tree, addressIn(ctx, version), ending));
};

export const addTestRoutes = (router: Router, the: TestRoutesDeps): void => {
  for (const tree of ['v1', 'v2'] as const) {
    const base = BASES[tree];
    const file = `${base}/:name/-/:file`;
    router.put(file, takeUpload(the, tree));
    router.get(file, sendPart(the, tree));
    router.delete(file, async (ctx) => {
      await the.unpublishTest(tree, addressIn(ctx, param(ctx, 'file')));
      ctx.status = 204;
    });
    router.get(`${base}/:name`, async (ctx) => {
      replyWith(ctx, await the.readTestPack(tree, param(ctx, 'name'), ctx.headers.authorization));
    });
    router.post(`${base}/-/reset`, async (ctx) => {
      await the.resetTests(ctx.headers.authorization);
      ctx.status = 204;
    });
  }
};
