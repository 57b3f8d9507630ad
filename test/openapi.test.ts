// The documents in openapi/ and the routes that are mounted say the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Router from '@koa/router';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addAccessRoutes } from '../src/access/routes.ts';
import { addWorkforceRoutes } from '../src/access/workforces/routes.ts';
import { addHealthRoutes } from '../src/http/health.ts';
import { addReferenceRoutes } from '../src/http/reference/routes.ts';
import { openKnowledge } from '../src/knowledge/open.ts';
import { openMirror } from '../src/mirror/open.ts';
import { openPacks } from '../src/packs/open.ts';
import { KNOWLEDGE_EVENT_KINDS } from '../src/protocol/knowledge/event-kinds.ts';
import { addAuditRoutes } from '../src/transparency/audit-chain/routes.ts';
import { addLogRoutes } from '../src/transparency/routes.ts';
import { addWitnessRoutes } from '../src/transparency/witness/routes.ts';
import { ROOT } from './world/source.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly responses?: Readonly<Record<string, unknown>>;
}
interface OpenApi {
  readonly components?: {
    readonly schemas?: Readonly<Record<string, { readonly enum?: readonly unknown[] }>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const folder = join(ROOT, 'openapi');
const documents = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [name, parse(readFileSync(join(folder, name), 'utf8')) as OpenApi] as const);

const operations = documents.flatMap(([, document]) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) =>
      item[method] ? [{ route: `${method.toUpperCase()} ${path}`, operation: item[method] }] : [],
    ),
  ),
);

const mounted = (): string[] => {
  const router = new Router();
  addHealthRoutes(router, {});
  addReferenceRoutes(router, 'openapi');
  addAccessRoutes(router, {} as never);
  addWorkforceRoutes(router, {} as never);
  openPacks({ policy: {}, testNamespace: true } as never).addRoutes(router);
  addLogRoutes(router, {} as never);
  addWitnessRoutes(router, {} as never);
  addAuditRoutes(router, {} as never);
  openKnowledge({} as never).addRoutes(router);
  openMirror({} as never).addRoutes(router);
  return router.stack.flatMap((layer) =>
    layer.methods
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${String(layer.path).replace(/[:*](\w+)/g, '{$1}')}`),
  );
};

const refsOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => (key === '$ref' ? [String(child)] : refsOf(child)));
};

const resolves = (ref: string, from: string): boolean => {
  const [file, pointer = ''] = ref.split('#');
  const document: unknown = documents.find(([name]) => name === (file || from))?.[1];
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
  return found !== undefined;
};

describe('openapi/', () => {
  it('describes every mounted route, and no other', () => {
    expect(operations.map(({ route }) => route).sort()).toEqual(mounted().sort());
  });

  it('gives each operation a name of its own, a summary and its answers', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(
      operations.filter(
        ({ operation }) => !operation.operationId || !operation.summary || !operation.responses,
      ),
    ).toEqual([]);
  });

  it('refers only to what is there', () => {
    const broken = documents.flatMap(([name, document]) =>
      refsOf(document).filter((ref) => !resolves(ref, name)),
    );
    expect(broken).toEqual([]);
  });

  it('knows every kind of event about knowledge', () => {
    const named = documents.flatMap(
      ([, { components }]) => components?.schemas?.['KnowledgeEventKind']?.enum ?? [],
    );
    expect(named).toEqual([...KNOWLEDGE_EVENT_KINDS]);
  });
});
