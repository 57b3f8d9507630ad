// Whether a pack finds what it takes from other packs and from services of the host.
import { describe, expect, it } from 'vitest';
import { degradedOf, packOf, record, reportOf, unknownOf, unmetOf, V1, V2 } from './compat-world.ts';

const agents = (agent: object) => ({ agents: [{ agentId: 'vendor.acme.agent', ...agent }] as never });
const floor = { agents: { supported: true, manifestRuntime: { supported: true } } };
const giver = packOf('v1', { nodes: [{ typeId: 'vendor.beta.send' }] }, 'vendor.beta.pack');

describe('the tools of agents', () => {
  const tools = (...toolAllowlist: string[]) => agents({ toolAllowlist });
  const host = { ...V1, ...floor };

  it('come from the pack itself, from those asked for with it, and from those installed', () => {
    const needs = tools('openwop:vendor.beta.send', 'vendor.beta.send@1.0.0');
    expect(unmetOf(needs, host, { others: [giver] })).toEqual([]);
    expect(unmetOf(needs, host, { installed: [giver] })).toEqual([]);
    expect(unmetOf({ ...needs, nodes: [{ typeId: 'vendor.beta.send' }] as never }, host)).toEqual([]);
    expect(unmetOf(needs, host)).toEqual([
      'capability_required openwop:vendor.beta.send',
      'capability_required vendor.beta.send@1.0.0',
    ]);
  });

  it('of servers of MCP need a host that has it, and no document says which servers', () => {
    expect(unmetOf(tools('mcp:files'), host)).toEqual(['capability_required mcp:files']);
    expect(unknownOf(tools('mcp:files'), { ...host, mcp: { supported: true } })).toEqual(['mcp:files']);
  });

  it('of the host are asked for by name where they have one', () => {
    expect(unmetOf(tools('host:fs'), host)).toEqual(['capability_required host:fs']);
    expect(unmetOf(tools('host:fs'), { ...host, fs: { supported: true } })).toEqual([]);
    expect(unknownOf(tools('host:thing', 'local.mine', 'private.host.tool'), host)).toEqual([
      'host:thing',
      'local.mine',
      'private.host.tool',
    ]);
  });

  it('of the protocol may be built in', () => {
    expect(unknownOf(tools('openwop:core.http.fetch'), host)).toEqual(['openwop:core.http.fetch']);
  });
});

describe('agents', () => {
  it('stay without effect on a host that makes none of manifests (RFC 0070 §A)', () => {
    expect(degradedOf(agents({}), V1)).toEqual(['capability_required agents.manifestRuntime']);
    expect(degradedOf(agents({}), { ...V2, agents: record({ manifestRuntime: {} }) })).toEqual([]);
  });

  it('whose own needs are not met are shown as degraded (RFC 0092 §B)', () => {
    const needs = agents({
      requiresCapabilities: ['host.fs', 'aiProviders.toolCalling', 'x-host-acme-desk'],
    });
    const host = { ...V1, ...floor, aiProviders: { supported: ['x'], toolCalling: true } };
    expect(degradedOf(needs, host)).toEqual([
      'capability_required host.fs',
      'capability_required x-host-acme-desk',
    ]);
  });
});

describe('packs of a kind', () => {
  it.each([
    ['artifact-type', { artifactTypes: { supported: true } }],
    ['connection', { connections: { packsSupported: true } }],
    ['workflow-chain', { workflowChainPacks: { supported: true } }],
    ['prompt', { prompts: { supported: true, packsSupported: true } }],
    ['card', { chat: { supported: true, cardPacks: { supported: true } } }],
    ['form-content', { forms: { contentPacks: true } }],
  ])('%s need a host that knows it', (kind, changes) => {
    expect(reportOf({ kind }, { ...V1, ...changes }).compatible).toBe(true);
    expect(reportOf({ kind }, V1).unmet).toMatchObject([
      { code: 'capability_required', status: 422, where: '/kind' },
    ]);
    const absent = Object.fromEntries(Object.keys(changes).map((name) => [name, { packsSupported: false }]));
    expect(reportOf({ kind }, { ...V1, ...absent }).compatible).toBe(
      ['artifact-type', 'workflow-chain'].includes(kind),
    );
  });
});

