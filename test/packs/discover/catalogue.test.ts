// Which packs give an id, which agents there are, and what a version needs of others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providersOf, versionsProviding } from '../../../src/packs/provided-store.ts';
import { type Row, rowOf, seedListed } from '../../world/pack-rows.ts';
import { startRegistry, type TestRegistry } from '../../world/registry.ts';

let registry: TestRegistry;
const get = async (path: string) => registry.call('GET', path, { token: null });

const agent = (agentId: string, more: object = {}) => ({
  agentId,
  persona: 'Helper',
  modelClass: 'general',
  systemPrompt: 'Help.',
  ...more,
});
const nodes = (...typeIds: string[]) => ({ kind: 'node', nodes: typeIds.map((typeId) => ({ typeId })) });

const ROWS: readonly Row[] = [
  rowOf('vendor.acme.helper', {
    manifest: {
      kind: 'node',
      agents: [
        agent('vendor.acme.helper.one', {
          toolAllowlist: [
            ...['openwop:shared.fetch', 'mcp:files', 'host:fs', 'local.mine', 'vendor.acme.none'],
            ...['vendor.beta.send', 'private.host.tool'],
          ],
        }),
        agent('vendor.acme.helper.two', { systemPrompt: undefined, systemPromptRef: 'prompts/two.md' }),
        { agentId: 'vendor.acme.helper.flawed', persona: 'No model' },
      ],
      dependencies: { 'vendor.beta.send': '^1.0.0', 'vendor.gone.pack': '*', 'vendor.beta.old': '^9.0.0' },
    },
  }),
  rowOf('core.openwop.fetch', { version: '1.0.0', manifest: nodes('shared.fetch') }),
  rowOf('core.openwop.fetch', { version: '1.10.0', manifest: nodes('shared.fetch') }),
  rowOf('core.openwop.fetch', { version: '1.9.0', yanked: true, manifest: nodes('shared.fetch') }),
  rowOf('core.openwop.fetch', { version: '2.0.0', manifest: nodes('other.fetch') }),
  rowOf('core.openwop.fetch', { version: '1.11.0', unpublished: true, manifest: nodes('shared.fetch') }),
  rowOf('vendor.copy.fetch', { manifest: nodes('shared.fetch') }),
  rowOf('vendor.two.fetch', { tree: 'v2', manifest: nodes('shared.fetch') }),
  rowOf('private.host.fetch', { manifest: nodes('shared.fetch', 'private.host.tool') }),
  // These two need one another.
  rowOf('vendor.beta.send', {
    version: '1.0.0',
    manifest: { ...nodes('vendor.beta.send'), dependencies: { 'vendor.beta.base': '>=1.0.0 <2.0.0' } },
  }),
  rowOf('vendor.beta.send', { version: '1.5.0', yanked: true, manifest: nodes('vendor.beta.send') }),
  rowOf('vendor.beta.base', {
    manifest: { ...nodes('vendor.beta.base'), dependencies: { 'vendor.beta.send': '1.5.0' } },
  }),
  rowOf('vendor.beta.old', { manifest: nodes('vendor.beta.old') }),
];

beforeAll(async () => {
  registry = await startRegistry();
  await seedListed(registry.sql, ROWS);
});
afterAll(() => registry.stop());

