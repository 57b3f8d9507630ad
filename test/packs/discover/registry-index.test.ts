// The registry index: what it says follows every change, in every process, whole, in pages and in any coding.

import { get as httpGet, type IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexBook } from '../../../src/packs/discover/index-book.ts';
import { indexedAfter, indexedOf } from '../../../src/packs/discover/index-store.ts';
import { openRegistryIndex } from '../../../src/packs/discover/registry-index.ts';
import { ownDatabase } from '../../world/database.ts';
import { rowOf, seedVersions, setStanding } from '../../world/pack-rows.ts';
import { addressOf, createPublisher, delegate } from '../../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** As it comes over the wire, with nothing undone. */
const raw = (path: string, headers: Record<string, string> = {}): Promise<Raw> =>
  new Promise((resolve, reject) => {
    httpGet(registry.url + path, { headers, agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, bytes: Buffer.concat(chunks) }),
      );
    }).on('error', reject);
  });

const index = async (tree = 'v1', query = '') =>
  (await registry.call('GET', `/${tree}/index.json${query}`, { token: null })).json;
const namesOf = ({ packs }: { packs: { name: string }[] }) => packs.map(({ name }) => name);

const publish = async (name: string, version = '1.0.0', tree: 'v1' | 'v2' = 'v1') => {
  const body = await acme.pack({ name, version, tree });
  expect((await registry.call('PUT', addressOf(name, version, tree), { body })).status).toBe(201);
};

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

