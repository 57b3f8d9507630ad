// The rules of node packs.
import { describe, expect, it } from 'vitest';
import { manifestOf, TREES } from '../../world/manifests.ts';
import { found } from './find.ts';

describe.each(TREES)('a node pack in tree %s', (tree) => {
  const edited = (edits: Parameters<typeof manifestOf>[2]) => found(manifestOf('node', tree, edits), tree);

  it('runs in a language that hosts know', () => {
    for (const language of ['javascript', 'python', 'go', 'wasm', 'wasm-component', 'remote'])
      expect([language, edited({ '/runtime/language': language })]).toEqual([language, []]);
    for (const language of ['typescript', 'JavaScript', 'rust', ''])
      expect([language, edited({ '/runtime/language': language })]).toEqual([
        language,
        ['unsupported_runtime /runtime/language'],
      ]);
    expect(edited({ '/runtime/language': 1 })).toEqual(['invalid_manifest /runtime/language']);
  });

  it('asks the platform for abstract primitives, never for modules of a language', () => {
    expect(edited({ '/runtime/requires': [] })).toEqual([]);
    expect(edited({ '/runtime/requires': ['node:fs'] })).toEqual(['invalid_manifest /runtime/requires/0']);
    expect(edited({ '/runtime/requires': ['clock', 'clock'] })).toEqual([
      'invalid_manifest /runtime/requires',
    ]);
  });

  it('has a node or an agent', () => {
    expect(edited({ '/nodes': undefined, '/agents': [], '/connector': undefined })).toEqual([
      'invalid_manifest ',
    ]);
    expect(edited({ '/agents': undefined })).toEqual([]);
  });

  it('gives each node and each agent an id of its own', () => {
    const { nodes, agents } = manifestOf('node', tree) as { nodes: object[]; agents: object[] };
    expect(edited({ '/nodes': [...nodes, nodes[0]] as never })).toEqual(['invalid_manifest /nodes/2/typeId']);
    expect(edited({ '/agents': [...agents, agents[0]] as never })).toEqual([
      'invalid_manifest /agents/1/agentId',
    ]);
  });

  it('offers connector actions that are its own nodes', () => {
    expect(edited({ '/connector/actions/0/typeId': 'vendor.acme.node.echo' })).toEqual([]);
    expect(edited({ '/connector/actions/0/typeId': 'vendor.acme.other' })).toEqual([
      'connector_action_unresolved /connector/actions/0/typeId',
    ]);
    expect(edited({ '/connector/actions': undefined })).toEqual([]);
  });

  it('authenticates a connector by OAuth or by a stored credential, in one closed form each', () => {
    expect(edited({ '/connector/auth': { type: 'oauth2', provider: 'slack' } })).toEqual([]);
    expect(edited({ '/connector/auth': { type: 'credential' } })).toEqual([
      'invalid_manifest /connector/auth/key',
    ]);
    expect(edited({ '/connector/auth': { type: 'oauth2', key: 'a' } })).toHaveLength(2);
    expect(edited({ '/connector/auth': { type: 'basic', provider: 'a' } })).toEqual([
      'invalid_manifest /connector/auth/type',
    ]);
  });

  it('gives each agent exactly one system prompt', () => {
    expect(edited({ '/agents/0/systemPromptRef': undefined })).toEqual(['invalid_manifest /agents/0']);
    expect(edited({ '/agents/0/systemPrompt': 'Be kind.' })).toEqual(['invalid_manifest /agents/0']);
    expect(edited({ '/agents/0/systemPromptRef': undefined, '/agents/0/systemPrompt': 'Be kind.' })).toEqual(
      [],
    );
  });

  it('lets a skill hand over and remember nothing', () => {
    expect(edited({ '/agents/0/handoff': undefined })).toEqual(['invalid_manifest /agents/0/handoff']);
    expect(edited({ '/agents/0/memoryShape/longTerm': true })).toEqual([
      'invalid_manifest /agents/0/memoryShape/longTerm',
    ]);
    expect(edited({ '/agents/0/memoryShape/longTerm': true, '/agents/0/role': 'assistant' })).toEqual([]);
  });
});

describe('a v2 node pack', () => {
  const edited = (edits: Parameters<typeof manifestOf>[2]) => found(manifestOf('node', 'v2', edits), 'v2');
  const server = {
    name: 'example.acme/mail',
    description: 'Mail.',
    version: '1.0.0',
    remotes: [{ type: 'streamable-http', url: 'https://mcp.acme.example/mail' }],
  };
  const remote = {
    '/runtime': { language: 'remote', entry: 'https://mcp.acme.example/mail', mcpServer: server },
  };

  it('of agents alone is remote, while v1 leaves that open', () => {
    const agentsOnly = { '/nodes': undefined, '/connector': undefined };
    expect(edited(agentsOnly)).toEqual(['invalid_manifest /runtime/language']);
    expect(edited({ ...agentsOnly, '/runtime': { language: 'remote', entry: 'pack.json' } })).toEqual([]);
    expect(found(manifestOf('node', 'v1', agentsOnly), 'v1')).toEqual([]);
  });

  it('describes an MCP server only where it is remote and enters at that very server', () => {
    expect(edited(remote)).toEqual([]);
    expect(edited({ ...remote, '/runtime/language': 'javascript' })).toEqual([
      'invalid_manifest /runtime/mcpServer',
    ]);
    expect(edited({ ...remote, '/runtime/entry': 'pack.json' })).toEqual(['invalid_manifest /runtime/entry']);
    expect(edited({ ...remote, '/runtime/mcpServer/headers': [] })).toHaveLength(1);
    expect(found(manifestOf('node', 'v1', { '/runtime/mcpServer': server }), 'v1')).toEqual([
      'invalid_manifest /runtime/mcpServer',
    ]);
  });

  it('names node types with a namespace', () => {
    expect(edited({ '/nodes/0/typeId': 'echo' })).toEqual(['invalid_manifest /nodes/0/typeId']);
    expect(found(manifestOf('node', 'v1', { '/nodes/0/typeId': 'echo' }), 'v1')).toEqual([]);
  });
});
