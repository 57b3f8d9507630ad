// The addresses of what is derived from packs, and of the two files that crawlers and finders of holes look for.
import type Router from '@koa/router';
import type { Document } from '../../http/document.ts';
import { param, replyWith } from '../../http/reply.ts';
import type { Tree } from '../../protocol/faults.ts';
import { SECURITY_TXT } from './well-known.ts';

export interface DerivedRoutesDeps {
  readonly readRegistrySbom: (tree: Tree) => Promise<Document>;
  readonly readSchema: (name: string, version: string, file: string) => Promise<Document>;
  readonly readRobots: () => Document;
  readonly readSecurityTxt: () => Document;
}

export const addDerivedRoutes = (router: Router, the: DerivedRoutesDeps): void => {
  for (const tree of ['v1', 'v2'] as const)
    router.get(`/${tree}/sbom.json`, async (ctx) => replyWith(ctx, await the.readRegistrySbom(tree)));
  router.get('/robots.txt', (ctx) => replyWith(ctx, the.readRobots()));
  router.get(SECURITY_TXT, (ctx) => replyWith(ctx, the.readSecurityTxt()));
  // The name is spelt with its full stops, which no other first segment has: nothing else can be hidden behind it.
  router.get('/:scope.:org.:pack/:version/:file.json', async (ctx) => {
    const name = ['scope', 'org', 'pack'].map((part) => param(ctx, part)).join('.');
    replyWith(ctx, await the.readSchema(name, param(ctx, 'version'), `${param(ctx, 'file')}.json`));
  });
};
