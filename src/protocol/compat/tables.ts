// What the specification lists of hosts and of what packs ask of them: families, surfaces, aliases, words, codes. Pure.
import { FAMILIES } from '../manifest/peers.ts';

export { FAMILIES };

/** capabilities.md (v2) §6: families that a host names below `extensions` as `<org>.<family>`, or at the root. */
export const EXTENSION_FAMILIES: ReadonlySet<string> = new Set([
  ...['restTransport', 'a2uiSurface', 'brand', 'canvas', 'chat', 'coordination', 'dataIntegration'],
  ...['entities', 'kanban', 'knowledge', 'launchStudio', 'messaging', 'webResearch'],
]);

/**
 * host-capabilities.md (v1) §The contract pattern, RFC 0144: the fourteen surfaces `host.<name>` that v1 has in prose only,
 * and that hosts name at the root, in the `agents` block, or with the prefix.
 */
export const HOST_SURFACES: ReadonlySet<string> = new Set([
  ...['agentRuntime', 'aiEnvelope', 'promptLibrary', 'brand', 'canvas', 'chat', 'coordination'],
  ...['dataIntegration', 'entities', 'kanban', 'knowledge', 'launchStudio', 'messaging', 'webResearch'],
]);

/** A family, and what of it: `['memoryBackends']`. */
export interface Reading {
  readonly family: string;
  readonly path: readonly string[];
}

/**
 * packs.md (v2) §The alias table, for packs of the v1 era: these two; every other alias is a family or a facet of one behind
 * `host.`, behind `openwop.` or bare, as the generator of the table reads them (RFC 0177 §B.2).
 */
export const ALIASES: Readonly<Record<string, Reading>> = {
  'host.webSearch': { family: 'webResearch', path: [] },
  'host.campaignMessaging': { family: 'messaging', path: ['campaign'] },
};

/** host-capabilities.md (v1) §Reserved: named, and defined by no version. */
export const RESERVED: ReadonlySet<string> = new Set(['host.media', 'host.collaboration', 'host.workspace']);

/** RFC 0076 §A: the closed vocabulary of what code may ask of the platform. */
export const PRIMITIVES: ReadonlySet<string> = new Set([
  ...['net.dns', 'net.outbound', 'crypto', 'subprocess', 'fs.read', 'fs.write', 'env.read', 'clock'],
]);

/** capabilities.md (v2) §2: any other status is none that a host may claim a family with. */
export const STATUSES: ReadonlySet<string> = new Set(['stable', 'experimental', 'deprecated']);

/** node-pack-runtimes.md §Languages, and the word of the public registry for what is compiled to javascript. */
export const LANGUAGES: ReadonlySet<string> = new Set([
  ...['javascript', 'typescript', 'python', 'go', 'wasm', 'wasm-component', 'remote'],
]);

/** node-pack-runtimes.md §WASM: the languages that a host must name, and where it does. */
export const NAMED_RUNTIMES: Readonly<Record<string, string>> = {
  wasm: 'wasm',
  'wasm-component': 'wasmComponent',
};

/** RFC 0004: each kind of memory is more than those before it. */
export const MEMORY: readonly string[] = ['scratchpad', 'conversation', 'longterm'];

/** What a host must claim to take packs of a kind, with the section that says so. */
export const KIND_NEEDS: Readonly<Record<string, Reading & { readonly section: string }>> = {
  'artifact-type': {
    family: 'artifactTypes',
    path: [],
    section: 'artifact-type-packs.md §Host capability',
  },
  connection: { family: 'connections', path: ['packsSupported'], section: 'connection-packs.md §Resolution' },
  'workflow-chain': { family: 'workflowChainPacks', path: [], section: 'RFC 0013' },
  prompt: { family: 'prompts', path: ['packsSupported'], section: 'RFC 0028' },
  card: { family: 'chat', path: ['cardPacks'], section: 'chat-card-packs.md §Card execution' },
  'frontend-plugin': { family: 'uiPlugins', path: [], section: 'RFC 0117' },
  'form-content': { family: 'forms', path: ['contentPacks'], section: 'RFC 0137' },
};

interface CodeEntry {
  /** The code of v2 where it differs. */
  readonly v2?: string;
  readonly status: number;
  readonly v2Status?: number;
}

/** spec/v2/errors.json and node-packs.md §Failure modes: what a host answers that refuses a pack. */
export const COMPAT_CODES = {
  pack_engine_unsupported: { status: 400 },
  pack_peer_dependency_missing: { status: 400 },
  pack_peer_dependency_undefined: { status: 400 },
  pack_runtime_requirement_unmet: { status: 400, v2Status: 422 },
  unsupported_runtime: { status: 400 },
  capability_required: { status: 422 },
  connector_action_unresolved: { status: 400 },
  pack_version_not_found: { status: 404 },
  invalid_manifest: { status: 400, v2: 'pack_validation_failed' },
} as const satisfies Readonly<Record<string, CodeEntry>>;

export type CompatCode = keyof typeof COMPAT_CODES;

/** How a code reads on a host of one generation. */
export const spelt = (code: CompatCode, generation: 'v1' | 'v2') => {
  const entry: CodeEntry = COMPAT_CODES[code];
  if (generation === 'v1') return { code: code as string, status: entry.status };
  return { code: entry.v2 ?? code, status: entry.v2Status ?? entry.status };
};