describe('the registry index', () => {
  it('is there where there are no packs yet', async () => {
    expect(await index()).toEqual({
      registryVersion: '1.0.0',
      generatedAt: expect.stringMatching(/Z$/),
      packCount: 0,
      packs: [],
    });
  });

  it('has what is published the moment it is, in the order of names', async () => {
    for (const name of ['vendor.acme.m', 'vendor.acme.z', 'vendor.acme.a']) {
      await publish(name);
      expect(namesOf(await index())).toContain(name);
    }
    expect(namesOf(await index())).toEqual(['vendor.acme.a', 'vendor.acme.m', 'vendor.acme.z']);
    expect((await index()).packs[0]).toEqual({
      name: 'vendor.acme.a',
      kind: 'node',
      latestVersion: '1.0.0',
      description: 'A pack made for tests.',
      license: 'Apache-2.0',
      tags: ['test', 'acme'],
      typeIds: expect.arrayContaining(['vendor.acme.node.echo']),
      nodeCount: 2,
      agentCount: 1,
      deprecated: false,
      yanked: false,
    });
    expect((await index('v2')).packs).toEqual([]);
  });

  it('follows what becomes of versions, and says the same as the metadata of each pack', async () => {
    const at = '/v1/packs/vendor.acme.m/-';
    const row = async () =>
      (await index()).packs.find(({ name }: { name: string }) => name === 'vendor.acme.m');
    const latest = async () => (await registry.call('GET', '/v1/packs/vendor.acme.m/index.json')).json.latest;
    await publish('vendor.acme.m', '1.1.0');
    expect((await row()).latestVersion).toBe('1.1.0');
    await registry.call('POST', `${at}/1.1.0/yank`, { body: { reason: 'broken' } });
    expect(await row()).toMatchObject({ latestVersion: '1.0.0', yanked: false });
    expect(await latest()).toBe('1.0.0');
    await registry.call('POST', `${at}/1.0.0/yank`, { body: { reason: 'broken' } });
    expect(await row()).toMatchObject({ latestVersion: '1.1.0', yanked: true });
    expect(await latest()).toBe('1.1.0');
    for (const version of ['1.0.0', '1.1.0']) await registry.call('DELETE', `${at}/${version}`);
    expect(await row()).toBeUndefined();
  });

  it('keeps its bytes and its ETag until something changes', async () => {
    const first = await raw('/v1/index.json');
    const again = await raw('/v1/index.json');
    expect([again.headers.etag, again.bytes.equals(first.bytes)]).toEqual([first.headers.etag, true]);
    await publish('vendor.acme.news');
    expect((await raw('/v1/index.json')).headers.etag).not.toBe(first.headers.etag);
  });

  it('comes in pages that together are the whole', async () => {
    const names: string[] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const page = await index('v1', `?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(page.packCount).toBe((await index()).packCount);
      names.push(...namesOf(page));
      cursor = page.nextCursor;
    }
    expect(names).toEqual(namesOf(await index()));
    expect(namesOf(await index('v1', '?cursor=vendor.acme.b&limit=1'))).toEqual(['vendor.acme.news']);
    for (const query of ['?limit=0', '?limit=1001', '?cursor=%20', '?limit=1&limit=1'])
      expect((await registry.call('GET', `/v1/index.json${query}`)).json.error).toBe('validation_error');
  });
});

describe('a page of the index', () => {
  it('ends before its time where its rows say much, and goes on behind it', async () => {
    const text = 'x'.repeat(200_000);
    const rows = Array.from({ length: 60 }, (_, number) => {
      const { name, version, facts } = rowOf(`vendor.long.p${String(number).padStart(2, '0')}`);
      return { name, version, facts: { ...facts, description: text }, yanked: false, deprecated: false };
    });
    const { page } = openRegistryIndex({
      now: () => new Date(0),
      indexedAfter: async () => rows,
      indexedOf: async () => [],
    });
    const names: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { bytes } = await (await page('v1', cursor, 1_000)).in('identity');
      expect(bytes.length).toBeLessThan(5_000_000);
      const found = JSON.parse(Buffer.from(bytes).toString());
      names.push(...namesOf(found));
      cursor = found.nextCursor;
    }
    expect(names).toEqual(rows.map(({ name }) => name));
  });
});

describe('a coding', () => {
  it.each([
    ['gzip', 'gzip', gunzipSync],
    ['br', 'br', brotliDecompressSync],
    ['gzip;q=0.5, br;q=0.9', 'br', brotliDecompressSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['zstd', undefined, (bytes: Buffer) => bytes],
    ['*;q=0', undefined, (bytes: Buffer) => bytes],
  ])('asked for as %j is %s, with a strong ETag of its own', async (asked, coding, decode) => {
    const plain = await raw('/v1/index.json');
    const found = await raw('/v1/index.json', { 'Accept-Encoding': asked });
    expect(found.headers['content-encoding']).toBe(coding);
    expect(decode(found.bytes).equals(plain.bytes)).toBe(true);
    expect(found.headers.vary).toContain('Accept-Encoding');
    expect(found.headers.etag === plain.headers.etag).toBe(coding === undefined);
    const known = { 'If-None-Match': found.headers.etag ?? '', 'Accept-Encoding': asked };
    expect((await raw('/v1/index.json', known)).status).toBe(304);
  });

  it('is never laid over a tarball', async () => {
    const path = addressOf('vendor.acme.a');
    expect((await raw(path, { 'Accept-Encoding': 'gzip, br' })).headers['content-encoding']).toBeUndefined();
  });
});

describe('a process', () => {
  const bookOf = (sql: TestRegistry['sql'], count = { all: 0, some: 0 }) => {
    const book = indexBook({
      tree: 'v1',
      indexedAfter: (tree, after, limit) => {
        count.all += 1;
        return indexedAfter(sql, tree, after, limit);
      },
      indexedOf: (tree, names) => {
        count.some += names.length;
        return indexedOf(sql, tree, names);
      },
    });
    return { ...book, count };
  };

  it('reads all once and then only what changed, and readers share one reading', async () => {
    const database = await ownDatabase();
    const rows = Array.from({ length: 2_500 }, (_, number) => rowOf(`vendor.many.p${number}`));
    await seedVersions(database.sql, rows);
    const book = bookOf(database.sql);
    expect((await book.read()).names).toHaveLength(2_500);
    expect(book.count).toEqual({ all: 3, some: 0 });
    await seedVersions(database.sql, [rowOf('vendor.many.new')]);
    await setStanding(database.sql, { ...rowOf('vendor.many.p7'), unpublished: true });
    for (const name of ['vendor.many.new', 'vendor.many.p7', 'private.host.secret']) book.changed(name);
    const found = await Promise.all([book.read(), book.read(), book.read()]);
    expect(book.count).toEqual({ all: 3, some: 3 });
    for (const { names } of found) {
      expect(names).toHaveLength(2_500);
      expect([names.includes('vendor.many.new'), names.includes('vendor.many.p7')]).toEqual([true, false]);
    }
    await database.drop();
  });

  it('that noted a change while it read reads once more, and one that failed keeps what it noted', async () => {
    let fails = false;
    const pack = rowOf('vendor.acme.one');
    const versions = ['1.0.0'];
    const shown = async () => {
      if (fails) throw new Error('the database is away');
      const version = versions.at(-1) ?? '';
      return [{ name: pack.name, version, facts: pack.facts, yanked: false, deprecated: false }];
    };
    const book = indexBook({ tree: 'v1', indexedAfter: shown, indexedOf: shown });
    const textOf = async () => String((await book.read()).rows[0]);
    expect(await textOf()).toContain('1.0.0');
    const early = book.read();
    versions.push('2.0.0');
    book.changed(pack.name);
    await early;
    expect(await textOf()).toContain('2.0.0');
    versions.push('3.0.0');
    book.changed(pack.name);
    fails = true;
    await expect(book.read()).rejects.toThrow('away');
    fails = false;
    expect(await textOf()).toContain('3.0.0');
  });
});
