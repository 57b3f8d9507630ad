// Whether packs run on a host, asked of a registry: all that is in the way at once, and nothing that nobody may see.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Row, rowOf, seedVersions } from '../world/pack-rows.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;

const engines = { openwop: '>=1.0.0 <3.0.0' };
const runtime = { language: 'remote', entry: 'https://acme.example/mcp' };
const nodes = (...typeIds: string[]) => typeIds.map((typeId) => ({ typeId }));
const needing = (dependencies: Record<string, string>, more: object = {}) => ({
  manifest: { kind: 'node', engines, runtime, nodes: nodes('vendor.x.node'), dependencies, ...more },
});

const ROWS: readonly Row[] = [
  rowOf('vendor.acme.helper', {
    manifest: {
      kind: 'node',
      engines,
      runtime: { ...runtime, requires: ['net.dns', 'subprocess'] },
      peerDependencies: { 'host.fs': 'supported', 'host.media': 'supported', sql: 'supported' },
      peerDependenciesMeta: { sql: { optional: true } },
      dependencies: { 'vendor.acme.base': '^1.0.0', 'private.acme.secret': '*', 'vendor.gone.pack': '*' },
      agents: [
        { agentId: 'vendor.acme.helper.one', toolAllowlist: ['openwop:vendor.acme.send', 'vendor.none.at'] },
      ],
    },
  }),
  rowOf('vendor.acme.base', {
    manifest: {
      kind: 'node',
      engines: { openwop: '>=2.0.0 <3.0.0' },
      dependencies: { 'vendor.acme.helper': '*' },
    },
  }),
  rowOf('vendor.acme.base', { version: '1.9.0', yanked: true, manifest: { engines } }),
  rowOf('vendor.acme.send', { manifest: { kind: 'node', engines, nodes: nodes('vendor.acme.send') } }),
  rowOf('private.acme.secret', { manifest: { kind: 'node', engines } }),
  rowOf('vendor.two.pack', {
    tree: 'v2',
    manifest: { kind: 'node', engines, peerDependencies: { aiProviders: 'required' } },
  }),
  ...Array.from({ length: 210 }, (_, number) =>
    rowOf(`vendor.chain.p${number}`, needing({ [`vendor.chain.p${number + 1}`]: '*' })),
  ),
];

const HOST = { protocolVersion: '1.0', supportedEnvelopes: [], schemaVersions: {}, limits: {} };
const ask = (body: object | Uint8Array, tree = 'v1') =>
  registry.call('POST', `/${tree}/packs/-/compat`, {
    token: null,
    body,
    ...(body instanceof Uint8Array ? { headers: { 'Content-Type': 'application/json' } } : {}),
  });
const asText = (text: string) => ask(Buffer.from(text));

beforeAll(async () => {
  registry = await startRegistry();
  await seedVersions(registry.sql, ROWS);
});
afterAll(() => registry.stop());

