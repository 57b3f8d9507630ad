// Valid manifests of every kind and tree, rich enough to use each property once, and a way to edit them.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import type { Tree } from '../../src/protocol/faults.ts';
import type { PackKind } from '../../src/protocol/manifest/kind.ts';

export const PACK_KINDS = [
  'node',
  'artifact-type',
  'connection',
  'workflow-chain',
  'prompt',
  'card',
  'form-content',
] as const satisfies readonly PackKind[];

export const TREES = ['v1', 'v2'] as const satisfies readonly Tree[];

const signing = (tree: Tree): JsonObject =>
  tree === 'v1'
    ? { method: 'manual', publicKeyRef: 'acme-1', signatureRef: 'keys/pack.json.sig' }
    : { keyId: 'acme-1', scheme: 'ed25519-canonical-json' };

const frame = (kind: PackKind, tree: Tree): JsonObject => ({
  name: `vendor.acme.${kind === 'form-content' ? 'forms' : kind}`,
  version: '1.2.3',
  kind,
  description: 'A pack made for tests.',
  author: 'Acme',
  license: 'Apache-2.0',
  homepage: 'https://acme.example/packs',
  repository: 'https://acme.example/packs.git',
  keywords: ['test', 'acme'],
  engines: { openwop: tree === 'v1' ? '>=1.0.0 <2.0.0' : '>=1.0.0 <3.0.0' },
  signing: signing(tree),
});

const dependencies: JsonObject = { 'core.openwop.http': '^1.0.0' };
const peers = (tree: Tree): JsonObject =>
  tree === 'v1' ? { 'host.agentRuntime': 'supported' } : { aiProviders: 'required' };

const hatch = (tree: Tree): JsonObject =>
  tree === 'v1' ? {} : { 'x-note': { any: ['thing'] }, 'openwop-hint': 1, 'vendor.acme': null };

const agent = (tree: Tree): JsonObject => ({
  agentId: 'vendor.acme.node.helper',
  persona: 'Helper',
  modelClass: 'general',
  systemPromptRef: 'prompts/helper.md',
  toolAllowlist: ['openwop:vendor.acme.node.echo'],
  requiresCapabilities: ['host.workspace'],
  role: 'skill',
  memoryShape: { scratchpad: true, conversation: false },
  confidence: { defaultThreshold: 0.5 },
  handoff: { taskSchemaRef: 'schemas/task.json', returnSchemaRef: './schemas/return.json' },
  label: 'Helper',
  description: 'Helps.',
  promptLibraryRef: 'vendor.acme.prompt',
  promptOverrides: {
    user: 'prompt:vendor.acme.ask@1.0.0',
    'few-shot': {
      templateId: 'examples',
      version: '1.0.0',
      libraryId: 'acme',
      variableOverrides: { tone: 'dry' },
    },
  },
  ...hatch(tree),
});

const node = (tree: Tree): JsonObject => ({
  typeId: 'vendor.acme.node.echo',
  version: '1.0.0',
  label: 'Echo',
  description: 'Says it again.',
  category: 'data',
  role: 'pure',
  capabilities: ['cacheable', 'mcp-exportable'],
  configSchemaRef: 'schemas/config.json',
  inputSchemaRef: './schemas/input.json',
  outputSchemaRef: 'https://acme.example/output.json',
  outputs: { text: { sensitive: true } },
  envelopeContractRef: 'schemas/envelope.json',
  artifact: { typeId: 'vendor.acme.artifact', syncOn: 'completion', supportsCheckpoint: false },
  mcp: { exposeAsTool: true, toolName: 'echo' },
  requiresSecrets: [{ id: 'model', kind: 'ai-provider', provider: 'anthropic', scope: 'tenant' }],
  requiredCredentials: [{ key: 'slack', scope: 'workspace', displayName: 'Slack' }],
  auth: { type: 'oauth2', provider: 'slack', scopes: ['chat:write'] },
  requiredModelCapabilities: ['function-calling', 'x-host-acme-vision'],
  fallbackModel: { provider: 'anthropic', model: 'small' },
  ...hatch(tree),
});

