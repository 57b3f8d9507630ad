// Whether the capabilities a manifest asks a host for are ones a host can have. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at, clipped, objectOf, pointer } from './read.ts';
import { violation } from './violations.ts';

/** The capability families that v2 declares (spec/v2/declaration.json, families whose anchor is `core` or `ext`). */
export const FAMILIES: ReadonlySet<string> = new Set([
  ...[
    'supportedEnvelopes',
    'schemaVersions',
    'limits',
    'envelopeStrictness',
    'envelopeContracts',
    'envelopes',
  ],
  ...['prompts', 'nodePackRuntimes', 'secrets', 'connections', 'selfHostedRunner', 'purposePropagation'],
  ...['dataResidency', 'anonymousActor', 'credentials', 'feedback', 'replay', 'oauth', 'authorization'],
  ...['multiPartyConversation', 'conversationTurnModelProvenance', 'channelPresence', 'multiAgent'],
  ...['modelCapabilities', 'providerUsage', 'aiProviders', 'agents', 'memory', 'conversationPrimitive'],
  ...['subWorkflow', 'fs', 'kvStorage', 'tableStorage', 'queueBus', 'scheduling', 'heartbeat', 'toolHooks'],
  ...['toolCatalog', 'httpClient', 'artifactTypes', 'forms', 'aiEnvelope', 'promptLibrary', 'agentRuntime'],
  ...['deadLetter', 'webhooks', 'triggerBridge', 'a2a', 'budget', 'nondeterminismPolicy', 'workspace'],
  ...[
    'uiPlugins',
    'sql',
    'nosql',
    'vectorStore',
    'searchIndex',
    'blobStorage',
    'cache',
    'workflowChainPacks',
  ],
  ...['packs', 'mcp', 'sandbox', 'compensation', 'idempotency', 'eventLog', 'production', 'auth', 'i18n'],
  ...['content', 'portability', 'runList', 'interrupt'],
  ...[
    'restTransport',
    'a2uiSurface',
    'brand',
    'canvas',
    'chat',
    'coordination',
    'dataIntegration',
    'entities',
  ],
  ...['kanban', 'knowledge', 'launchStudio', 'messaging', 'webResearch'],
]);

/** Names that v1 set aside and never defined (v1 host-capabilities.md). */
const RESERVED_IN_V1: ReadonlySet<string> = new Set(['host.media', 'host.collaboration', 'host.workspace']);

const refusal = (name: string, tree: Tree): string | undefined => {
  if (tree === 'v1') return RESERVED_IN_V1.has(name) ? 'is reserved and defined by no version' : undefined;
  return FAMILIES.has(name)
    ? undefined
    : 'is no declared capability family; facets belong in peerDependenciesMeta';
};

/** v2 packs.md, Peer-dependency identifiers. The v1 aliases are not resolved: v1 support has ended. */
export const checkPeers = (manifest: JsonValue, tree: Tree): readonly Violation[] =>
  Object.keys(objectOf(at(manifest, 'peerDependencies')) ?? {}).flatMap((name) => {
    const reason = refusal(name, tree);
    if (reason === undefined) return [];
    const where = pointer('peerDependencies', clipped(name));
    return [violation('pack_peer_dependency_undefined', where, `"${clipped(name)}" ${reason}`)];
  });
