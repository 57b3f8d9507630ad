// Finds out how an upstream is laid out: its trees, its keys, whether it keeps a log.
import type { JsonObject } from '../../keys/canonical.ts';
import { type Discovery, discover, type ListedKey, type TreeAddresses } from '../client/discovery.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, listOf, textOf } from '../protocol/manifest/read.ts';
import { boundedObjectOf } from './bounded-json.ts';
import { MOST } from './limits.ts';
import { storableText } from './storable.ts';
import { SyncEnd } from './trouble.ts';
import type { UpstreamReader } from './upstream-fetch.ts';

export interface TreeLayout extends TreeAddresses {
  readonly tree: Tree;
  readonly registryIndex: string;
}

export interface Layout {
  /** In the order in which they are wanted. */
  readonly trees: readonly TreeLayout[];
  /** With `{keyId}`. */
  readonly publicKey: string;
  /** With `{name}` and `{version}`; undefined where release statements are not offered. */
  readonly releaseStatement: string | undefined;
  /** Undefined where the upstream lists no keys at all. */
  readonly keys: ReadonlyMap<string, ListedKey> | undefined;
  /** Whether it says of itself that it keeps a log. */
  readonly hasLog: boolean;
}

const isPlainPath = (text: string): boolean =>
  /^\/(?!\/)[A-Za-z0-9._~@+/-]{1,512}$/.test(text) && !text.split('/').some((part) => /^\.\.?$/.test(part));

const indexOf = (document: JsonObject, tree: Tree): string => {
  const named = textOf(at(document, 'endpoints', tree, 'registryIndex'));
  const flat = tree === 'v1' ? textOf(at(document, 'endpoints', 'registryIndex')) : undefined;
  return [named, flat].find((text) => text !== undefined && isPlainPath(text)) ?? `/${tree}/index.json`;
};

/** What another mirror serves keys for, beside those that it delegates itself. */
const mirroredKeys = (document: JsonObject): readonly ListedKey[] =>
  listOf(document['mirroredKeys']).flatMap((entry) => {
    const keyId = textOf(at(entry, 'keyId'));
    const permittedNamespaces = listOf(at(entry, 'permittedNamespaces')).flatMap(
      (each) => textOf(each) ?? [],
    );
    return keyId === undefined
      ? []
      : [{ keyId, status: textOf(at(entry, 'status')) ?? 'active', permittedNamespaces }];
  });

/** The standing of a key that its upstream does not list, or not any more. */
export const UNLISTED = 'unlisted';

/** As many names as a key may be listed for here; what else upstream says of it is not asked for each version. */
const MOST_NAMESPACES = 64;
const MOST_NAMESPACE = 214;
const STATUS = /^[a-z][a-z_-]{0,31}$/;

const bounded = ({ keyId, status, permittedNamespaces }: ListedKey): ListedKey => ({
  keyId,
  status: STATUS.test(status.toLowerCase()) ? status.toLowerCase() : 'unknown',
  permittedNamespaces: permittedNamespaces
    .filter((each) => each.length <= MOST_NAMESPACE)
    .slice(0, MOST_NAMESPACES)
    .map((each) => storableText(each, MOST_NAMESPACE)),
});

const keysOf = (discovery: Discovery, document: JsonObject): Layout['keys'] => {
  if (discovery.signingKeys === undefined) return undefined;
  const all = [...mirroredKeys(document), ...discovery.signingKeys].map(bounded);
  return new Map(all.map((key) => [key.keyId, key]));
};

/** @throws Refusal of `registry`, TransportError, SyncEnd */
export const readLayout = async (reader: UpstreamReader, wanted: readonly Tree[]): Promise<Layout> => {
  let seen: JsonObject = {};
  const bytes = async (path: string, maxBytes: number): Promise<Uint8Array | undefined> => {
    const fetched = await reader.get(path, maxBytes);
    return fetched.kind === 'fresh' ? fetched.body : undefined;
  };
  const document = async (_question: unknown, path: string): Promise<JsonObject | undefined> => {
    const body = await bytes(path, MOST.discovery);
    if (body === undefined) return undefined;
    const read = boundedObjectOf(body);
    if (!read.ok) throw new SyncEnd('upstream_unusable', `${path}: ${read.problem.message}`);
    seen = read.object;
    return seen;
  };
  const discovery = await discover({
    base: reader.base,
    document,
    documentOr: document,
    bytes: (_question, path, maxBytes) => bytes(path, maxBytes),
  });
  const trees = wanted.flatMap((tree) => {
    const addresses = discovery.trees[tree];
    return addresses === undefined ? [] : [{ ...addresses, tree, registryIndex: indexOf(seen, tree) }];
  });
  const { publicKey, trust } = discovery;
  const { releaseStatement } = trust ?? {};
  return {
    trees,
    publicKey,
    releaseStatement,
    keys: keysOf(discovery, seen),
    hasLog: trust?.log !== undefined,
  };
};
