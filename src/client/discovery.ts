// Reads what a registry says of itself: where its documents are, which keys it lists, where its trust begins.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, listOf, objectOf, textOf } from '../protocol/manifest/read.ts';
import { refusal } from './refusal.ts';
import type { RegistryReader } from './registry-reader.ts';

/** Root-relative addresses with `{name}` and `{version}` to be filled in. */
export interface TreeAddresses {
  readonly packMetadata: string;
  readonly versionManifest: string;
  readonly versionTarball: string;
  readonly versionSignature: string;
}

/** A key as a plain registry lists it; nobody signed this. */
export interface ListedKey {
  readonly keyId: string;
  readonly status: string;
  readonly permittedNamespaces: readonly string[];
}

/** Where the log is read; by which key it is believed is for the root document to say. */
export interface LogAddresses {
  readonly checkpoint: string;
  /** With `{L}` and `{N}`. */
  readonly tile: string;
  /** With `{name}` and `{version}`. */
  readonly versionProof: string;
  readonly withdrawals: string;
}

export interface TrustAddresses {
  readonly root: string;
  /** With `{version}`. */
  readonly rootVersion: string;
  readonly keyring: string;
  /** With `{name}` and `{version}`; undefined where release statements are not offered. */
  readonly releaseStatement: string | undefined;
  readonly log: LogAddresses | undefined;
}

export interface Discovery {
  /** The trees that the registry serves. */
  readonly trees: Readonly<Partial<Record<Tree, TreeAddresses>>>;
  /** With `{keyId}`. */
  readonly publicKey: string;
  /** Undefined where the registry has no discovery document and thus lists no keys. */
  readonly signingKeys: readonly ListedKey[] | undefined;
  readonly trust: TrustAddresses | undefined;
}

/** Room for tens of thousands of keys. */
const MAX_DISCOVERY_BYTES = 16 * 1024 * 1024;
const MAX_TEMPLATE = 512;
const WELL_KNOWN = ['/.well-known/openwop-registry.json', '/.well-known/openwop-registry'];
const USUAL_KEY = '/keys/{keyId}.pub';

/** Where registries from before the discovery document keep everything. */
const LEGACY: Discovery = {
  trees: {
    v1: {
      packMetadata: '/v1/packs/{name}/index.json',
      versionManifest: '/v1/packs/{name}/-/{version}.json',
      versionTarball: '/v1/packs/{name}/-/{version}.tgz',
      versionSignature: '/v1/packs/{name}/-/{version}.sig',
    },
  },
  publicKey: USUAL_KEY,
  signingKeys: undefined,
  trust: undefined,
};

/** A path on the registry itself: no other host, no way up, nothing that a server could read as a query. */
const isRootRelative = (template: string): boolean =>
  template.length <= MAX_TEMPLATE &&
  /^\/(?!\/)[A-Za-z0-9._~{}@+/-]*$/.test(template) &&
  !template.split('/').some((segment) => segment === '..' || segment === '.');

const unresolvable = (where: string, found: JsonValue | undefined) =>
  refusal('registry', 'registry_endpoints_unresolvable', { where, found: found ?? null });

const template = (of: JsonObject, name: string, where: string, ...slots: readonly string[]): string => {
  const text = textOf(of[name]);
  if (text !== undefined && isRootRelative(text) && slots.every((slot) => text.includes(slot))) return text;
  throw unresolvable(`${where}/${name}`, of[name]);
};

const readTree = (endpoints: JsonObject, where: string): TreeAddresses => ({
  packMetadata: template(endpoints, 'packMetadata', where, '{name}'),
  versionManifest: template(endpoints, 'versionManifest', where, '{name}', '{version}'),
  versionTarball: template(endpoints, 'versionTarball', where, '{name}', '{version}'),
  versionSignature: template(endpoints, 'versionSignature', where, '{name}', '{version}'),
});

/** The flat keys are the v1 tree of registries that know no other. */
const readTrees = (endpoints: JsonObject): Discovery['trees'] => {
  const v2 = objectOf(endpoints['v2']);
  const v1 = objectOf(endpoints['v1']);
  const flat = endpoints['versionManifest'] === undefined ? undefined : endpoints;
  if (v2 === undefined && v1 === undefined && flat === undefined) throw unresolvable('/endpoints', endpoints);
  return {
    ...(v2 === undefined ? {} : { v2: readTree(v2, '/endpoints/v2') }),
    ...(v1 === undefined
      ? flat && { v1: readTree(flat, '/endpoints') }
      : { v1: readTree(v1, '/endpoints/v1') }),
  };
};

const readKey = (entry: JsonValue): readonly ListedKey[] => {
  const keyId = textOf(at(entry, 'keyId'));
  if (keyId === undefined) return [];
  const permittedNamespaces = listOf(at(entry, 'permittedNamespaces')).flatMap((each) => textOf(each) ?? []);
  return [{ keyId, status: textOf(at(entry, 'status')) ?? 'active', permittedNamespaces }];
};

/** A log without proofs, or without the list of what was withdrawn, would be a log that hides them. */
const readLog = (trust: JsonObject): LogAddresses | undefined => {
  if (trust['log'] === undefined) return undefined;
  const log = objectOf(trust['log']);
  if (log === undefined) throw unresolvable('/trust/log', trust['log']);
  return {
    checkpoint: template(log, 'checkpoint', '/trust/log'),
    tile: template(log, 'tile', '/trust/log', '{L}', '{N}'),
    versionProof: template(trust, 'versionProof', '/trust', '{name}', '{version}'),
    withdrawals: template(trust, 'withdrawals', '/trust'),
  };
};

const readTrust = (document: JsonObject): TrustAddresses | undefined => {
  if (document['trust'] === undefined) return undefined;
  const trust = objectOf(document['trust']);
  if (trust === undefined) throw unresolvable('/trust', document['trust']);
  const offersStatements = trust['releaseStatement'] !== undefined;
  return {
    root: template(trust, 'root', '/trust'),
    rootVersion: template(trust, 'rootVersion', '/trust', '{version}'),
    keyring: template(trust, 'keyring', '/trust'),
    releaseStatement: offersStatements
      ? template(trust, 'releaseStatement', '/trust', '{name}', '{version}')
      : undefined,
    log: readLog(trust),
  };
};

const readDiscovery = (document: JsonObject): Discovery => {
  const endpoints = objectOf(document['endpoints']);
  if (endpoints === undefined) throw unresolvable('/endpoints', document['endpoints']);
  const flatKey = endpoints['publicKey'] === undefined ? USUAL_KEY : undefined;
  return {
    trees: readTrees(endpoints),
    publicKey: flatKey ?? template(endpoints, 'publicKey', '/endpoints', '{keyId}'),
    signingKeys: listOf(document['signingKeys']).flatMap(readKey),
    trust: readTrust(document),
  };
};

/** @throws Refusal of `registry`: unreachable, too large, malformed, or addresses that lead elsewhere */
export const discover = async (reader: RegistryReader): Promise<Discovery> => {
  for (const path of WELL_KNOWN) {
    const document = await reader.document('registry', path, MAX_DISCOVERY_BYTES);
    if (document !== undefined) return readDiscovery(document);
  }
  return LEGACY;
};

/** Fills in a template; every value is percent-encoded, so none can reach another path. */
export const addressOf = (from: string, values: Readonly<Record<string, string>>): string =>
  from.replace(/\{(name|version|keyId)\}/g, (slot, key: string) => {
    const value = values[key];
    return value === undefined ? slot : encodeURIComponent(value);
  });
