// Node packs: code and agents that a host runs; their schema and the rules a schema cannot say. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { agentSchema } from './agent.ts';
import { nodePartSchemas } from './node-parts.ts';
import { at, clipped, listOf, pointer, textOf, textsAt } from './read.ts';
import {
  authored,
  capabilities,
  closed,
  dependencies,
  filled,
  flag,
  list,
  manifestSchema,
  mapOf,
  modelCapabilities,
  type Properties,
  pattern,
  peers,
  type Schema,
  set,
  syncOn,
  text,
  typeId,
  word,
} from './shared.ts';
import { repeats, violation } from './violations.ts';

const LANGUAGES = ['javascript', 'python', 'go', 'wasm', 'wasm-component', 'remote'];

const nodeOptional = (tree: Tree): Properties => {
  const { secret, credential, auth } = nodePartSchemas(tree);
  return {
    label: filled,
    description: text(),
    capabilities,
    configSchemaRef: text(),
    inputSchemaRef: text(),
    outputSchemaRef: text(),
    outputs: mapOf({ ...closed({}, { sensitive: flag }), additionalProperties: tree === 'v1' }),
    envelopeContractRef: text(),
    artifact: closed({}, { typeId: tree === 'v1' ? text() : typeId(tree), syncOn, supportsCheckpoint: flag }),
    mcp: closed({}, { exposeAsTool: flag, toolName: text() }),
    requiresSecrets: list(secret),
    requiredCredentials: list(credential),
    auth,
    requiredModelCapabilities: modelCapabilities,
    fallbackModel: closed({ provider: pattern('^[a-z][a-z0-9-]*$'), model: filled }),
  };
};

const nodeSchema = (tree: Tree): Schema =>
  authored(
    tree,
    {
      typeId: typeId(tree),
      version: text(),
      category: word('chat', 'control', 'data', 'canvas', 'coordination', 'integration'),
      role: text(),
    },
    nodeOptional(tree),
  );

/** Schema facets of a peer are named here and not in the key (v2 packs.md, Peer-dependency identifiers). */
const peersMeta = (tree: Tree): Properties => ({
  peerDependenciesMeta: mapOf(
    closed(
      {},
      tree === 'v1'
        ? { optional: flag }
        : { optional: flag, facets: set(pattern('^[a-z][A-Za-z0-9]*$'), { minItems: 1 }) },
    ),
  ),
});

const notEmpty = (name: string): Schema => ({
  required: [name],
  properties: { [name]: { type: 'array', minItems: 1 } },
});

/** node-packs.md, Manifest format; at least one node or agent. */
export const nodePackSchema = (tree: Tree): Schema => {
  const { runtime, connector } = nodePartSchemas(tree);
  return manifestSchema(tree, {
    kind: 'node',
    kindMayBeAbsent: true,
    needed: { runtime },
    optional: {
      ...dependencies,
      ...peers,
      ...peersMeta(tree),
      nodes: list(nodeSchema(tree)),
      agents: list(agentSchema(tree)),
      connector,
    },
    rule: { anyOf: [notEmpty('nodes'), notEmpty('agents')] },
  });
};

const runtimeLanguage = (manifest: JsonValue): readonly Violation[] => {
  const language = textOf(at(manifest, 'runtime', 'language')) ?? '';
  if (LANGUAGES.includes(language)) return [];
  const said = `runtime.language "${clipped(language)}" is none of ${LANGUAGES.join(', ')}`;
  return [violation('unsupported_runtime', '/runtime/language', said)];
};

/** RFC 0045: a connector offers nodes of its own pack. */
const connectorActions = (manifest: JsonValue): readonly Violation[] => {
  const nodes = new Set(textsAt(at(manifest, 'nodes'), 'typeId'));
  return listOf(at(manifest, 'connector', 'actions')).flatMap((action, index) => {
    const id = textOf(at(action, 'typeId')) ?? '';
    if (nodes.has(id)) return [];
    const where = pointer('connector', 'actions', index, 'typeId');
    return [violation('connector_action_unresolved', where, `no node of this pack is "${clipped(id)}"`)];
  });
};

/** Agents are the host's to interpret: a pack of nothing else brings no code (v2 node-pack schema, `agents`). */
const agentsOnly = (manifest: JsonValue): readonly Violation[] =>
  listOf(at(manifest, 'nodes')).length > 0 || at(manifest, 'runtime', 'language') === 'remote'
    ? []
    : [violation('invalid_manifest', '/runtime/language', 'a pack of agents alone must be "remote"')];

/** RFC 0203: the record describes the very server that `entry` names. */
const mcpServer = (manifest: JsonValue): readonly Violation[] => {
  const record = at(manifest, 'runtime', 'mcpServer');
  if (record === undefined) return [];
  if (at(manifest, 'runtime', 'language') !== 'remote')
    return [violation('invalid_manifest', '/runtime/mcpServer', 'belongs to language "remote" only')];
  const url = at(listOf(at(record, 'remotes'))[0], 'url');
  return url === at(manifest, 'runtime', 'entry')
    ? []
    : [violation('invalid_manifest', '/runtime/entry', 'must equal the url of runtime.mcpServer.remotes[0]')];
};

/** The rules of a node pack that its schema cannot say. */
export const nodePackRules = (manifest: JsonValue, tree: Tree): readonly Violation[] => [
  ...runtimeLanguage(manifest),
  ...repeats(at(manifest, 'nodes'), ['typeId'], 'nodes'),
  ...repeats(at(manifest, 'agents'), ['agentId'], 'agents'),
  ...connectorActions(manifest),
  ...(tree === 'v2' ? [...agentsOnly(manifest), ...mcpServer(manifest)] : []),
];
