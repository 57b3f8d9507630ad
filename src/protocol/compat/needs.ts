// What a manifest asks of hosts and of other packs, and what it gives them, in a form that is small and typed. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../faults.ts';
import { exportedIds } from '../manifest/describe.ts';
import { at, listOf, objectOf, pointer, textOf } from '../manifest/read.ts';

/** A name that a manifest has somewhere. */
export interface Named {
  readonly id: string;
  readonly where: string;
}

export interface Peer {
  readonly key: string;
  /** `supported`, `required`, `optional` or a level as in `>=longTerm`. */
  readonly value: string;
  readonly optional: boolean;
  readonly facets: readonly string[];
}

export interface Runtime {
  readonly language: string;
  readonly requires: readonly Named[];
  /** Only where the manifest states it; else it stands in the module. */
  readonly abi: number | undefined;
}

export interface PackNeeds {
  readonly name: string;
  readonly version: string;
  readonly tree: Tree;
  readonly kind: string;
  readonly engines: string;
  readonly runtime: Runtime | undefined;
  readonly peers: readonly Peer[];
  readonly agents: readonly Named[];
  readonly capabilities: readonly Named[];
  readonly tools: readonly Named[];
  readonly models: readonly Named[];
  readonly secrets: readonly Named[];
  readonly credentials: readonly Named[];
  /** Providers of OAuth, of nodes and of the connector. */
  readonly providers: readonly (Named & { readonly byConnector: boolean })[];
  readonly actions: readonly Named[];
  readonly artifacts: readonly Named[];
  readonly dependencies: readonly (readonly [name: string, range: string])[];
  /** Ids of nodes, agents, chains and so on; of a connection pack its provider. */
  readonly gives: ReadonlySet<string>;
  /** A list had more entries than are looked at. */
  readonly cut: boolean;
}

/** Entries of one list of one pack that are looked at; no published pack has half of it. */
const MAX_LISTED = 500;
const MAX_TEXT = 256;
const MAX_GIVEN = 5_000;
/** Of facets of one peer, and of what code asks of the platform: there are fewer of both. */
const MAX_FEW = 50;

type Texts = readonly Named[];

const named = (value: JsonValue | undefined, ...where: readonly (string | number)[]): Texts => {
  const id = textOf(value);
  return id === undefined || id === '' ? [] : [{ id: id.slice(0, MAX_TEXT), where: pointer(...where) }];
};

const namedAll = (list: JsonValue | undefined, ...where: readonly (string | number)[]): Texts =>
  listOf(list).flatMap((each, index) => named(each, ...where, index));

/** What a function finds in each entry of a list of the manifest. */
const ofEach = <T>(
  manifest: JsonValue,
  list: string,
  find: (entry: JsonValue, index: number) => readonly T[],
): readonly T[] => listOf(at(manifest, list)).flatMap(find);

const peersOf = (manifest: JsonValue): readonly Peer[] =>
  Object.entries(objectOf(at(manifest, 'peerDependencies')) ?? {}).map(([key, value]) => {
    const meta = objectOf(at(manifest, 'peerDependenciesMeta'));
    const about = meta === undefined || !Object.hasOwn(meta, key) ? undefined : meta[key];
    return {
      key,
      value: textOf(value) ?? '',
      optional: at(about, 'optional') === true || value === 'optional',
      facets: listOf(at(about, 'facets'))
        .slice(0, MAX_FEW)
        .flatMap((facet) => textOf(facet) ?? []),
    };
  });

const runtimeOf = (manifest: JsonValue): Runtime | undefined => {
  if (at(manifest, 'runtime') === undefined) return undefined;
  const abi = at(manifest, 'runtime', 'wasm', 'abiVersion');
  return {
    language: textOf(at(manifest, 'runtime', 'language')) ?? '',
    requires: namedAll(listOf(at(manifest, 'runtime', 'requires')).slice(0, MAX_FEW), 'runtime', 'requires'),
    abi: typeof abi === 'number' ? abi : undefined,
  };
};

const providersOf = (manifest: JsonValue): PackNeeds['providers'] => [
  ...ofEach(manifest, 'nodes', (node, index) =>
    named(at(node, 'auth', 'provider'), 'nodes', index, 'auth', 'provider'),
  ).map((each) => ({ ...each, byConnector: false })),
  ...named(at(manifest, 'connector', 'auth', 'provider'), 'connector', 'auth', 'provider').map((each) => ({
    ...each,
    byConnector: true,
  })),
];