describe('the packs of an id', () => {
  it('are told by the index, with every version that provides it', async () => {
    const { json } = await get('/v1/packs/-/by-type/shared.fetch');
    const standing = { kind: 'node', provides: 'typeId', yanked: false, deprecated: false };
    expect(json).toEqual({
      typeId: 'shared.fetch',
      results: [
        {
          name: 'core.openwop.fetch',
          version: '1.10.0',
          versions: ['1.0.0', '1.9.0', '1.10.0'],
          ...standing,
        },
        { name: 'vendor.copy.fetch', version: '1.0.0', versions: ['1.0.0'], ...standing },
      ],
    });
    expect((await get('/v2/packs/-/by-type/shared.fetch')).json.results).toMatchObject([
      { name: 'vendor.two.fetch' },
    ]);
    expect((await get('/v1/packs/-/by-type/vendor.acme.helper.one')).json.results).toMatchObject([
      { name: 'vendor.acme.helper', provides: 'agentId' },
    ]);
  });

  it('come in pages', async () => {
    const { json } = await get('/v1/packs/-/by-type/shared.fetch?limit=1');
    expect(json).toMatchObject({
      results: [{ name: 'core.openwop.fetch' }],
      nextCursor: 'core.openwop.fetch',
    });
    const rest = (await get('/v1/packs/-/by-type/shared.fetch?limit=1&cursor=core.openwop.fetch')).json;
    expect(rest.results).toMatchObject([{ name: 'vendor.copy.fetch' }]);
    expect(rest).not.toHaveProperty('nextCursor');
  });

  it.each(['nobody.has.it', 'private.host.tool', "'%22;--", '%25', 'shared', 'SHARED.fetch'])(
    'for %s are none, which is no failure',
    async (id) => {
      const { status, json } = await get(`/v1/packs/-/by-type/${id}`);
      expect([status, json.results]).toEqual([200, []]);
    },
  );

  it('refuses an id that is longer than any', async () => {
    const { status, json } = await get(`/v2/packs/-/by-type/${'a'.repeat(257)}`);
    expect([status, json.error]).toEqual([400, 'validation_error']);
  });

  it('are known to whoever asks the index for ids that others provide already', async () => {
    const found = await versionsProviding(registry.sql, ['shared.fetch', 'other.fetch'], { most: 10 });
    expect(found.map(({ id, name, version }) => `${id} ${name}@${version}`).sort()).toEqual([
      'other.fetch core.openwop.fetch@2.0.0',
      'shared.fetch core.openwop.fetch@1.0.0',
      'shared.fetch core.openwop.fetch@1.10.0',
      'shared.fetch core.openwop.fetch@1.9.0',
      'shared.fetch vendor.copy.fetch@1.0.0',
      'shared.fetch vendor.two.fetch@1.0.0',
    ]);
    const newest = await providersOf(registry.sql, 'v1', ['shared.fetch', 'other.fetch', 'nobody.has.it']);
    expect(newest.map(({ id, name, version }) => `${id} ${name}@${version}`).sort()).toEqual([
      'other.fetch core.openwop.fetch@2.0.0',
      'shared.fetch core.openwop.fetch@1.10.0',
    ]);
  });
});

describe('the discovery document', () => {
  it('names where packs are searched, listed and found by their ids, in each tree', async () => {
    const { endpoints } = (await get('/.well-known/openwop-registry')).json;
    for (const tree of ['v1', 'v2']) {
      const { packSearch, packList, packsByType, agentExport, versionClosure } = endpoints[tree];
      expect(packsByType).toBe(`/${tree}/packs/-/by-type/{typeId}`);
      expect(versionClosure).toBe(`/${tree}/packs/{name}/-/{version}/closure`);
      for (const path of [packSearch, packList, agentExport]) expect((await get(path)).status).toBe(200);
    }
  });
});

describe('the ids of a version', () => {
  it('stand in the metadata of its pack', async () => {
    const { json } = await get('/v1/packs/vendor.acme.helper');
    expect(json.versions['1.0.0']).toMatchObject({
      publishedTypeIds: [],
      publishedAgentIds: ['vendor.acme.helper.one', 'vendor.acme.helper.two', 'vendor.acme.helper.flawed'],
    });
    const fetches = (await get('/v1/packs/core.openwop.fetch')).json.versions;
    expect(fetches['2.0.0']).toMatchObject({ publishedTypeIds: ['other.fetch'], publishedAgentIds: [] });
  });
});

describe('the list of packs', () => {
  it('has every public pack of its tree, with the agents of those that bring some', async () => {
    const { json } = await get('/v1/packs');
    expect(json.packs.map(({ name }: { name: string }) => name)).toEqual([
      'core.openwop.fetch',
      'vendor.acme.helper',
      'vendor.beta.base',
      'vendor.beta.old',
      'vendor.beta.send',
      'vendor.copy.fetch',
    ]);
    expect(json).toMatchObject({ total: 6, facets: { kind: { node: 6 }, connector: 0 } });
    expect(json.packs[0]).toMatchObject({ version: '2.0.0', agents: [] });
    const { toolAllowlist, ...one } = json.packs[1].agents[0];
    expect(one).toEqual(agent('vendor.acme.helper.one'));
    expect(toolAllowlist).toHaveLength(7);
    expect(json.packs[1].agents[1]).toEqual({
      agentId: 'vendor.acme.helper.two',
      persona: 'Helper',
      modelClass: 'general',
      systemPromptRef: 'prompts/two.md',
      toolAllowlist: [],
    });
    expect(json.packs[1].agents).toHaveLength(2);
  });

  it('comes in pages, also where agents say more than a page may hold', async () => {
    const long = 'x'.repeat(240_000);
    await seedListed(
      registry.sql,
      Array.from({ length: 24 }, (_, number) => {
        const name = `vendor.long.p${number}`;
        return rowOf(name, {
          tree: 'v2',
          manifest: { agents: [agent(`${name}.a`, { systemPrompt: long })] },
        });
      }),
    );
    const names: string[] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const page = await get(`/v2/packs?namespace=vendor.long${cursor && `&cursor=${cursor}`}`);
      expect(page.bytes.length).toBeLessThan(12_000_000);
      names.push(...page.json.packs.map(({ name }: { name: string }) => name));
      cursor = page.json.nextCursor;
    }
    expect(names).toHaveLength(24);
    expect(new Set(names).size).toBe(24);
  });
});

