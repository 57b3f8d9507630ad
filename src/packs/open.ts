// Wires the room of packs: its addresses and its chores out of what the house gives it. Long, flat and dull.

import type Router from '@koa/router';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Staging } from '../../storage/staging.ts';
import { allClaims } from '../access/access-store.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { DelegatedKey, ListedKey } from '../access/delegations.ts';
import { KEYS_TOPIC } from '../access/documents.ts';
import type { Sql } from '../database/connect.ts';
import { admission } from '../http/admission.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import type { Pace } from '../http/steady.ts';
import { DEFAULT_ARCHIVE_CAPS } from '../protocol/tarball.ts';
import type { AppendEvent, MakeEvent } from '../transparency/append.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import { unyankVersion, yankVersion } from './lifecycle/yank.ts';
import { insertVersion } from './pack-store.ts';
import type { PackPolicy } from './policy.ts';
import { type PublishDeps, publishPack } from './publish/publish.ts';
import { readDiscovery } from './read/discovery.ts';
import { packTopicsOf, readPack, readRegistryIndex, readVersionPart } from './read/read.ts';
import { addPackRoutes } from './routes.ts';

/** Uploads under way in this process; each may hold the memory that staging allows it. */
const MAX_UPLOADS = 64;
const MAX_UPLOADS_OF_ACCOUNT = 8;
const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;

export interface PacksDeps {
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
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly listKeys: () => Promise<readonly ListedKey[]>;
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
    caps: { ...DEFAULT_ARCHIVE_CAPS, maxUploadBytes: MAX_UPLOAD_BYTES },
    authenticate: the.authenticateUpload,
    insertVersion: insertVersion(the.sql),
    admit: admission({ most: MAX_UPLOADS, mostOfOne: MAX_UPLOADS_OF_ACCOUNT }),
  };
  return publishPack(the.publishing?.(deps) ?? deps);
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
    log: the.log,
    auth: the.auth,
  });

export const openPacks = (the: PacksDeps): Packs => {
  const reads = { ...the, maxTarballBytes: MAX_UPLOAD_BYTES };
  return {
    addRoutes: (router) => {
      addPackRoutes(router, {
        ...the,
        publish: publishing(the),
        yank: yankVersion(the),
        unyank: unyankVersion(the),
        readPack: readPack(reads),
        readRegistryIndex: readRegistryIndex(reads),
        readVersionPart: readVersionPart(reads),
        readDiscovery: discovery(the),
      });
    },
    forget: (subject) => {
      for (const topic of packTopicsOf(subject)) the.cache.forget(topic);
    },
    chores: [],
  };
};