describe('nodes and connectors', () => {
  const node = (more: object) => ({ nodes: [{ typeId: 'vendor.acme.node', ...more }] as never });

  it('have actions that are nodes of the pack (RFC 0045)', () => {
    const connector = { actions: [{ typeId: 'vendor.acme.node' }, { typeId: 'vendor.acme.gone' }] } as never;
    expect(unmetOf({ ...node({}), connector }, V1)).toEqual(['connector_action_unresolved vendor.acme.gone']);
  });

  it('with OAuth need a host that has it; which provider may come from a connection pack', () => {
    const connector = { auth: { type: 'oauth2', provider: 'vendor.beta.slack#slack' } } as never;
    const slack = packOf('v1', { kind: 'connection', provider: { id: 'slack' } }, 'vendor.beta.slack');
    expect(unmetOf({ connector }, V1)).toEqual(['capability_required OAuth with vendor.beta.slack#slack']);
    const oauth = { ...V1, oauth: { supported: true } };
    expect(degradedOf({ connector }, oauth)).toHaveLength(1);
    expect(degradedOf({ connector }, oauth, { installed: [slack] })).toEqual([]);
    const listed = { ...V1, oauth: { supported: true, providers: [{ id: 'slack' }] } };
    expect(degradedOf({ connector }, listed)).toEqual([]);
    expect(degradedOf(node({ auth: { provider: 'slack' } }), V1)).toEqual([
      'capability_required OAuth with slack',
    ]);
  });

  it('with secrets and credentials are not dispatched without a store of them', () => {
    const needs = node({ requiresSecrets: [{ id: 'model' }], requiredCredentials: [{ key: 'mail' }] });
    expect(degradedOf(needs, V1)).toEqual([
      'capability_required secrets: model',
      'capability_required credentials: mail',
    ]);
    expect(degradedOf(needs, { ...V2, secrets: record(), credentials: record() })).toEqual([]);
  });

  it('make artifacts of types that packs or the host have', () => {
    const needs = node({ artifact: { typeId: 'vendor.beta.report' } });
    const types = packOf('v1', {
      kind: 'artifact-type',
      artifactTypes: [{ artifactTypeId: 'vendor.beta.report' }],
    });
    expect(degradedOf(needs, V1)).toEqual(['capability_required artifact type vendor.beta.report']);
    expect(degradedOf(needs, V1, { installed: [types] })).toEqual([]);
    const known = { artifactTypes: { supported: true, types: { 'vendor.beta.report': {} } } };
    expect(degradedOf(needs, { ...V1, ...known })).toEqual([]);
  });

  it('ask for models with abilities, which hosts may advertise', () => {
    const needs = node({ requiredModelCapabilities: ['vision', 'tools'] });
    expect(unknownOf(needs, V1)).toEqual(['a model with vision', 'a model with tools']);
    const advertised = { modelCapabilities: { supported: true, advertised: ['vision'] } };
    expect(degradedOf(needs, { ...V1, ...advertised })).toEqual(['capability_required a model with tools']);
  });
});

describe('manifests that were taken with their flaws', () => {
  it.each([
    [null],
    [[]],
    ['text'],
    [{ nodes: 'x', agents: { a: 1 }, peerDependencies: ['sql'], dependencies: 'all', runtime: 7 }],
    [{ agents: [null, 1, { toolAllowlist: [null, {}, ''] }], connector: [], peerDependencies: { sql: 4 } }],
    [{ kind: 'constructor', engines: { openwop: { a: 1 } }, runtime: { requires: { length: 9 } } }],
    [{ peerDependencies: { toString: 'required' }, peerDependenciesMeta: 'optional' }],
  ])('%j are looked at without harm', (manifest) => {
    expect(() => reportOf(manifest as never, V2)).not.toThrow();
    expect(() => reportOf(manifest as never, V1)).not.toThrow();
  });

  it('that are longer than is looked at are told to be', () => {
    const toolAllowlist = Array.from({ length: 2_000 }, (_, index) => `vendor.acme.n${index}`);
    const other = packOf('v1', { ...agents({ toolAllowlist: ['vendor.gone.node'] }) }, 'vendor.beta.pack');
    const report = reportOf(agents({ toolAllowlist }), V1, { others: [other] });
    expect([report.unmet.length, report.left.unmet]).toEqual([500, 1]);
    expect(report.notChecked).toMatchObject([{ needs: 'the rest of its lists' }]);
  });
});
