// Wires the rooms together: long, flat and dull. Nothing is decided here.
import type { Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Router from '@koa/router';
import type { Logger } from 'pino';
import { makeDataFolders } from '../storage/data-folders.ts';
import { inOrder } from '../storage/in-order.ts';
import { openBlobStore } from '../storage/open-store.ts';
import { createStaging } from '../storage/staging.ts';
import type { OpenNamespacesDeps } from './access/namespaces/open.ts';
import { openAccess } from './access/open.ts';
import { draftOf } from './access/publish-root.ts';
import { startChores } from './chores.ts';
import type { Config } from './config.ts';
import { closeConnection, connect, pingDatabase, type Sql } from './database/connect.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open.ts';
import { isUnavailable } from './database/transaction.ts';
import { admission } from './http/admission.ts';
import { createDocumentCache } from './http/document-cache.ts';
import { drainServer, isDraining } from './http/drain.ts';
import { addHealthRoutes } from './http/health.ts';
import type { IdempotencyDeps } from './http/idempotency.ts';
import { listeningUrl } from './http/listening-url.ts';
import { addReferenceRoutes } from './http/reference/routes.ts';
import { createHttpServer } from './http/server.ts';
import type { Pace } from './http/steady.ts';
import { knownBases, leaveToHumans, lockProposalsOf } from './knowledge/contributions/staffing-store.ts';
import type { KnowledgeDeps } from './knowledge/ground.ts';
import { openKnowledge } from './knowledge/open.ts';
import { type AppendRetrieval, retrievalAppender } from './knowledge/retrieve/retrieval-store.ts';
import { mirroredKeyPem, mirroredKeys, mirroredSigners } from './mirror/key-store.ts';
import { type MirrorRoomDeps, openMirror } from './mirror/open.ts';
import { activeAdvisoryOf, warningOf } from './packs/advisories/yanks.ts';
import { reissueWithdrawals, WITHDRAWALS } from './packs/lifecycle/withdrawals.ts';
import { openPacks, type PacksDeps } from './packs/open.ts';
import { namespaceInUse } from './packs/pack-store.ts';
import { appendEvent, makeEvent } from './transparency/append.ts';
import { followLog, openTransparency } from './transparency/open.ts';
import type { SealSteps } from './transparency/sealer.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const OPENAPI = fileURLToPath(new URL('../openapi', import.meta.url));
const CACHE_BYTES = 64 * 1024 * 1024;
/** Larger uploads wait on disk. */
const STAGED_IN_MEMORY = 256 * 1024;
/** Uploads under way in this process; each may hold the memory that staging allows it. */
const UPLOADS = { most: 64, mostOfOne: 8 };
const UPLOAD_PACE: Pace = { graceMs: 10_000, bytesPerSecond: 16 * 1024 };
/** Each takes much of the disk and of the database for minutes. */
const ARCHIVES = { most: 4, mostOfOne: 2 };
const SWEEP_MS = 60 * 60 * 1_000;

/** What a simulated world may put in the place of the real one. */
export interface Overrides {
  /** Where it is given, nobody holds it against the clock of the database. */
  readonly now?: () => Date;
  readonly publishing?: PacksDeps['publishing'];
  readonly sealing?: (steps: SealSteps) => SealSteps;
  readonly accepting?: KnowledgeDeps['accepting'];
  /** How much one sync of an upstream may cost, and what stands between its steps. */
  readonly mirrorLimits?: MirrorRoomDeps['limits'];
  readonly mirroring?: MirrorRoomDeps['mirroring'];
  /** How domains are asked what they show. */
  readonly prover?: OpenNamespacesDeps['prover'];
  /** How a read of a knowledge base is recorded. */
  readonly recordRead?: (append: AppendRetrieval) => AppendRetrieval;
  /** How long a writer waits for the seal; milliseconds. */
  readonly sealWaitMs?: number;
  readonly freshnessCheckMs?: number;
  readonly uploadPace?: Pace;
  /** What a simulated world changes about how writes with a key are carried out once. */
  readonly keyedWrites?: Partial<IdempotencyDeps>;
}

export interface Registry {
  readonly server: Server;
  /** Where clients find it: the configured public address, or the one it listens on. */
  url(): string;
  /** Where it listens in truth; clients may reach it elsewhere. */
  listeningAt(): string;
  /** Lets what is under way be answered, and nothing new begin; milliseconds it may take at most. */
  drain(mostMs: number): Promise<void>;
  /** Ends the background work and lets go of database and embedded server; the HTTP server is closed before. */
  close(): Promise<void>;
}

/** Opens everything and makes the server, which does not listen yet. */
export const compose = async (config: Config, log: Logger, overrides: Overrides = {}): Promise<Registry> => {
  await makeDataFolders(config.dataDir);
  const database = await openDatabase(config, (line) => log.info({ part: 'embedded database' }, line));
  const sql = connect({ url: database.url });
  try {
    await migrate(sql, MIGRATIONS);
    const registry = await wire(config, log, overrides, sql);
    return { ...registry, close: () => inOrder([registry.close, database.stop]) };
  } catch (error) {
    await closeConnection(sql);
    await database.stop();
    throw error;
  }
};

/** What it returns closes all but the database's own server. */
const wire = async (config: Config, log: Logger, overrides: Overrides, sql: Sql): Promise<Registry> => {
  const now = overrides.now ?? (() => new Date());
  const { allowUnsigned, protocolTypeIds } = config;
  const policy = { privateRegistry: config.mode === 'private', allowUnsigned, protocolTypeIds };
  if (config.testNamespace)
    log.warn(
      'ATTESTRY_TEST_NAMESPACE is on: whoever has packs:publish may publish unsigned test packs, apart from all others',
    );
  const blobs = await openBlobStore(config.blobUrl);
  await blobs.ping();
  const staging = createStaging({
    directory: join(config.dataDir, 'staging'),
    memoryBytes: STAGED_IN_MEMORY,
  });
  const cache = createDocumentCache(CACHE_BYTES);
  let forget = (_subject: string): void => undefined;
  let noticeKnowledge = (_kind: string): void => undefined;
  const followed = await followLog({
    sql,
    cache,
    onEvent: ({ subject, kind }) => {
      forget(subject);
      noticeKnowledge(kind);
    },
    checkEveryMs: overrides.freshnessCheckMs,
  });
  const announce = (subject: string): void => {
    forget(subject);
    followed.ring();
  };
  const house = {
    sql,
    now,
    blobs,
    staging,
    cache,
    append: appendEvent({ now }),
    makeEvent: makeEvent({ now }),
    announce,
    treeSize: followed.treeSize,
    keyFolder: join(config.dataDir, 'keys'),
    pace: overrides.uploadPace ?? UPLOAD_PACE,
  };
  const access = await openAccess({
    ...house,
    log,
    dataDir: config.dataDir,
    publicUrl: config.publicUrl,
    isSimulated: overrides.now !== undefined,
    sealedPosition: followed.watch.positionOf,
    privateRegistry: policy.privateRegistry,
    isUsed: namespaceInUse(sql),
    proofRule: config.vendorDomainProof,
    prover: overrides.prover,
    knownBases: (ids) => knownBases(sql, ids),
    proposals: { lock: lockProposalsOf, leaveToHumans },
    mirroredKey: (keyId) => mirroredKeyPem(sql, keyId),
    reissueWithdrawals,
    draftWithdrawals: (issuing) => draftOf(issuing, WITHDRAWALS),
  });
  forget = access.forget;
  await access.begin();
  const transparency = await openTransparency({
    ...house,
    ...access,
    log,
    followed,
    witnesses: config.witnesses,
    sealWaitMs: overrides.sealWaitMs,
    replaceSteps: overrides.sealing,
  });
  const rooms = { ...house, ...access, ...transparency };
  const knowledge = openKnowledge({
    ...rooms,
    logSize: followed.treeSize,
    alarm: (sentence, evidence) => log.error(evidence, sentence),
    recordRead: overrides.recordRead?.(retrievalAppender(sql)) ?? retrievalAppender(sql),
    accepting: overrides.accepting,
    admitUpload: admission(UPLOADS),
    admitImport: admission(ARCHIVES),
    admitExport: admission(ARCHIVES),
  });
  noticeKnowledge = knowledge.notice;

  const listeningAt = (): string => listeningUrl(server, config.host);
  const url = (): string => config.publicUrl ?? listeningAt();
  const packs = openPacks({
    ...rooms,
    policy,
    authenticateUpload: access.authenticateFast,
    listMirroredKeys: () => mirroredKeys(sql),
    mirroredSigners: (keyIds) => mirroredSigners(sql, keyIds),
    registryName: config.registryName,
    url,
    log: access.namedLog,
    auth: transparency.auditAdvert,
    testNamespace: config.testNamespace,
    securityContact: config.securityContact,
    publishing: overrides.publishing,
  });
  forget = (subject) => {
    access.forget(subject);
    packs.forget(subject);
  };
  const mirror = openMirror({
    ...rooms,
    log,
    warningOf: warningOf({ sql, url }),
    activeAdvisoryOf,
    url,
    allowPrivate: config.allowPrivateAddresses,
    limits: overrides.mirrorLimits,
    mirroring: overrides.mirroring,
  });

  const router = new Router({ sensitive: true, strict: true });
  const parts = {
    database: () => pingDatabase(sql),
    blobs: () => blobs.ping(),
    log: transparency.requireSealing,
  };
  addHealthRoutes(router, parts, () => isDraining(server));
  for (const room of [transparency, access, knowledge, packs, mirror]) room.addRoutes(router);
  addReferenceRoutes(router, OPENAPI, config.registryName);

  const server = createHttpServer({
    router,
    ready: cache.ready,
    log,
    isUnavailable,
    gates: access.gates({ ...config, keyedWrites: overrides.keyedWrites }),
    jsonPace: overrides.uploadPace,
  });
  const stopChores = startChores(
    [
      ...access.chores,
      { name: 'sweep', everyMs: SWEEP_MS, run: () => staging.sweep(SWEEP_MS) },
      ...transparency.chores,
      ...packs.chores,
      ...mirror.chores,
      ...knowledge.chores,
    ],
    log,
  );
  return {
    server,
    url,
    listeningAt,
    drain: (mostMs) => drainServer(server, mostMs),
    close: () => inOrder([stopChores, mirror.stop, ...transparency.stops, () => closeConnection(sql)]),
  };
};
