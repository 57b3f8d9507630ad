// Wires the room of packs: its addresses and its chores out of what the house gives it. Long, flat and dull.

import type Router from '@koa/router';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Staging } from '../../storage/staging.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { DelegatedKey } from '../access/delegations.ts';
import { KEYS_TOPIC } from '../access/documents.ts';
import type { ListedKey } from '../access/listed-key.ts';
import { allClaims, type ClaimRow } from '../access/namespaces/claim-store.ts';
import type { Principal } from '../access/principal.ts';
import type { RevokeDeps } from '../access/revoke-key.ts';
import type { Sql } from '../database/connect.ts';
import { admission } from '../http/admission.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import type { Pace } from '../http/steady.ts';
import { DEFAULT_ARCHIVE_CAPS } from '../protocol/tarball.ts';
import type { AppendEvent, MakeEvent } from '../transparency/append.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import { advisoryTopicsOf } from './advisories/documents.ts';
import { openAdvisories } from './advisories/open.ts';
import { activeAdvisoryOf, warningOf } from './advisories/yanks.ts';
import { openCompat } from './compat/open.ts';
import { openDerived } from './derived/open.ts';
import { openDiscover } from './discover/open.ts';
import { type KeychainDeps, openKeychain } from './keychain/open.ts';
import { deprecateVersion, undeprecateVersion } from './lifecycle/deprecate.ts';
import { readHistory } from './lifecycle/history.ts';
import type { LifecycleDeps } from './lifecycle/standing.ts';
import { unpublishVersion } from './lifecycle/unpublish.ts';
import { unyankVersion, yankVersion } from './lifecycle/yank.ts';
import type { PackPolicy } from './policy.ts';
import { insertVersion } from './publish/insert-store.ts';
import { type PublishDeps, publishPack } from './publish/publish.ts';
import { type MirroredKeyNote, readDiscovery } from './read/discovery.ts';
import { packTopicsOf, readPack, readVersionPart } from './read/read.ts';
import { addPackRoutes, requireVisible } from './routes.ts';
import { openTesting } from './testing/open.ts';

/** Uploads under way in this process; each may hold the memory that staging allows it. */
const MAX_UPLOADS = 64;
const MAX_UPLOADS_OF_ACCOUNT = 8;
const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;
const CAPS = { ...DEFAULT_ARCHIVE_CAPS, maxUploadBytes: MAX_UPLOAD_BYTES };

export interface PacksDeps
  extends Pick<RevokeDeps, 'trust' | 'reissueKeyring' | 'treeSize' | 'stateRevocation'> {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: BlobStore;
  readonly staging: Staging;
  readonly cache: DocumentCache;
  readonly policy: PackPolicy;
  readonly authenticate: Authenticate;
  /** Remembers tokens; only for what asks about the token once more in the statement that commits. */
  readonly authenticateUpload: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  /** As it may be remembered. */
  readonly claimOfNamespace: (namespace: string) => Promise<ClaimRow | undefined>;
  /** @throws Fault domain_unproven */
  readonly requireProven: (by: Principal, namespace: string) => Promise<void>;
  /** @throws Fault signature_invalid */
  readonly requireKeyOfHolder: (namespace: string, key: DelegatedKey | undefined) => Promise<void>;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly listKeys: () => Promise<readonly ListedKey[]>;
  readonly listMirroredKeys: () => Promise<readonly MirroredKeyNote[]>;
  readonly mirroredSigners: KeychainDeps['mirroredSigners'];
  readonly append: AppendEvent;
  readonly makeEvent: MakeEvent;
  /** Makes the change visible to readers of every process. */
  readonly announce: (subject: string) => void;
  readonly reissueWithdrawals: () => Promise<void>;
  readonly awaitReceipt: AwaitReceipt;
  readonly findProof: (eventId: string, open: boolean) => Promise<string | 'late'>;
  readonly pace: Pace;
  /** What the discovery document tells of this registry. */
  readonly registryName: string;
  readonly url: () => string;
  /** The log as the newest root names it. */
  readonly log: () => { readonly origin: string; readonly vkey: string };
  /** The profiles of OpenWOP that are kept here. */
  readonly auth: Readonly<Record<string, unknown>>;
  /** Whom to tell of a hole. */
  readonly securityContact: string | undefined;
  /** Whether a catalogue for tests stands beside the real one. */
  readonly testNamespace: boolean;
  /** What a simulated world puts between the steps of a publish. */
  readonly publishing?: ((deps: PublishDeps) => PublishDeps) | undefined;
}

export interface Packs {
  readonly addRoutes: (router: Router) => void;
  /** Tell it the subject of everything that is announced. */
  readonly forget: (subject: string) => void;
  readonly chores: readonly {
    readonly name: string;
    readonly everyMs: number;
    readonly run: () => Promise<unknown>;
  }[];
}

const publishing = (the: PacksDeps) => {
  const deps: PublishDeps = {
    ...the,
    caps: CAPS,
    authenticate: the.authenticateUpload,
    insertVersion: insertVersion(the.sql),
    warningOf: warningOf(the),
    admit: admission({ most: MAX_UPLOADS, mostOfOne: MAX_UPLOADS_OF_ACCOUNT }),
  };
  return publishPack(the.publishing?.(deps) ?? deps);
};

const lifecycle = (the: PacksDeps) => {
  const deps: LifecycleDeps = { ...the, activeAdvisoryOf };
  return {
    yank: yankVersion(deps),
    unyank: unyankVersion(deps),
    deprecate: deprecateVersion(deps),
    undeprecate: undeprecateVersion(deps),
    unpublish: unpublishVersion(deps),
  };
};

const discovery = (the: PacksDeps) =>
  readDiscovery({
    cache: the.cache,
    topics: [KEYS_TOPIC],
    name: the.registryName,
    url: the.url,
    privateRegistry: the.policy.privateRegistry,
    listKeys: the.listKeys,
    listClaims: () => allClaims(the.sql),
    listMirroredKeys: the.listMirroredKeys,
    now: the.now,
    log: the.log,
    auth: the.auth,
    securityContact: the.securityContact,
  });

export const openPacks = (the: PacksDeps): Packs => {
  const reads = { ...the, maxTarballBytes: MAX_UPLOAD_BYTES };
  const testing = openTesting({ ...the, caps: CAPS });
  const derived = openDerived(reads);
  const discover = openDiscover(the);
  const compat = openCompat(the);
  const advisories = openAdvisories(the);
  const keychain = openKeychain({
    ...the,
    requireVisible: (ctx, name) => requireVisible(the, ctx, name),
  });
  return {
    addRoutes: (router) => {
      // Before the addresses of packs: `export` is no name of one.
      discover.addRoutes(router);
      compat.addRoutes(router);
      keychain.addRoutes(router);
      addPackRoutes(router, {
        ...the,
        publish: publishing(the),
        ...lifecycle(the),
        readHistory: readHistory(the),
        readSbom: derived.readSbom,
        readPack: readPack(reads),
        readVersionPart: readVersionPart(reads),
        readDiscovery: discovery(the),
      });
      testing.addRoutes(router);
      advisories.addRoutes(router);
      derived.addRoutes(router);
    },
    forget: (subject) => {
      discover.changed(subject);
      for (const topic of [...packTopicsOf(subject), ...advisoryTopicsOf(subject)]) the.cache.forget(topic);
    },
    chores: [...testing.chores, ...discover.chores],
  };
};
