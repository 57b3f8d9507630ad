// The front page, the documents in openapi/ as they are, and a page for people that is made of them when first asked for.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Router from '@koa/router';
import { fault } from '../../protocol/faults.ts';
import { type Document, KINDS, makeDocument } from '../document.ts';
import { param, replyWith } from '../reply.ts';
import type { OpenApi } from './document.ts';
import { FRONT_STYLE, frontPage } from './front.ts';
import { referencePage, STYLE } from './page.ts';

interface Reference {
  readonly page: Document;
  readonly list: Document;
  readonly files: ReadonlyMap<string, Document>;
}

/** No script at all, and no style but ours: whatever stood in a document, nothing would run. */
const policyFor = (style: string): string =>
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const pageOf = (text: string, style: string): Document => {
  const page = makeDocument(Buffer.from(text), KINDS.page);
  return { ...page, headers: { ...page.headers, 'Content-Security-Policy': policyFor(style) } };
};

/** What all documents share comes last. */
const byWeight = (one: string, other: string): number =>
  Number(one === 'shared.yaml') - Number(other === 'shared.yaml') || (one < other ? -1 : 1);

const readAll = async (folder: string): Promise<readonly (readonly [string, Buffer])[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort(byWeight);
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
};

const makeReference = async (folder: string): Promise<Reference> => {
  // Only who reads the reference pays for what reads it.
  const { parse } = await import('yaml');
  const texts = await readAll(folder);
  const documents = new Map<string, OpenApi>();
  for (const [name, bytes] of texts) {
    documents.set(name, parse(bytes.toString('utf8')));
    // Others are answered in between: each takes long to read.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const page = pageOf(referencePage(documents), STYLE);
  const files = new Map(texts.map(([name, bytes]) => [name, makeDocument(bytes, KINDS.yaml)]));
  const paths = [...files.keys()].map((name) => `/openapi/${name}`);
  const list = makeDocument(Buffer.from(`${JSON.stringify({ page: '/docs', files: paths })}\n`), KINDS.json);
  return { page, list, files };
};

/** @param registryName as people read it on the front page */
export const addReferenceRoutes = (router: Router, folder: string, registryName = 'attestry'): void => {
  const front = pageOf(frontPage(registryName), FRONT_STYLE);
  let made: Promise<Reference> | undefined;
  const reference = (): Promise<Reference> => {
    made ??= makeReference(folder);
    // A failure is not kept.
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
  router.get('/', (ctx) => replyWith(ctx, front));
  router.get('/openapi', async (ctx) => replyWith(ctx, (await reference()).list));
  router.get('/docs', async (ctx) => replyWith(ctx, (await reference()).page));
  router.get('/openapi/:file', async (ctx) => {
    const file = (await reference()).files.get(param(ctx, 'file'));
    if (file === undefined) throw fault('not_found');
    replyWith(ctx, file);
  });
};