const nodePayload = (tree: Tree): JsonObject => ({
  runtime: {
    language: 'javascript',
    entry: './index.mjs',
    format: 'esm',
    minRuntimeVersion: 'node>=20',
    requires: ['net.dns', 'clock'],
  },
  dependencies,
  peerDependencies: peers(tree),
  peerDependenciesMeta:
    tree === 'v1'
      ? { 'host.agentRuntime': { optional: true } }
      : { aiProviders: { optional: true, facets: ['imageGeneration'] } },
  nodes: [
    node(tree),
    { typeId: 'vendor.acme.node.send', version: '1', category: 'integration', role: 'side-effect' },
  ],
  agents: [agent(tree)],
  connector: {
    id: 'acme.mail',
    displayName: 'Acme Mail',
    auth: { type: 'credential', key: 'mail', scope: 'user' },
    actions: [
      {
        typeId: 'vendor.acme.node.send',
        displayName: 'Send',
        idempotent: false,
        rateLimit: { requests: 5, perSeconds: 60 },
        paginated: false,
      },
    ],
    triggers: ['vendor.acme.node.echo'],
  },
});

const artifactTypePayload = (tree: Tree): JsonObject => ({
  dependencies,
  peerDependencies: peers(tree),
  artifactTypes: [
    {
      artifactTypeId: 'vendor.acme.artifact.report',
      schemaRef: 'schemas/report.json',
      schemaVersion: 1,
      validation: 'open',
      displayName: 'Report',
      rendering: {
        display: 'markdown',
        mimeType: 'text/markdown',
        lang: 'md',
        alt: 'A report',
        title: 'Report',
      },
      exportFormats: ['pdf', 'x-acme', 'vendor.acme.deck', ...(tree === 'v2' ? ['text/csv'] : [])],
      syncOn: 'approval',
      supportsCheckpoint: true,
      versionable: true,
      diffable: false,
      ...hatch(tree),
    },
  ],
});

const connectionPayload = (tree: Tree): JsonObject => ({
  provider: {
    id: 'acme',
    displayName: 'Acme',
    category: 'crm',
    auth: {
      kind: 'oauth2',
      authFlow: 'pkce',
      scopeModel: 'groups',
      endpoints: {
        authorize: 'https://login.acme.example/authorize',
        token: 'https://login.acme.example/token',
        revoke: 'https://login.acme.example/revoke',
      },
      scopes: {
        read: [{ key: 'read.all', label: 'Read', scopes: ['read'] }],
        write: [{ key: 'write', label: 'Write', scopes: ['write', 'delete'] }],
      },
      instanceUrlTemplate: 'https://{account}.acme.example',
      ...(tree === 'v2' ? { issuer: 'https://login.acme.example', pkce: 'S256' } : {}),
    },
    reach: { openapi: { ref: 'https://acme.example/openapi.json' } },
    consumerNodes: ['core.openwop.http'],
    docsUrl: 'https://acme.example/docs',
    apiHosts: ['api.acme.example', 'acme.example'],
    ...(tree === 'v2' ? { vendor: 'Acme' } : {}),
    ...hatch(tree),
  },
});

const pin = (tree: Tree, typeId: string): string => (tree === 'v1' ? typeId : `${typeId}@1.0.0`);

const workflowChainPayload = (tree: Tree): JsonObject => ({
  dependencies,
  chains: [
    {
      chainId: 'acme.review',
      version: '1.0.0',
      label: 'Review',
      description: 'Drafts, then asks.',
      internal: false,
      parameters: { type: 'object', properties: { topic: { type: 'string' } }, required: ['topic'] },
      dag: {
        nodes: [
          {
            id: 'draft',
            typeId: pin(tree, 'core.ai.chatCompletion'),
            name: 'Draft',
            position: { x: 0, y: 1.5 },
            config: { prompt: '{{params.topic}}' },
            inputs: { seed: 1 },
          },
          {
            id: 'sub',
            typeId: pin(tree, 'core.flow.subWorkflow'),
            config: { subChainRef: 'acme.child' },
            ...(tree === 'v2'
              ? { compensation: { nodeTypeId: 'core.flow.undo', retry: { maxAttempts: 2 } } }
              : {}),
          },
        ],
        edges: [
          {
            from: 'draft',
            to: 'sub',
            condition: { type: 'equals', left: 'status', right: { any: 1 } },
            triggerRule: 'all_success',
          },
          { from: 'draft.text', to: 'sub.in', condition: { type: 'expression', expression: 'true' } },
        ],
      },
      outputs: { decision: { type: 'string', description: 'What was decided.' } },
      capabilities: ['side-effectful'],
      subChains: [
        { ref: 'acme.child' },
        { ref: { packName: 'vendor.other.chains', chainId: 'other.enrich', version: '1.0.0' } },
      ],
      producedVariables: [{ name: 'draft', producedBy: 'draft', type: 'string', description: 'The draft.' }],
      ...(tree === 'v2' ? { compensation: { triggers: ['node-failure'], retry: { backoffMs: 5 } } } : {}),
      ...hatch(tree),
    },
    {
      chainId: 'acme.child',
      version: '1.0.0',
      label: 'Child',
      description: '',
      parameters: {},
      dag: { nodes: [{ id: 'only', typeId: pin(tree, 'core.flow.noop') }] },
    },
  ],
});

