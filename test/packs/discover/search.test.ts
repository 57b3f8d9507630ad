// Searching packs: what is found and what is not, the best first, in pages that hold while packs are published.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Row, rowOf, seedListed } from '../../world/pack-rows.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();

const node = (typeId: string) => ({ kind: 'node', nodes: [{ typeId }] });
const agent = (agentId: string) => ({ kind: 'node', agents: [{ agentId }] });
const ROWS: readonly Row[] = [
  rowOf('vendor.acme.tools', {
    version: '1.2.0',
    manifest: {
      ...node('vendor.acme.tools.httpRequest'),
      connector: { id: 'acme' },
      description: 'Asks the web for pages.',
      keywords: ['HTTP', 'web'],
      license: 'MIT',
    },
  }),
  rowOf('vendor.acme.tools', { version: '1.1.0', manifest: { ...node('vendor.acme.old') } }),
  rowOf('vendor.acme.chains', {
    manifest: { kind: 'workflow-chain', chains: [{ chainId: 'acme.enrich' }], keywords: ['sales'] },
  }),
  rowOf('core.openwop.web', {
    manifest: { ...agent('core.openwop.web.reader'), description: 'tools to read' },
  }),
  rowOf('community.ada.demo', { manifest: { description: 'Grüße aus Köln, 日本語, e\u0301tude' } }),
  rowOf('community.ada.broken', { yanked: true, manifest: { description: 'gone tools' } }),
  rowOf('community.ada.absent', { unpublished: true, manifest: { description: 'tools' } }),
  rowOf('vendor.acme.later', { tree: 'v2', manifest: { description: 'tools' } }),
  rowOf('private.host.tools', { manifest: { description: 'tools of a secret' } }),
];

const shown = ROWS.filter(
  ({ tree, name, unpublished, version }) =>
    tree === 'v1' && !name.startsWith('private.') && !unpublished && version !== '1.1.0',
);

const search = (query: string, tree = 'v1', token: string | null = null) =>
  registry.call('GET', `/${tree}/packs/-/search?${query}`, { token });
const q = (text: string): string => `q=${encodeURIComponent(text)}`;
const namesFor = async (query: string, tree = 'v1'): Promise<string[]> => {
  const { status, json } = await search(query, tree);
  expect(status, query).toBe(200);
  return json.results.map(({ name }: { name: string }) => name);
};

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** What the words of a pack are, by the rule and not by the database. */
const textsOf = ({ name, facts }: Row): string[] =>
  [name, facts.description, ...facts.keywords, ...facts.typeIds, ...facts.agentIds].flatMap((text) => [
    ...wordsOf(text),
    ...wordsOf(text.replace(/([a-z])([A-Z])/g, '$1 $2')),
  ]);

const oracle = (text: string, filters: (row: Row) => boolean = () => true): string[] =>
  shown
    .filter((row) => wordsOf(text).every((word) => textsOf(row).some((each) => each.startsWith(word))))
    .filter(filters)
    .map(({ name }) => name)
    .sort();

