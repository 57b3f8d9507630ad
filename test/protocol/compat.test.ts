// Whether a host has what a pack declares: versions of the protocol, capabilities, runtimes, platform.
import { describe, expect, it } from 'vitest';
import { EXTENSION_FAMILIES, FAMILIES, HOST_SURFACES } from '../../src/protocol/compat/tables.ts';
import { degradedOf, record, reportOf, unknownOf, unmetOf, V1, V2 } from './compat-world.ts';

const peers = (peerDependencies: Record<string, string>, meta?: object) => ({
  peerDependencies,
  ...(meta === undefined ? {} : { peerDependenciesMeta: meta as never }),
});
const v1Tree = { tree: 'v1' } as const;

describe('the engine range', () => {
  const engines = (openwop: string) => ({ engines: { openwop } });

  it.each([
    ['>=1.0.0 <3.0.0', V2, []],
    ['>=1.0.0 <2.0.0', V2, ['pack_engine_unsupported openwop >=1.0.0 <2.0.0']],
    ['>=1.0.0', V2, ['pack_engine_unsupported openwop >=1.0.0']],
    ['>=2.0.0 <3.0.0', V1, ['pack_engine_unsupported openwop >=2.0.0 <3.0.0']],
    ['>=1.0.0', V1, []],
    ['>=2.0.0 <3.0.0', { ...V1, protocolVersions: ['1.0', '2.0'] }, []],
    ['no range', V1, ['pack_engine_unsupported openwop no range']],
  ])('%s against %j', (range, document, expected) => {
    expect(unmetOf(engines(range), document, v1Tree)).toEqual(expected);
  });

  it('has the one form of v2 in the v2 tree (packs.md §The engine range)', () => {
    expect(unmetOf(engines('^2.0.0'), V2)).toEqual(['pack_engine_unsupported openwop ^2.0.0']);
  });

  it('above the minor of the host is told and stops nothing, since the specification compares majors', () => {
    const report = reportOf(engines('>=1.1.0 <2.0.0'), V1);
    expect(report).toMatchObject({ compatible: true, degraded: [{ code: 'pack_engine_unsupported' }] });
  });
});

describe('peer dependencies of the v2 era', () => {
  it('are families, and presence is the claim (capabilities.md §2)', () => {
    expect(unmetOf(peers({ sql: 'required' }), { ...V2, sql: record() })).toEqual([]);
    expect(unmetOf(peers({ sql: 'required' }), V2)).toEqual(['pack_peer_dependency_missing sql']);
  });

  it.each(['host.fs', 'aiProviders.imageGeneration', 'host.nonexistent', 'grpc', 'constructor'])(
    '%s is none, whatever the host says (packs.md §Peer-dependency identifiers)',
    (key) => {
      const document = { ...V2, fs: record(), aiProviders: record({ imageGeneration: {} }), [key]: record() };
      expect(unmetOf(peers({ [key]: 'required' }), document)).toEqual([
        `pack_peer_dependency_undefined ${key}`,
      ]);
    },
  );

  it.each([
    [{ status: 'withdrawn' }, false],
    [{ status: 'deprecated', until: '2026-06-14' }, false],
    [{ status: 'deprecated', until: '2026-06-15' }, true],
    [{ status: 'experimental', until: '3.0' }, true],
    [{ status: 'experimental', until: '2.0' }, false],
    [{ status: 'experimental', until: 'one day' }, false],
    [{ supported: false }, false],
  ])('are not claimed by what has ended: %j → %s', (changes, claimed) => {
    const report = reportOf(peers({ sql: 'required' }), { ...V2, sql: record(changes) });
    expect(report.compatible).toBe(claimed);
  });

  it.each([true, 'yes', [1], 3, null])('are not claimed by %j, which is no record', (value) => {
    expect(reportOf(peers({ sql: 'required' }), { ...V2, sql: value }).compatible).toBe(false);
  });

  it('name facets beside the key, and each must be there', () => {
    const needs = peers(
      { aiProviders: 'required' },
      { aiProviders: { facets: ['byok', 'imageGeneration'] } },
    );
    const report = reportOf(needs, { ...V2, aiProviders: record({ byok: true }) });
    expect(report.unmet).toEqual([
      {
        code: 'pack_peer_dependency_missing',
        status: 400,
        pack: 'vendor.acme.pack@1.0.0',
        broughtBy: [],
        where: '/peerDependenciesMeta/aiProviders/facets/1',
        needs: 'aiProviders.imageGeneration',
        host: 'has aiProviders, and not imageGeneration of it',
      },
    ]);
  });

  it('may be families of extensions, below the name of an organisation', () => {
    const extensions = { 'acme.data-integration': {}, 'acme.chat': record() };
    const document = { ...V2, extensions };
    expect(unmetOf(peers({ dataIntegration: 'required', chat: 'required' }), document)).toEqual([]);
    expect(unmetOf(peers({ kanban: 'required' }), document)).toEqual(['pack_peer_dependency_missing kanban']);
  });

  it('that are optional are shown as degraded (RFC 0072 §C)', () => {
    const needs = peers({ sql: 'required', cache: 'optional' }, { sql: { optional: true } });
    expect(unmetOf(needs, V2)).toEqual([]);
    expect(degradedOf(needs, V2)).toEqual([
      'pack_peer_dependency_missing sql',
      'pack_peer_dependency_missing cache',
    ]);
  });
});

