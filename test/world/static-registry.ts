// A registry of files on loopback, as the public one is: documents made from packs, changed by tests at will.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import type { Tree } from '../../src/protocol/faults.ts';
import { type MadePack, servedManifest } from './packs.ts';
import type { Publisher } from './publisher.ts';

/** Answers in place of the file; `honest` is what an honest registry would have sent. */
export type Lie = (response: ServerResponse, honest: Uint8Array, request: IncomingMessage) => void;

export interface StaticRegistry {
  readonly url: string;
  readonly files: Map<string, Uint8Array>;
  /** Paths in the order they were asked for. */
  readonly requests: string[];
  /** Lies about every path that matches, instead of serving it. */
  lieAbout(path: RegExp, lie: Lie): void;
  json(path: string): JsonObject;
  setJson(path: string, value: unknown): void;
  add(...packs: readonly MadePack[]): void;
  close(): Promise<void>;
}

export interface KeyListing {
  readonly publisher: Publisher;
  readonly namespaces?: readonly string[];
  readonly status?: string;
}

export const DISCOVERY = '/.well-known/openwop-registry.json';

const addresses = (tree: Tree): JsonObject => ({
  registryIndex: `/${tree}/index.json`,
  packMetadata: `/${tree}/packs/{name}/index.json`,
  versionManifest: `/${tree}/packs/{name}/-/{version}.json`,
  versionTarball: `/${tree}/packs/{name}/-/{version}.tgz`,
  versionSignature: `/${tree}/packs/{name}/-/{version}.sig`,
});

export const discoveryOf = (keys: readonly KeyListing[], more: JsonObject = {}): JsonObject => ({
  registryVersion: '1.0.0',
  protocolVersion: '1.0',
  endpoints: {
    ...addresses('v1'),
    publicKey: '/keys/{keyId}.pub',
    v1: addresses('v1'),
    v2: addresses('v2'),
  },
  signingKeys: keys.map(({ publisher, namespaces = ['vendor.acme.*'], status = 'active' }) => ({
    keyId: publisher.keyId,
    algorithm: 'ed25519',
    publicKeyUrl: `/keys/${publisher.keyId}.pub`,
    permittedNamespaces: namespaces,
    status,
  })),
  ...more,
});

export const partOf = ({ tree, name, version }: MadePack, ending: string): string =>
  `/${tree}/packs/${name}/-/${version}.${ending}`;

export const indexOf = ({ tree, name }: MadePack): string => `/${tree}/packs/${name}/index.json`;

const listen = async (serve: (request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};

/** An empty registry of files. */
export const emptyRegistry = async (): Promise<StaticRegistry> => {
  const files = new Map<string, Uint8Array>();
  const requests: string[] = [];
  const lies: { readonly path: RegExp; readonly lie: Lie }[] = [];
  const { url, close } = await listen((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    requests.push(path);
    const found = files.get(path);
    const lie = lies.find((each) => each.path.test(path))?.lie;
    if (lie !== undefined) return lie(response, found ?? new Uint8Array(), request);
    response.writeHead(found === undefined ? 404 : 200);
    response.end(found ?? '{"error":"not_found","message":"There is nothing here."}');
  });
  const json = (path: string): JsonObject =>
    JSON.parse(Buffer.from(files.get(path) ?? Buffer.from('{}')).toString('utf8')) as JsonObject;
  const setJson = (path: string, value: unknown): void =>
    void files.set(path, Buffer.from(JSON.stringify(value)));
  const addOne = (pack: MadePack): void => {
    setJson(partOf(pack, 'json'), servedManifest(pack));
    files.set(partOf(pack, 'tgz'), pack.tarball);
    if (pack.signature.length > 0) files.set(partOf(pack, 'sig'), pack.signature);
    const before = (json(indexOf(pack))['versions'] ?? []) as readonly JsonValue[];
    const versions = [...before, { version: pack.version, yanked: false }];
    setJson(indexOf(pack), { name: pack.name, versions, latest: pack.version });
  };
  return {
    url,
    files,
    requests,
    lieAbout: (path, lie) => void lies.push({ path, lie }),
    json,
    setJson,
    add: (...packs) => packs.forEach(addOne),
    close,
  };
};

/** A plain OpenWOP registry: keys listed by nobody but itself, no trust documents, no log. */
export const plainRegistry = async (
  keys: readonly KeyListing[],
  packs: readonly MadePack[],
): Promise<StaticRegistry> => {
  const registry = await emptyRegistry();
  registry.setJson(DISCOVERY, discoveryOf(keys));
  for (const { publisher } of keys)
    registry.files.set(`/keys/${publisher.keyId}.pub`, Buffer.from(publisher.publicKeyPem));
  registry.add(...packs);
  return registry;
};

/** Marks a version as yanked, in its manifest and in the index of its pack. */
export const yank = (registry: StaticRegistry, pack: MadePack, reason: string): void => {
  registry.setJson(partOf(pack, 'json'), {
    ...registry.json(partOf(pack, 'json')),
    yanked: true,
    yankedReason: reason,
  });
  const index = registry.json(indexOf(pack));
  const versions = (index['versions'] as readonly JsonObject[]).map((row) =>
    row['version'] === pack.version ? { ...row, yanked: true } : row,
  );
  registry.setJson(indexOf(pack), { ...index, versions });
};