describe('the export', () => {
  it('has every agent of the latest versions, whole and in one answer', async () => {
    const { json, headers } = await get('/v1/packs/export');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(json).toMatchObject({
      manifests: [
        { agentId: 'vendor.acme.helper.one', packName: 'vendor.acme.helper', packVersion: '1.0.0' },
        { agentId: 'vendor.acme.helper.two' },
      ],
      total: 2,
    });
    expect((await get('/v2/packs/export')).json.total).toBe(24);
    for (let reader = 0; reader < 20; reader += 1)
      expect((await registry.call('HEAD', '/v1/packs/export')).status).toBe(200);
  });
});

describe('the closure of a version', () => {
  it('names the packs of its tools and dependencies, and of theirs, and what none provides', async () => {
    const { status, json } = await get('/v1/packs/vendor.acme.helper/-/1.0.0/closure');
    const by = 'vendor.acme.helper@1.0.0';
    expect(status).toBe(200);
    expect(json.packs).toEqual([
      { name: 'core.openwop.fetch', version: '1.10.0', requiredBy: [by], tools: ['openwop:shared.fetch'] },
      { name: 'vendor.beta.base', version: '1.0.0', requiredBy: ['vendor.beta.send@1.0.0'], tools: [] },
      { name: 'vendor.beta.send', version: '1.0.0', requiredBy: [by], tools: ['vendor.beta.send'] },
      { name: 'vendor.beta.send', version: '1.5.0', requiredBy: ['vendor.beta.base@1.0.0'], tools: [] },
    ]);
    expect(json.others.map(({ tool, heldBy }: Record<string, string>) => [tool, heldBy])).toEqual([
      ['mcp:files', 'mcp'],
      ['host:fs', 'host'],
      ['local.mine', 'local'],
      ['private.host.tool', 'private'],
    ]);
    expect(json.unresolved).toEqual([
      { by, name: 'vendor.gone.pack', range: '*', reason: 'no_pack' },
      { by, name: 'vendor.beta.old', range: '^9.0.0', reason: 'no_version' },
      { by, tool: 'vendor.acme.none', id: 'vendor.acme.none', reason: 'no_provider' },
    ]);
    expect(json.complete).toBe(false);
  });

  it('goes round a circle once', async () => {
    const { json } = await get('/v1/packs/vendor.beta.base/-/1.0.0/closure');
    expect(json.packs.map(({ name, version }: Record<string, string>) => `${name}@${version}`)).toEqual([
      'vendor.beta.send@1.5.0',
    ]);
    expect(json.complete).toBe(true);
  });

  it('has an end, and says where it stopped', async () => {
    const count = 540;
    const rows = Array.from({ length: count }, (_, number) => {
      const dependencies = Object.fromEntries(
        Array.from({ length: 6 }, (_, next) => [`vendor.chain.p${(number + next + 1) % count}`, '*']),
      );
      return rowOf(`vendor.chain.p${number}`, { manifest: { dependencies } });
    });
    await seedListed(registry.sql, rows);
    const { json } = await get('/v1/packs/vendor.chain.p0/-/1.0.0/closure');
    expect(json.packs).toHaveLength(500);
    expect(json.unresolved.every(({ reason }: { reason: string }) => reason === 'limit')).toBe(true);
    expect(json.complete).toBe(false);
  });

  it.each([
    ['/v1/packs/vendor.acme.absent/-/1.0.0/closure', 404, 'pack_not_found'],
    ['/v1/packs/core.openwop.fetch/-/1.11.0/closure', 404, 'pack_not_found'],
    ['/v1/packs/private.host.fetch/-/1.0.0/closure', 404, 'pack_not_found'],
    ['/v2/packs/core.openwop.fetch/-/1.0.0/closure', 404, 'pack_version_not_found'],
    ['/v1/packs/core.openwop.fetch/-/v1/closure', 400, 'invalid_version'],
    ['/v1/packs/bad/-/1.0.0/closure', 400, 'invalid_pack_name'],
  ])('of %s is refused with %d %s', async (path, status, error) => {
    const answer = await registry.call('GET', path);
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });
});