describe('peer dependencies of the v1 era', () => {
  it.each([
    ['a root key', { fs: { supported: true } }],
    ['the wrapper', { capabilities: { fs: { supported: true } } }],
    ['the dotted key', { 'host.fs': { supported: true } }],
    ['the dotted key in the wrapper', { capabilities: { 'host.fs': { supported: true } } }],
  ])('are met by %s', (_, changes) => {
    expect(unmetOf(peers({ 'host.fs': 'supported', fs: 'supported' }), { ...V1, ...changes })).toEqual([]);
  });

  it('are not met by what says that it is not there, and the root decides (RFC 0073)', () => {
    const document = { ...V1, fs: { supported: false }, capabilities: { fs: { supported: true } } };
    expect(unmetOf(peers({ 'host.fs': 'supported' }), document)).toEqual([
      'pack_peer_dependency_missing host.fs',
    ]);
  });

  it.each([...HOST_SURFACES])('host.%s is met in the agents block too', (surface) => {
    const needs = peers({ [`host.${surface}`]: 'supported' });
    expect(reportOf(needs, { ...V1, agents: { [surface]: { supported: true } } }).compatible).toBe(true);
    expect(reportOf(needs, V1).compatible).toBe(false);
  });

  it.each([
    ['host.webSearch', { webResearch: { supported: true } }],
    ['host.campaignMessaging', { messaging: { supported: true, campaign: true } }],
    ['aiProviders.imageGeneration', { aiProviders: { supported: ['x'], imageGeneration: true } }],
    ['host.aiEnvelope.await', { aiEnvelope: { supported: true, await: true } }],
    ['secrets.resolveInPack', { secrets: { supported: true, resolveInPack: { supported: true } } }],
    ['mcp.serverMount', { mcp: { supported: true, serverMount: { supported: true } } }],
    ['x-host-acme-desk', { 'x-host-acme-desk': { supported: true } }],
  ])('%s reads as what the alias table says', (key, changes) => {
    const needs = peers({ [key]: 'supported' });
    expect(reportOf(needs, { ...V1, ...changes }).compatible).toBe(true);
    expect(unmetOf(needs, V1)).toEqual([`pack_peer_dependency_missing ${key}`]);
  });

  it('read through the alias table on a host of v2, which is told', () => {
    const needs = peers({ 'host.fs': 'supported' });
    expect(unmetOf(needs, { ...V2, fs: record() }, v1Tree)).toEqual([]);
    expect(unknownOf(needs, { ...V2, fs: record() }, v1Tree)).toEqual(['host.fs']);
  });

  it.each(['host.media', 'host.collaboration', 'host.workspace'])('%s is reserved', (key) => {
    expect(unmetOf(peers({ [key]: 'supported' }), { ...V1, [key]: { supported: true } })).toEqual([
      `pack_peer_dependency_undefined ${key}`,
    ]);
  });

  it.each([
    [['long-term'], true],
    [['longTerm'], true],
    [['conversation', 'scratchpad'], false],
    [[], false],
  ])('ask for kinds of memory from one on: %j → %s', (memoryBackends, met) => {
    const needs = peers({ 'openwop.agents.memoryBackends': '>=longTerm' });
    expect(reportOf(needs, { ...V1, agents: { supported: true, memoryBackends } }).compatible).toBe(met);
  });

  it.each([
    [{ supported: true, version: 3 }, true],
    [{ supported: true, version: 1 }, false],
    [{ supported: true }, false],
  ])('ask for a version of the execution of several agents: %j → %s', (executionModel, met) => {
    const needs = peers({ 'multiAgent.executionModel': '>=2' });
    expect(reportOf(needs, { ...V1, multiAgent: { executionModel } }).compatible).toBe(met);
  });

  it('have the floor of agents follow from their runtime, and the floor alone be degraded (RFC 0070 §B, §D)', () => {
    const runtime = { ...V1, 'host.agentRuntime': { supported: true } };
    const floor = { ...V1, agents: { supported: true, manifestRuntime: { supported: true } } };
    expect(unmetOf(peers({ 'agents.manifestRuntime': 'supported' }), runtime)).toEqual([]);
    expect(unmetOf(peers({ 'host.agentRuntime': 'supported' }), floor)).toEqual([]);
    expect(degradedOf(peers({ 'host.agentRuntime': 'supported' }), floor)).toHaveLength(1);
    expect(unmetOf(peers({ 'host.agentRuntime': 'supported' }), V1)).toHaveLength(1);
  });

  it('with a value that nobody can read are looked for, and the value is told', () => {
    expect(unknownOf(peers({ fs: '^2' }), { ...V1, fs: { supported: true } })).toEqual(['fs ^2']);
  });
});