beforeAll(async () => {
  registry = await startRegistry();
  await seedListed(registry.sql, ROWS);
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

describe('a search', () => {
  it.each([
    ...[
      '',
      'tools',
      'acme',
      'vendor.acme.tools',
      'HTTP',
      'httprequest',
      'http request',
      'web',
      'reader',
      'pages',
    ],
    ...['acme.enrich', 'köln', 'KÖLN', '日本', 'grü', 'too', 'demo', 'gone', 'tools reader'],
  ])('for %j finds every pack that has its words, and no other', async (text) => {
    expect((await namesFor(q(text))).sort()).toEqual(oracle(text));
  });

  it.each<[string, (row: Row) => boolean]>([
    ['kind=node', ({ facts }) => facts.kind === 'node'],
    ['kind=workflow-chain', ({ facts }) => facts.kind === 'workflow-chain'],
    ['kind=connector', ({ facts }) => facts.connector === true],
    ['kind=prompt', () => false],
    ['namespace=vendor', ({ name }) => name.startsWith('vendor.')],
    ['namespace=Community.ada', ({ name }) => name.startsWith('community.ada.')],
    ['namespace=vendor.ac', () => false],
    ['keyword=http', ({ facts }) => facts.keywords.includes('HTTP')],
    ['keyword=htt', () => false],
    ['typeId=acme.enrich', ({ facts }) => facts.typeIds.includes('acme.enrich')],
    ['typeId=core.openwop.web.reader&kind=node', ({ facts }) => facts.agentIds.length > 0],
    ['typeId=vendor.acme.old', () => false],
    ["keyword=' %26 !x%5C:*|", () => false],
  ])('keeps to %s, with words and without', async (filter, admits) => {
    expect((await namesFor(filter)).sort()).toEqual(oracle('', admits));
    expect((await namesFor(`${q('tools')}&${filter}`)).sort()).toEqual(oracle('tools', admits));
  });

  it('tells what hosts and people choose by, and how many of which kind there are', async () => {
    const { json } = await search(q('vendor.acme.tools'));
    expect(json.results[0]).toEqual({
      name: 'vendor.acme.tools',
      version: '1.2.0',
      kind: 'node',
      connector: true,
      description: 'Asks the web for pages.',
      license: 'MIT',
      keywords: ['HTTP', 'web'],
      typeIdCount: 1,
      agentCount: 0,
      deprecated: false,
      yanked: false,
      score: expect.any(Number),
    });
    const all = (await search('')).json;
    expect(all.total).toBe(shown.length);
    expect(all.facets).toEqual({ kind: { node: 4, 'workflow-chain': 1 }, connector: 1 });
    expect(all.results.map(({ name }: { name: string }) => name)).toEqual(
      shown.map(({ name }) => name).sort(),
    );
  });

  it('puts what is called so before what gives such an id, and that before what speaks of it', async () => {
    expect((await namesFor(q('tools')))[0]).toBe('vendor.acme.tools');
    expect((await namesFor(q('core.openwop.web.reader')))[0]).toBe('core.openwop.web');
    const scores = (await search(q('tools'))).json.results.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it.each([
    ['vendr.acme.tols', 'vendor.acme.tools'],
    ['acme.tolos', 'vendor.acme.tools'],
    ['wbe', 'core.openwop.web'],
    ['enrch', 'vendor.acme.chains'],
    ['opnwop', 'core.openwop.web'],
  ])('forgives a typing error: %s', async (typed, meant) => {
    const { json } = await search(q(typed));
    expect([json.match, json.results[0]?.name]).toEqual(['near', meant]);
  });

  it('finds in each tree only what is in it, by names that the tree answers to', async () => {
    expect(await namesFor(q('tools'), 'v2')).toEqual(['vendor.acme.later']);
    for (const name of await namesFor('')) {
      const { status, json } = await registry.call('GET', `/v1/packs/${name}`, { token: null });
      expect([status, json.name]).toEqual([200, name]);
    }
  });
});

describe('a private pack', () => {
  it('is in no result and no count, whoever asks', async () => {
    const reader = await accountWith(registry.call, 'reader', ['packs:read'], ['private.host.*']);
    for (const token of [null, reader, registry.adminToken]) {
      for (const query of ['', q('secret'), q('private.host.tools'), 'namespace=private', q('tools')]) {
        const { json } = await search(query, 'v1', token);
        expect(JSON.stringify(json.results)).not.toContain('private');
        expect(json.total).toBe(json.results.length);
      }
      expect((await search(q('secret'), 'v1', token)).json.total).toBe(0);
    }
  });
});

describe('a hostile question', () => {
  it.each([
    ...[
      '%',
      '_',
      '%%%%',
      "'",
      "';drop table versions;--",
      '\\',
      ':*',
      '!a',
      'a & b | !c',
      'a:*B <-> c',
      '()',
      '<',
    ],
    ...[
      '\u{1f600}',
      '\u{1f600} tools',
      '\u202etools',
      'עברית',
      'e\u0301tude',
      '\ufeff',
      '\u2028',
      'a'.repeat(256),
    ],
    ...['a '.repeat(128), '1e5', '0x1F', "''''", '=kind:node', '"tools"', '\u007f', 'ß', 'İ', '🇩🇪'],
  ])('%j is answered with a list', async (text) => {
    const { status, json } = await search(q(text));
    expect([status, Array.isArray(json.results)]).toEqual([200, true]);
  });

  it('of broken bytes is read as the text that it can be', async () => {
    for (const bytes of ['%ED%A0%80', '%FF', '%C3', '%', '%zz']) {
      const { status, json } = await search(`q=${bytes}`);
      expect([bytes, status, json.results]).toEqual([bytes, 200, []]);
    }
  });

  it.each([
    ...['limit=0', 'limit=201', 'limit=-1', 'limit=1.5', 'limit=x', 'limit=', 'limit=1&limit=2', 'q=a&q=b'],
    ...[
      'kind=agent',
      'kind=',
      'namespace=..',
      'namespace=a.b.c',
      'keyword=',
      'typeId=',
      'cursor=',
      'cursor=x',
    ],
    ...[
      'cursor=words:1:a%20b',
      'cursor=words:9999999999:a',
      `q=${'a'.repeat(257)}`,
      `typeId=${'a'.repeat(257)}`,
    ],
  ])('%s is refused in both trees, and the field is named', async (query) => {
    for (const tree of ['v1', 'v2']) {
      const { status, json } = await search(query, tree);
      expect([status, json.error]).toEqual([400, 'validation_error']);
      expect(json.details.field).toMatch(/^[a-zA-Z]+$/);
    }
  });
});

describe('pages', () => {
  const follow = async (query: string, meanwhile: (page: number) => Promise<unknown> = async () => 0) => {
    const names: string[] = [];
    let cursor: string | undefined = '';
    for (let page = 0; cursor !== undefined; page += 1) {
      const { json } = await search(`${query}&limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      expect(json.results.length).toBeLessThanOrEqual(2);
      names.push(...json.results.map(({ name }: { name: string }) => name));
      cursor = json.nextCursor;
      await meanwhile(page);
    }
    return names;
  };

  it('together are the whole, with words, without, and with words that are spelt alike', async () => {
    for (const query of ['q=', q('tools'), q('tolos')])
      expect(await follow(query)).toEqual(await namesFor(query));
  });

  it('show each pack that was there once, while others are published', async () => {
    for (const query of ['q=', q('acme')]) {
      const before = await namesFor(query);
      const names = await follow(query, (page) =>
        seedListed(registry.sql, [
          rowOf(`vendor.acme.aaa-${query.length}-${page}`, { manifest: { description: 'acme acme' } }),
        ]),
      );
      expect(new Set(names).size).toBe(names.length);
      expect(before.filter((name) => !names.includes(name))).toEqual([]);
    }
  });
});

describe('what becomes of a version', () => {
  const NAME = 'vendor.acme.moving';
  const found = async () => (await search(q(NAME))).json.results[0];
  const publish = async (version: string, description: string) => {
    const body = await acme.pack({ name: NAME, version, edits: { '/description': description } });
    expect((await registry.call('PUT', addressOf(NAME, version), { body })).status).toBe(201);
  };

  it('moves what a search finds of its pack at once', async () => {
    await publish('1.0.0', 'first words');
    expect(await found()).toMatchObject({ version: '1.0.0', description: 'first words' });
    await publish('2.0.0', 'second words');
    expect(await namesFor(q('moving second'))).toEqual([NAME]);
    const at = `/v1/packs/${NAME}/-`;
    await registry.call('POST', `${at}/2.0.0/yank`, { body: { reason: 'broken' } });
    expect(await found()).toMatchObject({ version: '1.0.0', description: 'first words', yanked: false });
    await registry.call('DELETE', `${at}/2.0.0/yank`);
    expect(await found()).toMatchObject({ version: '2.0.0' });
    await registry.call('POST', `${at}/2.0.0/deprecate`, { body: { reason: 'old' } });
    expect(await found()).toMatchObject({ version: '1.0.0', deprecated: false });
    await registry.call('POST', `${at}/1.0.0/yank`, { body: { reason: 'broken' } });
    expect(await found()).toMatchObject({ version: '2.0.0', deprecated: false, yanked: false });
    expect((await registry.call('DELETE', `${at}/2.0.0`)).status).toBe(200);
    expect(await found()).toMatchObject({ version: '1.0.0', yanked: true });
    expect((await registry.call('DELETE', `${at}/1.0.0`)).status).toBe(200);
    expect((await search(q('moving'))).json.results).toEqual([]);
  });
});
