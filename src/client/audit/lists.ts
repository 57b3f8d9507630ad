// Reads the lists of a registry that nobody but an auditor needs as a whole: its indexes and who holds which namespace.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import type { RegistryReader } from '../registry-reader.ts';

export interface ServedLists {
  /** The registry index of each tree that is served. */
  readonly indexes: readonly (readonly [Tree, JsonObject])[];
  /** The feed of advisories; undefined where the registry serves none. */
  readonly advisories: JsonObject | undefined;
  /** Holders by namespace; undefined where the registry does not say. */
  readonly holders: ReadonlyMap<string, string> | undefined;
}

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const WELL_KNOWN = ['/.well-known/openwop-registry.json', '/.well-known/openwop-registry'];

/** Trees in which a registry may keep packs. */
const TREES: readonly Tree[] = ['v1', 'v2'];

const discoveryOf = async (reader: RegistryReader): Promise<JsonObject> => {
  for (const path of WELL_KNOWN) {
    const document = await reader.document('registry', path, MAX_LIST_BYTES);
    if (document !== undefined) return document;
  }
  return {};
};

/** Root-relative, as `discovery.ts` has it. */
const isPlainPath = (path: string): boolean =>
  /^\/(?!\/)[A-Za-z0-9._~@+-]+(?:\/[A-Za-z0-9_~@+-][A-Za-z0-9._~@+-]*)*$/.test(path);

/** As it is named, else the usual address. */
const indexPath = (discovery: JsonObject, tree: Tree): string => {
  const named = textOf(at(discovery, 'endpoints', tree, 'registryIndex')) ?? '';
  return isPlainPath(named) ? named : `/${tree}/index.json`;
};

const advisoriesPath = (discovery: JsonObject): string => {
  const named = textOf(at(discovery, 'security', 'advisories')) ?? '';
  return isPlainPath(named) ? named : '/security/advisories.json';
};

const readIndex = async (reader: RegistryReader, path: string): Promise<JsonObject> => {
  const index = await reader.document('registry', path, MAX_LIST_BYTES);
  if (index === undefined) throw refusal('registry', 'reply_malformed', { where: path, found: null });
  return index;
};

const holdersIn = (discovery: JsonObject): ReadonlyMap<string, string> | undefined => {
  if (discovery['namespaceAssignments'] === undefined) return undefined;
  const rows = listOf(discovery['namespaceAssignments']).flatMap((entry) => {
    const [namespace, owner] = [textOf(at(entry, 'namespace')), textOf(at(entry, 'owner'))];
    return namespace === undefined ? [] : [[namespace.replace(/\.\*$/, ''), owner ?? ''] as const];
  });
  return new Map(rows);
};

/** Rejects with a Refusal of `registry`. */
export const readLists = async ({ reader, discovery }: OpenRegistry): Promise<ServedLists> => {
  const document = await discoveryOf(reader);
  const trees = TREES.filter((tree) => discovery.trees[tree] !== undefined);
  const indexes = await Promise.all(
    trees.map(async (tree) => [tree, await readIndex(reader, indexPath(document, tree))] as const),
  );
  const advisories = await reader.document('registry', advisoriesPath(document), MAX_LIST_BYTES);
  return { indexes, advisories, holders: holdersIn(objectOf(document) ?? {}) };
};