describe('the runtime', () => {
  const runtime = (language: string, more: object = {}) => ({
    nodes: [{ typeId: 'vendor.acme.node' }],
    runtime: { language, entry: 'x', ...more } as never,
  });
  const wasm = (abiVersions: readonly number[]) => ({
    nodePackRuntimes: { wasm: { supported: true, abiVersions } },
  });

  it('must be one that the host names where hosts name them', () => {
    expect(unmetOf(runtime('wasm'), V1)).toEqual(['unsupported_runtime runtime wasm']);
    expect(unmetOf(runtime('wasm-component'), { ...V1, ...wasm([1]) })).toHaveLength(1);
    expect(unmetOf(runtime('cobol'), V1)).toEqual(['unsupported_runtime runtime cobol']);
    expect(unmetOf(runtime('constructor'), V1)).toEqual(['unsupported_runtime runtime constructor']);
  });

  it('has an ABI that the host loads (RFC 0008), which only some manifests state', () => {
    const stated = runtime('wasm', { wasm: { abiVersion: 2 } });
    expect(unmetOf(stated, { ...V1, ...wasm([1, 2]) })).toEqual([]);
    expect(unmetOf(stated, { ...V1, ...wasm([1]) })).toEqual(['unsupported_runtime ABI 2']);
    expect(unknownOf(runtime('wasm'), { ...V1, ...wasm([1]) })).toEqual(['the ABI of the wasm module']);
  });

  it('of other languages is not told by the document', () => {
    expect(unknownOf(runtime('javascript'), V2)).toEqual(['runtime javascript']);
    expect(unknownOf(runtime('remote'), { ...V2, mcp: record() })).toEqual([]);
  });
});

describe('what code asks of the platform (RFC 0076 §A)', () => {
  const requires = (...list: string[]) => ({ runtime: { language: 'remote', entry: 'x', requires: list } });

  it('is granted, each part by what is broader too, and never by what is narrower', () => {
    expect(unmetOf(requires('net.dns', 'fs.read'), V1, { grants: ['net', 'fs.read'] })).toEqual([]);
    expect(unmetOf(requires('net.outbound'), V1, { grants: ['net.outbound.http'] })).toEqual([
      'pack_runtime_requirement_unmet net.outbound',
    ]);
    expect(unmetOf(requires('clock'), V1, { grants: [] })).toHaveLength(1);
  });

  it.each([
    [V1, 400, 'invalid_manifest'],
    [V2, 422, 'pack_validation_failed'],
  ])('is refused as %j refuses it, and what no version specifies as a flaw', (document, status, flaw) => {
    const { unmet } = reportOf(requires('subprocess', 'node:fs'), document, { grants: ['crypto'] });
    expect(unmet).toMatchObject([
      { code: 'pack_runtime_requirement_unmet', status, where: '/runtime/requires/0', host: 'grants crypto' },
      { code: flaw, status: 400, needs: 'node:fs' },
    ]);
  });

  it('is not told by the document', () => {
    expect(unknownOf(requires('net.dns'), V2)).toEqual(['net.dns']);
  });
});

describe('the lists', () => {
  it('of families holds those of extensions, and the surfaces are families', () => {
    expect(FAMILIES.size).toBeGreaterThanOrEqual(84);
    expect([...EXTENSION_FAMILIES, ...HOST_SURFACES].filter((name) => !FAMILIES.has(name))).toEqual([]);
    expect(HOST_SURFACES.size).toBe(14);
  });
});
