// The discovery document: where everything is, and which keys speak for which namespaces.

import type { ListedKey } from '../../access/listed-key.ts';
import type { ClaimRow } from '../../access/namespaces/claim-store.ts';
import { isProved } from '../../access/namespaces/standing.ts';
import { type Document, jsonDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { WINDOW_HOURS } from '../lifecycle/unpublish-note.ts';

/** A key that was listed elsewhere, and signs nothing that is published here. */
export interface MirroredKeyNote {
  readonly keyId: string;
  readonly upstream: string;
  readonly namespaces: readonly string[];
  readonly status: string;
}

interface DiscoveryFacts {
  readonly name: string;
  readonly url: string;
  readonly privateRegistry: boolean;
  readonly keys: readonly ListedKey[];
  readonly mirroredKeys: readonly MirroredKeyNote[];
  readonly claims: readonly ClaimRow[];
  readonly now: Date;
  readonly log: { readonly origin: string; readonly vkey: string };
  readonly auth: Readonly<Record<string, unknown>>;
  readonly securityContact: string | undefined;
}

const treeEndpoints = (tree: string) => ({
  registryIndex: `/${tree}/index.json`,
  packMetadata: `/${tree}/packs/{name}/index.json`,
  versionManifest: `/${tree}/packs/{name}/-/{version}.json`,
  versionTarball: `/${tree}/packs/{name}/-/{version}.tgz`,
  versionSignature: `/${tree}/packs/{name}/-/{version}.sig`,
  versionSbom: `/${tree}/packs/{name}/-/{version}.sbom.json`,
  registrySbom: `/${tree}/sbom.json`,
  packList: `/${tree}/packs`,
  packSearch: `/${tree}/packs/-/search`,
  packsByType: `/${tree}/packs/-/by-type/{typeId}`,
  agentExport: `/${tree}/packs/export`,
  versionClosure: `/${tree}/packs/{name}/-/{version}/closure`,
});

const PUBLIC_KEY = '/keys/{keyId}.pub';

const security = (contact: string | undefined) => ({
  advisories: '/security/advisories.json',
  advisory: '/security/advisories/{id}.json',
  osv: '/security/osv/{id}.json',
  osvAll: '/security/osv.json',
  ...(contact === undefined ? {} : { contact, securityTxt: '/.well-known/security.txt' }),
});

const signingKey = (key: ListedKey) => ({
  keyId: key.keyId,
  algorithm: 'ed25519',
  publicKeyUrl: PUBLIC_KEY.replace('{keyId}', key.keyId),
  permittedNamespaces: key.namespaces,
  operator: key.account,
  status: key.status,
});

const mirroredKey = (key: MirroredKeyNote) => ({
  keyId: key.keyId,
  algorithm: 'ed25519',
  publicKeyUrl: PUBLIC_KEY.replace('{keyId}', key.keyId),
  permittedNamespaces: key.namespaces,
  mirroredFrom: key.upstream,
  status: key.status,
});

const assignment = (now: Date) => (claim: ClaimRow) => ({
  namespace: `${claim.namespace}.*`,
  owner: claim.account,
  claimedAt: claim.claimed_at.toISOString().slice(0, 10),
  ...(claim.proof !== null && isProved(claim, now)
    ? { domain: claim.proof.domain, provedAt: claim.proof.provedAt }
    : {}),
});

/** Every address that clients read in it is root-relative. */
const discoveryDocument = (facts: DiscoveryFacts) => ({
  registryVersion: '1.0.0',
  protocolVersion: '1.0',
  name: facts.name,
  operator: facts.name,
  url: facts.url,
  supportedNamespaces: ['core', 'vendor', 'community', ...(facts.privateRegistry ? ['private'] : [])],
  supportedSigningMethods: ['ed25519'],
  supportedTrustModes: ['trusted', 'verified'],
  endpoints: {
    ...treeEndpoints('v1'),
    publicKey: PUBLIC_KEY,
    v1: { ...treeEndpoints('v1'), publicKey: PUBLIC_KEY },
    v2: { ...treeEndpoints('v2'), publicKey: PUBLIC_KEY },
  },
  schemaMirror: '/{name}/{version}/{file}.json',
  security: security(facts.securityContact),
  endpointAliases: { packMetadata: '/v1/packs/{name}' },
  writeApi: {
    supported: true,
    publishMethod: 'http-put',
    publishUrl: `${facts.url}/v1/packs/{name}/-/{version}.tgz`,
  },
  lifecycle: {
    yankSupported: true,
    deprecateSupported: true,
    keyRotationSupported: true,
    unpublishWindowHours: WINDOW_HOURS,
    history: '/packs/{name}/-/{version}/lifecycle',
  },
  signingKeys: facts.keys.filter((key) => !key.namespaces.some(isPrivateNamespace)).map(signingKey),
  ...(facts.mirroredKeys.length === 0 ? {} : { mirroredKeys: facts.mirroredKeys.map(mirroredKey) }),
  namespaceAssignments: facts.claims
    .filter((claim) => !isPrivateNamespace(claim.namespace))
    .map(assignment(facts.now)),
  trust: {
    root: '/trust/root.json',
    rootVersion: '/trust/{version}.root.json',
    keyring: '/trust/keyring.json',
    withdrawals: '/trust/withdrawals.json',
    log: {
      ...facts.log,
      checkpoint: '/transparency/checkpoint',
      tile: '/transparency/tile/{L}/{N}',
      entries: '/transparency/tile/entries/{N}',
    },
    versionProof: '/v1/packs/{name}/-/{version}.proof',
    releaseStatement: '/v1/packs/{name}/-/{version}.intoto.json',
  },
  auth: facts.auth,
});

export interface DiscoveryDeps {
  readonly cache: DocumentCache;
  /** What it is made from. */
  readonly topics: readonly string[];
  readonly name: string;
  readonly url: () => string;
  readonly privateRegistry: boolean;
  readonly listKeys: () => Promise<readonly ListedKey[]>;
  readonly listClaims: () => Promise<readonly ClaimRow[]>;
  readonly listMirroredKeys: () => Promise<readonly MirroredKeyNote[]>;
  readonly now: () => Date;
  /** The log as the newest root names it. */
  readonly log: () => { readonly origin: string; readonly vkey: string };
  /** The profiles of OpenWOP that are kept here, as hosts advertise them. */
  readonly auth: Readonly<Record<string, unknown>>;
  readonly securityContact: string | undefined;
}

/** The same document under both of its addresses. */
export const readDiscovery =
  (the: DiscoveryDeps) =>
  (path: string): Promise<Document> =>
    the.cache.load(path, the.topics, async () => {
      const [keys, claims, mirroredKeys] = await Promise.all([
        the.listKeys(),
        the.listClaims(),
        the.listMirroredKeys(),
      ]);
      const { name, privateRegistry, auth, securityContact } = the;
      const facts = {
        name,
        url: the.url(),
        privateRegistry,
        keys,
        claims,
        mirroredKeys,
        log: the.log(),
        auth,
        now: the.now(),
      };
      return jsonDocument(discoveryDocument({ ...facts, securityContact }));
    });