describe('whether packs run on a host', () => {
  it('is told with everything that is in the way, and who brings it in', async () => {
    const before = await registry.stored();
    const { status, json, headers } = await ask({
      packs: ['vendor.acme.helper@^1.0.0'],
      host: HOST,
      grants: ['net.dns'],
    });
    expect([status, headers.get('cache-control'), json.compatible]).toEqual([200, 'no-store', false]);
    const by = ['vendor.acme.helper@1.0.0'];
    expect(json.packs).toEqual([
      { pack: 'vendor.acme.helper@1.0.0', tree: 'v1', broughtBy: ['vendor.acme.base@1.0.0'] },
      { pack: 'vendor.acme.base@1.0.0', tree: 'v1', broughtBy: by },
    ]);
    expect(json.unmet).toMatchObject(
      [
        { code: 'pack_version_not_found', pack: 'private.acme.secret@*', broughtBy: by },
        { code: 'pack_version_not_found', pack: 'vendor.gone.pack@*', broughtBy: by },
        { code: 'pack_peer_dependency_missing', needs: 'host.fs', where: '/peerDependencies/host.fs' },
        { code: 'pack_peer_dependency_undefined', needs: 'host.media' },
        { code: 'pack_runtime_requirement_unmet', status: 400, needs: 'subprocess' },
        {
          code: 'capability_required',
          needs: 'openwop:vendor.acme.send',
          host: /; vendor\.acme\.send does$/,
        },
        { code: 'capability_required', needs: 'vendor.none.at' },
        { code: 'pack_engine_unsupported', pack: 'vendor.acme.base@1.0.0', broughtBy: by },
      ].map(({ host, ...each }) => ({ ...each, ...(host ? { host: expect.stringMatching(host) } : {}) })),
    );
    expect(json.degraded).toMatchObject([{ needs: 'sql' }, { needs: 'agents.manifestRuntime' }]);
    expect(await registry.stored()).toEqual(before);
  });

  it('counts what is installed there', async () => {
    const { json } = await ask({
      packs: ['vendor.acme.helper'],
      installed: ['vendor.acme.send@1.0.0', 'vendor.else.where@2.0.0'],
      host: HOST,
    });
    expect(json.unmet.map(({ needs }: { needs: string }) => needs)).not.toContain('openwop:vendor.acme.send');
    expect(json.notChecked).toContainEqual(expect.objectContaining({ pack: 'vendor.else.where@2.0.0' }));
    expect(json.packs).toHaveLength(2);
  });

  it('is asked of one tree, and a host of v2 refuses in its own words', async () => {
    const host = { protocolVersions: ['2.0'], preferredVersion: '2.0' };
    const packs = ['vendor.two.pack'];
    expect((await ask({ packs, host }, 'v2')).json).toMatchObject({
      compatible: false,
      host: { document: 'v2', versions: ['2.0'] },
      unmet: [{ code: 'pack_peer_dependency_missing', status: 400, needs: 'aiProviders' }],
    });
    const aiProviders = { status: 'stable', since: '2.0', witness: 'witnessable-gated', providers: ['x'] };
    expect((await ask({ packs, host: { ...host, aiProviders } }, 'v2')).json).toMatchObject({
      compatible: true,
      unmet: [],
    });
    expect((await ask({ packs, host })).json.unmet).toMatchObject([{ code: 'pack_version_not_found' }]);
  });

  it('shows of a private pack nothing that an absent one would not, to whoever asks', async () => {
    const body = (name: string) => ({ packs: [name], installed: [name], host: HOST });
    const [hidden, absent] = ['private.acme.secret', 'private.acme.absent'];
    const texts = await Promise.all(
      [hidden, absent].map(async (name) => {
        const answer = await registry.call('POST', '/v1/packs/-/compat', { body: body(name) });
        return answer.bytes.toString('utf8').replaceAll(name, 'NAME');
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  it('skips what is yanked, unless that very version is named', async () => {
    const { json } = await ask({ packs: ['vendor.acme.base@1.9.0', 'vendor.acme.base@>1.0.0'], host: HOST });
    expect(json.packs).toMatchObject([{ pack: 'vendor.acme.base@1.9.0' }]);
    expect(json.unmet).toMatchObject([{ pack: 'vendor.acme.base@>1.0.0' }]);
  });
});

describe('a question that is not one', () => {
  const packs = ['vendor.acme.helper'];

  it.each([
    ['no packs', { host: HOST }],
    ['no host', { packs }],
    ['a URL for a host, which nobody fetches', { packs, host: 'http://169.254.169.254/' }],
    ['a host without versions', { packs, host: {} }],
    ['a name that is none', { packs: ['Vendor'], host: HOST }],
    ['a number for a name', { packs: [7], host: HOST }],
    ['a range that is none', { packs: ['vendor.acme.helper@latest!'], host: HOST }],
    ['a long range', { packs: [`vendor.acme.helper@${'>'.repeat(5_000)}`], host: HOST }],
    ['a scope that is none', { packs: ['local.acme.pack'], host: HOST }],
    ['too many packs', { packs: Array.from({ length: 51 }, () => 'vendor.acme.helper'), host: HOST }],
    ['a word that is no primitive', { packs, host: HOST, grants: ['net dns'] }],
    ['a field that nobody knows', { packs, host: HOST, grant: [] }],
    ['packs that lead to too many others', { packs: ['vendor.chain.p0'], host: HOST }],
  ])('is refused: %s', async (_, body) => {
    const { status, json } = await ask(body);
    expect([status, json.error]).toEqual([400, 'validation_error']);
  });

  it.each([
    ['no JSON', '{"packs":'],
    ['a list', '[]'],
    ['a key twice', '{"packs":["vendor.acme.helper"],"host":{},"host":{}}'],
    [
      '__proto__',
      '{"packs":["vendor.acme.helper"],"host":{"protocolVersion":"1.0","__proto__":{"sql":true}}}',
    ],
    ['depth', `{"packs":["vendor.acme.helper"],"host":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`],
    ['nothing', ''],
  ])('is refused: %s', async (_, text) => {
    const { status, json } = await asText(text);
    expect([status, json.error]).toEqual([400, 'validation_error']);
  });

  it('is not read to its end where it is too long, nor taken as another type', async () => {
    const long = await asText(JSON.stringify({ packs, host: { ...HOST, x: 'x'.repeat(256 * 1024) } }));
    expect([long.status, long.json.error]).toEqual([413, 'payload_too_large']);
    const other = await registry.call('POST', '/v2/packs/-/compat', {
      token: null,
      body: Buffer.from('{}'),
      headers: { 'Content-Type': 'text/plain' },
    });
    expect([other.status, other.json.error]).toEqual([415, 'unsupported_media_type']);
  });
});
