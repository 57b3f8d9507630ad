// The reference for people: all that stands in the documents, nothing that could run, and the documents themselves.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type OpenApi, operationsOf } from '../../src/http/reference/document.ts';
import { frontPage } from '../../src/http/reference/front.ts';
import { operationId } from '../../src/http/reference/operation-html.ts';
import { referencePage } from '../../src/http/reference/page.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const folder = join(ROOT, 'openapi');
const files = readdirSync(folder);

describe('GET /docs', () => {
  it('tells of every operation, and every link in it leads somewhere', async () => {
    const answer = await registry.call('GET', '/docs', { token: null });
    const page = answer.bytes.toString('utf8');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const all = files.flatMap((file) =>
      operationsOf(file, parse(readFileSync(join(folder, file), 'utf8')) as OpenApi),
    );
    expect(all.length).toBeGreaterThan(50);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(all.map(operationId).filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect([...new Set(links.filter((id) => !ids.includes(id)))]).toEqual([]);
  });

  it('needs no script, and lets none run', async () => {
    const answer = await registry.call('GET', '/docs', { token: null });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answer.bytes.toString('utf8')).not.toMatch(
      /<script|<link|<img|<iframe| on[a-z]+=| style=|javascript:/i,
    );
  });

  it('is not sent again to whoever has it', async () => {
    const tag = (await registry.call('GET', '/docs')).headers.get('etag') ?? '';
    expect((await registry.call('GET', '/docs', { headers: { 'If-None-Match': tag } })).status).toBe(304);
  });

  it('shows as text whatever stands in a document', () => {
    const evil = '"><script>alert(1)</script>`<b>`';
    const page = referencePage(
      new Map([
        [
          'x.yaml',
          {
            info: { title: evil },
            paths: {
              [`/${evil}`]: {
                get: {
                  operationId: evil,
                  summary: evil,
                  description: evil,
                  parameters: [
                    { name: evil, in: evil, description: evil, schema: { enum: [evil], pattern: evil } },
                  ],
                  requestBody: { content: { [evil]: { schema: { $ref: `#/${evil}` }, example: evil } } },
                  responses: { [evil]: { description: evil, headers: { [evil]: {} } } },
                },
              },
            },
            components: { schemas: { [evil]: { type: evil, properties: { [evil]: { const: evil } } } } },
          },
        ],
      ]),
    );
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<b>`');
    expect(page).not.toMatch(/="[^"]*"><script/);
  });

  it('ends where a schema holds itself', () => {
    const schema = { type: 'object', properties: { again: { $ref: '#/components/schemas/Self' } } };
    const self = { $ref: '#/components/schemas/Self' };
    const page = referencePage(
      new Map([
        [
          'x.yaml',
          {
            paths: { '/a': { get: { parameters: [self] } } },
            components: { schemas: { Self: self, Other: schema } },
          },
        ],
      ]),
    );
    expect(page).toContain('Self');
  });
});

describe('GET /', () => {
  it('names the registry, and leads to what is there', async () => {
    const answer = await registry.call('GET', '/', { token: null });
    const page = answer.bytes.toString('utf8');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).toContain('<h1>test registry</h1>');
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, path]) => `/${path}`);
    expect(links).toContain('/.well-known/openwop-registry');
    for (const path of links) expect((await registry.call('GET', path, { token: null })).status).toBe(200);
  });

  it('shows as text whatever the registry is called', () => {
    expect(frontPage('<script>"')).toContain('<h1>&lt;script&gt;&quot;</h1>');
  });
});

describe('GET /openapi', () => {
  it('lists the files that are served', async () => {
    const { status, json } = await registry.call('GET', '/openapi', { token: null });
    expect([status, json.page]).toEqual([200, '/docs']);
    expect([...json.files].sort()).toEqual(files.map((file) => `/openapi/${file}`).sort());
  });
});

describe('GET /openapi/{file}', () => {
  it.each(files)('%s is served as it stands', async (file) => {
    const answer = await registry.call('GET', `/openapi/${file}`, { token: null });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/yaml; charset=utf-8',
    ]);
    expect(answer.bytes.equals(readFileSync(join(folder, file)))).toBe(true);
  });

  it.each([
    'none.yaml',
    '..%2fpackage.json',
    '..%2f..%2fetc%2fpasswd',
    'constructor',
    '%2e%2e%2fpackage.json',
  ])('%s is not there', async (file) => {
    const answer = await registry.call('GET', `/openapi/${file}`, { token: null });
    expect([answer.status, answer.json.error]).toEqual([404, 'not_found']);
  });
});