/** Of entries that are objects, what stands under one name of each. */
const inside = (list: string, inner: string, key: string) => (manifest: JsonValue) =>
  ofEach(manifest, list, (entry, index) =>
    listOf(at(entry, inner)).flatMap((each, place) => named(at(each, key), list, index, inner, place, key)),
  );

const listsInside = (list: string, inner: string) => (manifest: JsonValue) =>
  ofEach(manifest, list, (entry, index) => namedAll(at(entry, inner), list, index, inner));

const textInside =
  (list: string, ...path: readonly string[]) =>
  (manifest: JsonValue) =>
    ofEach(manifest, list, (entry, index) => named(at(entry, ...path), list, index, ...path));

const connectorCredential = (manifest: JsonValue): Texts =>
  at(manifest, 'connector', 'auth', 'type') === 'credential'
    ? named(at(manifest, 'connector', 'auth', 'key'), 'connector', 'auth', 'key')
    : [];

const LISTS = {
  agents: textInside('agents', 'agentId'),
  capabilities: listsInside('agents', 'requiresCapabilities'),
  tools: listsInside('agents', 'toolAllowlist'),
  models: (manifest: JsonValue): Texts => [
    ...listsInside('nodes', 'requiredModelCapabilities')(manifest),
    ...listsInside('cards', 'requiredModelCapabilities')(manifest),
  ],
  secrets: inside('nodes', 'requiresSecrets', 'id'),
  credentials: (manifest: JsonValue): Texts => [
    ...inside('nodes', 'requiredCredentials', 'key')(manifest),
    ...connectorCredential(manifest),
  ],
  providers: providersOf,
  actions: (manifest: JsonValue): Texts =>
    listOf(at(manifest, 'connector', 'actions')).flatMap((action, index) =>
      named(at(action, 'typeId'), 'connector', 'actions', index, 'typeId'),
    ),
  artifacts: (manifest: JsonValue): Texts => [
    ...textInside('nodes', 'artifact', 'typeId')(manifest),
    ...textInside('cards', 'outputArtifactType')(manifest),
  ],
  peers: peersOf,
  dependencies: (manifest: JsonValue): PackNeeds['dependencies'] =>
    Object.entries(objectOf(at(manifest, 'dependencies')) ?? {}).flatMap(([name, range]) =>
      typeof range === 'string' ? [[name, range] as const] : [],
    ),
};

type Lists = { readonly [name in keyof typeof LISTS]: ReturnType<(typeof LISTS)[name]> };

export interface ReadPack {
  readonly name: string;
  readonly version: string;
  readonly tree: Tree;
  readonly manifest: JsonValue;
}

/** Never throws: a manifest of a registry may have been taken with its flaws. */
export const needsOf = ({ name, version, tree, manifest }: ReadPack): PackNeeds => {
  const entries = Object.entries(LISTS).map(([list, read]) => [list, read(manifest)] as const);
  const gives = new Set(exportedIds(manifest).map(({ id }) => id.slice(0, MAX_TEXT)));
  const lists = Object.fromEntries(entries.map(([list, found]) => [list, found.slice(0, MAX_LISTED)]));
  return {
    ...(lists as unknown as Lists),
    name,
    version,
    tree,
    kind: textOf(at(manifest, 'kind')) ?? 'node',
    engines: textOf(at(manifest, 'engines', 'openwop')) ?? '',
    runtime: runtimeOf(manifest),
    gives: gives.size > MAX_GIVEN ? new Set([...gives].slice(0, MAX_GIVEN)) : gives,
    cut: gives.size > MAX_GIVEN || entries.some(([, found]) => found.length > MAX_LISTED),
  };
};

/** How many things a pack asks for. */
export const countOf = (pack: PackNeeds): number => {
  const { capabilities, tools, models, secrets, credentials, providers, actions, artifacts } = pack;
  const lists = [capabilities, tools, models, secrets, credentials, providers, actions, artifacts];
  const peers = pack.peers.reduce((sum, { facets }) => sum + 1 + facets.length, 0);
  return lists.reduce((sum, { length }) => sum + length, peers + (pack.runtime?.requires.length ?? 0));
};