const promptPayload = (tree: Tree): JsonObject => ({
  dependencies,
  prompts: [
    {
      templateId: 'acme.writer',
      version: '1.0.0',
      kind: 'system',
      text: 'Write about {{topic}}.',
      name: 'Writer',
      description: 'Writes.',
      variables: [
        {
          name: 'topic',
          type: 'string',
          required: true,
          source: 'input',
          extractPath: '$.topic',
          defaultValue: { any: null },
          description: 'The topic.',
        },
      ],
      modelHints: { modelClass: 'writing', temperature: 0.7, maxTokens: 100, envelopeType: 'text' },
      tags: ['writing'],
      meta: {
        author: 'acme',
        createdAt: '2026-05-01T10:00:00Z',
        updatedAt: '2026-05-02T10:00:00.5+02:00',
        source: 'pack',
        packName: 'vendor.acme.prompt',
        packVersion: '1.2.3',
      },
      ...hatch(tree),
    },
    { templateId: 'acme.writer', version: '1.1.0', kind: 'user', text: '' },
  ],
});

const cardPayload = (tree: Tree): JsonObject => ({
  dependencies,
  peerDependencies: peers(tree),
  cards: [
    {
      cardTypeId: 'vendor.acme.card.summary',
      schemaVersion: 0,
      prompt: {
        template: 'Summarize {{source}}',
        systemPrompt: 'Be brief.',
        placeholderMapping: { source: 'inputs.source' },
        temperature: 0,
        maxTokens: 1,
      },
      inputs: [
        { id: 'source', type: 'longtext', label: 'Source', required: true, default: null },
        { id: 'tone', type: 'select', options: ['dry', 'warm'] },
        { id: 'canvas', type: 'vendor.acme.canvas' },
      ],
      outputArtifactType: 'vendor.acme.artifact.report',
      outputSchemaRef: 'schemas/summary.json',
      requiredModelCapabilities: ['structured-output'],
      ...hatch(tree),
    },
  ],
});

const formContentPayload = (tree: Tree): JsonObject => ({
  dependencies,
  peerDependencies: tree === 'v1' ? { 'host.forms': 'supported' } : { forms: 'required' },
  templates: [
    {
      templateId: 'vendor.acme.forms.contact',
      version: '1.0.0',
      label: 'Contact',
      title: 'Write to us',
      description: 'A form.',
      category: 'contact',
      fields: [
        {
          id: 'email',
          type: 'text',
          format: 'email',
          label: 'Mail',
          description: 'Yours',
          required: true,
          default: '',
        },
        {
          id: 'topic',
          type: 'select',
          label: 'Topic',
          options: ['a', 'b'],
          ...(tree === 'v2' ? { when: { type: 'truthy', left: 'email' } } : {}),
        },
      ],
      ...hatch(tree),
    },
  ],
});

const PAYLOADS: Readonly<Record<PackKind, (tree: Tree) => JsonObject>> = {
  node: nodePayload,
  'artifact-type': artifactTypePayload,
  connection: connectionPayload,
  'workflow-chain': workflowChainPayload,
  prompt: promptPayload,
  card: cardPayload,
  'form-content': formContentPayload,
};

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * A copy with the values at JSON pointers replaced or, where `undefined` stands, removed. A pointer that ends in
 * `/-` appends to a list.
 */
export const edited = (
  manifest: JsonValue,
  edits: Readonly<Record<string, JsonValue | undefined>>,
): JsonObject => {
  const copy = structuredClone(manifest) as { [name: string]: Json };
  for (const [where, value] of Object.entries(structuredClone(edits))) {
    const names = where
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    const parent = names.reduce<Json>((here, name) => (here as { [name: string]: Json })[name] as Json, copy);
    const list = Array.isArray(parent) ? parent : undefined;
    if (list !== undefined && value === undefined) list.splice(Number(last), 1);
    else if (list !== undefined && last === '-') list.push(value as Json);
    else if (value === undefined) delete (parent as { [name: string]: Json })[last];
    else (parent as { [name: string]: Json })[last] = value as Json;
  }
  return copy;
};

/** A valid manifest of one kind as it is published in one tree, with edits at JSON pointers. */
export const manifestOf = (
  kind: PackKind,
  tree: Tree,
  edits: Readonly<Record<string, JsonValue | undefined>> = {},
): JsonObject => edited({ ...frame(kind, tree), ...hatch(tree), ...PAYLOADS[kind](tree) }, edits);
