// Wires the rooms together: long, flat and dull. Nothing is decided here.
import { chmod, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Router from '@koa/router';
import type { Logger } from 'pino';
import { formatVkey } from '../keys/key.ts';
import { durableDirectories } from '../storage/durable-directories.ts';
import { openBlobStore } from '../storage/open-store.ts';
import { createStaging } from '../storage/staging.ts';
import { allAccounts, tokensOf } from './access/access-store.ts';
import { createAccount, issueToken, revokeToken } from './access/accounts.ts';
import { authenticate, findToken } from './access/authenticate.ts';
import { authorityKeys } from './access/authority-keys.ts';
import { delegateKey } from './access/delegate-key.ts';
import { findDelegatedKey, listKeys } from './access/delegations.ts';
import { KEYS_TOPIC, readIssued, readKey, readRoot, trustTopicsOf } from './access/documents.ts';
import { requireScope } from './access/grants.ts';
import { forgetKeyedRequests, keyedRequests } from './access/idempotency-record-store.ts';
import { KEYRING, reissueKeyring } from './access/keyring.ts';
import { senderOf, tokenOf } from './access/known-sender.ts';
import { claimOf } from './access/namespaces/claim-store.ts';
import { type OpenNamespacesDeps, openNamespaces } from './access/namespaces/open.ts';
import { ensureOperatorToken } from './access/operator-token.ts';
import { draftOf, publishRoot } from './access/publish-root.ts';
import { drawFrom, sweepBuckets } from './access/rate-limit-store.ts';
import { remembering } from './access/remember.ts';
import { revokeKey } from './access/revoke-key.ts';
import { addAccessRoutes } from './access/routes.ts';
import { openAuthoritySecret } from './access/service-keys.ts';
import { sightOf } from './access/sight.ts';
import { keepKeyring, stateRevocation } from './access/state-revocation.ts';
import { holdsToken } from './access/tokens.ts';
import { requireTrueTime } from './access/true-time.ts';
import { establishTrust } from './access/trust.ts';
import { whoActs } from './access/workforces/acting.ts';
import { wireWorkforces } from './access/workforces/open.ts';
import { addWorkforceRoutes } from './access/workforces/routes.ts';
import { startChores } from './chores.ts';
import type { Config } from './config.ts';
import { closeConnection, connect, pingDatabase, type Sql } from './database/connect.ts';
import { startEmbedded } from './database/embedded.ts';
import { migrate } from './database/migrate.ts';
import { isUnavailable } from './database/transaction.ts';
import { admission } from './http/admission.ts';
import { clientAddress } from './http/client-address.ts';
import { createDocumentCache } from './http/document-cache.ts';
import { drainServer, isDraining } from './http/drain.ts';
import { addHealthRoutes } from './http/health.ts';
import { type IdempotencyDeps, idempotency } from './http/idempotency.ts';
import { leasedBuckets } from './http/leased-buckets.ts';
import { rateLimit } from './http/rate-limit.ts';
import { addReferenceRoutes } from './http/reference/routes.ts';
import { createHttpServer } from './http/server.ts';
import type { Pace } from './http/steady.ts';
import { knownBases, leaveToHumans, lockProposalsOf } from './knowledge/contributions/staffing-store.ts';
import { openKnowledge } from './knowledge/open.ts';
import { type AppendRetrieval, retrievalAppender } from './knowledge/retrieve/retrieval-store.ts';
import { reissueWithdrawals, WITHDRAWALS } from './packs/lifecycle/withdrawals.ts';
import { openPacks, type PacksDeps } from './packs/open.ts';
import { namespaceInUse } from './packs/pack-store.ts';
import { appendEvent, makeEvent } from './transparency/append.ts';
import { auditAdvert, openAuditKey } from './transparency/audit-chain/key.ts';
import { mintCheckpoints } from './transparency/audit-chain/mint.ts';
import { addAuditRoutes } from './transparency/audit-chain/routes.ts';
import { verifyAudit } from './transparency/audit-chain/verify.ts';
import { readEvents } from './transparency/events.ts';
import { followEvents } from './transparency/follow.ts';
import { HEAD_TOPIC, readCheckpoint, readLogPath } from './transparency/log-documents.ts';
import { createLogNodes } from './transparency/log-nodes.ts';
import { oldestUnsealed } from './transparency/log-store.ts';
import { putLogObject, readEntries, readTile } from './transparency/log-tiles.ts';
import { openLog } from './transparency/open-log.ts';
import { publishHead } from './transparency/publish-head.ts';
import { awaitReceipt, findProof, findReceipt } from './transparency/receipts.ts';
import { addLogRoutes } from './transparency/routes.ts';
import { requireSealing } from './transparency/seal-lag.ts';
import { type SealSteps, startSealer } from './transparency/sealer.ts';
import { isSignedByUs, signHead } from './transparency/sign-head.ts';
import { watchLog } from './transparency/watch.ts';
import { followCosignatures, readWitnessed, withCosignatures } from './transparency/witness/cosignatures.ts';
import { askWitness } from './transparency/witness/exchange.ts';
import { addWitnessRoutes } from './transparency/witness/routes.ts';
import { askWitnesses } from './transparency/witness/witnesses.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const OPENAPI = fileURLToPath(new URL('../openapi', import.meta.url));
const CACHE_BYTES = 64 * 1024 * 1024;
/** Larger uploads wait on disk. */
const STAGED_IN_MEMORY = 256 * 1024;
/** Uploads under way in this process; each may hold the memory that staging allows it. */
const MAX_UPLOADS = 64;
const MAX_UPLOADS_OF_ACCOUNT = 8;
const UPLOAD_PACE: Pace = { graceMs: 10_000, bytesPerSecond: 16 * 1024 };
/** Each takes much of the disk and of the database for minutes. */
const MAX_ARCHIVES = 4;
const MAX_ARCHIVES_OF_ACCOUNT = 2;
const FRESHNESS_CHECK_MS = 1_000;
const SEAL_WAIT_MS = 5_000;
const KEYRING_CHECK_MS = 60 * 1_000;
const SWEEP_MS = 60 * 60 * 1_000;
const AUDIT_MS = 60 * 1_000;
const WITNESS_MS = 5_000;
const LEASE_MS = 30_000;
const FORGET_MS = 10 * 60 * 1_000;
const WITNESS_TIMEOUT_MS = 5_000;

/** What a simulated world may put in the place of the real one. */
export interface Overrides {
  /** Where it is given, nobody holds it against the clock of the database. */
  readonly now?: () => Date;
  readonly publishing?: PacksDeps['publishing'];
  readonly sealing?: (steps: SealSteps) => SealSteps;
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
  /** Lets what is under way be answered, and nothing new begin; milliseconds it may take at most. */
  drain(mostMs: number): Promise<void>;
  /** Ends the background work and lets go of database and embedded server; the HTTP server is closed before. */
  close(): Promise<void>;
}

const openDatabase = async (
  config: Config,
  log: Logger,
): Promise<{ url: string; stop: () => Promise<void> }> => {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, stop: async () => undefined };
  const say = (line: string) => log.info({ part: 'embedded database' }, line);
  return startEmbedded({ dataDir: join(config.dataDir, 'postgres'), say });
};

/** Each is tried, whatever became of those before it; the first failure is thrown at the end. */
const inOrder = async (steps: readonly (() => Promise<unknown>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
};

const listeningUrl = (server: Server, host: string): string => {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** A folder that was there before is somebody's own: its mode is left as it is. */
const makeFolder = async (path: string, mode: number): Promise<void> => {
  const isNew = await stat(path).then(
    () => false,
    () => true,
  );
  await durableDirectories(path).ensure(path);
  if (isNew) await chmod(path, mode);
};

/** Others may pass through to the embedded database, which another account runs where root starts it, but see nothing. */
const makeDataFolders = async (dataDir: string): Promise<void> => {
  await makeFolder(dataDir, 0o711);
  for (const name of ['blobs', 'staging']) await makeFolder(join(dataDir, name), 0o700);
};

/** Opens everything and makes the server, which does not listen yet. */
export const compose = async (config: Config, log: Logger, overrides: Overrides = {}): Promise<Registry> => {
  await makeDataFolders(config.dataDir);
  const database = await openDatabase(config, log);
  const sql = connect({ url: database.url });
  try {
    await migrate(sql, MIGRATIONS);
    return await wire(config, log, overrides, sql, database.stop);
  } catch (error) {
    await closeConnection(sql);
    await database.stop();
    throw error;
  }
};

const wire = async (
  config: Config,
  log: Logger,
  overrides: Overrides,
  sql: Sql,
  stopDatabase: () => Promise<void>,
): Promise<Registry> => {
  const now = overrides.now ?? (() => new Date());
  const privateRegistry = config.mode === 'private';
  const { protocolTypeIds } = config;
  const policy = { privateRegistry, allowUnsigned: config.allowUnsigned, protocolTypeIds };
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
  const append = appendEvent({ now });
  const cache = createDocumentCache(CACHE_BYTES);
  const keysInUse = remembering(findDelegatedKey(sql));
  const tokens = remembering(findToken(sql));
  const claims = remembering((namespace) => claimOf(sql, namespace));
  let followRoot = (): void => undefined;
  let noticeKnowledge = (_kind: string): void => undefined;
  let forgetPrincipals = (_subject: string): void => undefined;
  let forgetPacks = (_subject: string): void => undefined;
  const forget = (subject: string): void => {
    if (subject.startsWith('token:')) tokens.forget();
    if (subject.startsWith('key:')) keysInUse.forget();
    if (subject.startsWith('root:')) followRoot();
    if (subject.startsWith('namespace:')) claims.forget();
    forgetPrincipals(subject);
    forgetPacks(subject);
    for (const topic of trustTopicsOf(subject)) cache.forget(topic);
  };
  const watch = await watchLog(sql, () => cache.forget(HEAD_TOPIC));
  const treeSize = async (): Promise<number> => (await watch.newestHead())?.size ?? 0;
  let wakeSealer = (): void => undefined;
  const follower = await followEvents({
    sql,
    onEvent: (event) => {
      forget(event.subject);
      noticeKnowledge(event.kind);
    },
    onRing: () => wakeSealer(),
    checkEveryMs: overrides.freshnessCheckMs ?? FRESHNESS_CHECK_MS,
  });
  const announce = (subject: string): void => {
    forget(subject);
    wakeSealer();
    follower.ring();
  };
  const keyFolder = join(config.dataDir, 'keys');
  const trust = await establishTrust({
    sql,
    now,
    requireTrueTime: overrides.now === undefined ? requireTrueTime({ sql, now }) : async () => undefined,
    keyFolder,
    origin: config.publicUrl?.replace(/^https?:\/\//, ''),
    append,
    warn: (sentence) => log.warn(sentence),
  });
  followRoot = () =>
    void trust
      .refresh()
      .then(() => cache.forget(KEYS_TOPIC))
      .catch((error: unknown) => log.error({ err: error }, 'the root cannot be followed'));
  // What was published before there was anyone to follow it.
  followRoot();
  const issuing = { sql, now, trust, treeSize, known: new Map() };
  const reissue = reissueKeyring(issuing);
  const reissueWithdrawn = reissueWithdrawals(issuing);
  const stateRevoked = stateRevocation({ sql, trust, sealedPosition: watch.positionOf });
  const keep = keepKeyring({ sql, stateRevocation: stateRevoked, reissueKeyring: reissue });
  await keep().catch((error: unknown) => log.error({ err: error }, 'the keyring could not be reissued'));
  await reissueWithdrawn().catch((error: unknown) =>
    log.error({ err: error }, 'the list of withdrawn versions could not be reissued'),
  );
  await ensureOperatorToken({ sql, now, append, announce }, join(config.dataDir, 'admin-token'));

  const tiles = { sql, blobs };
  const nodes = createLogNodes(readTile(tiles));
  const headSigner = { vkey: () => trust.root().log.vkey, sign: trust.log.sign };
  const sealer = startSealer({
    sql,
    open: (session) =>
      openLog({
        session,
        ...tiles,
        readTile: readTile(tiles),
        now,
        sign: signHead(headSigner),
        isOurs: isSignedByUs(headSigner),
      }),
    vkey: headSigner.vkey,
    steps: {
      now,
      putObject: putLogObject(blobs),
      sign: signHead(headSigner),
      announce: (batch) => {
        nodes.remember(0, batch.from.size, batch.leafHashes);
        watch.sealed(batch);
      },
    },
    publish: publishHead(blobs),
    replaceSteps: overrides.sealing,
    onTrouble: (error) => log.error({ err: error }, 'sealing stopped; it is tried again'),
  });
  wakeSealer = sealer.wake;
  await sealer.opened.catch(async (error: unknown) => {
    await inOrder([follower.stop, sealer.stop, watch.stop]);
    throw error;
  });
  const stopCosigned = await followCosignatures(sql, () => cache.forget(HEAD_TOPIC));
  const auditKey = await openAuditKey(sql, keyFolder, (sentence) => log.warn(sentence));
  const auditing = { sql, now, newestHead: watch.newestHead, readTile: readTile(tiles) };
  const receipts = { sql, nodes, watch, waitMs: overrides.sealWaitMs ?? SEAL_WAIT_MS };

  const asks = authenticate({ findToken: findToken(sql), now });
  const access = {
    sql,
    now,
    append,
    announce,
    holderOfNamespace: async (namespace: string) => (await claims.find(namespace))?.account,
  };
  const namespaces = openNamespaces({
    ...access,
    privateRegistry,
    isUsed: namespaceInUse(sql),
    proofRule: config.vendorDomainProof,
    origin: () => trust.root().log.origin,
    claimOf: claims.find,
    prover: overrides.prover,
  });
  const delegations = { ...access, trust, reissueKeyring: reissue };
  const workforces = wireWorkforces({
    ...access,
    authenticate: asks,
    knownBases: (ids) => knownBases(sql, ids),
    proposals: { lock: lockProposalsOf, leaveToHumans },
  });
  forgetPrincipals = workforces.forget;
  // Remembered, since every statement that commits, a read's too, asks about token and principal once more.
  const asksFast = authenticate({ findToken: tokens.find, now });
  const acting = whoActs({
    authenticate: asksFast,
    principalsOf: workforces.principalsOf,
  });
  const knowledge = openKnowledge({
    sql,
    now,
    blobs,
    staging,
    whoActs: acting,
    makeEvent: makeEvent({ now }),
    awaitReceipt: awaitReceipt(receipts),
    findProof: findProof(receipts),
    logSize: treeSize,
    announce,
    signerFor: authorityKeys({
      ...delegations,
      openSecret: () => openAuthoritySecret(keyFolder),
      delegatedKey: keysInUse.find,
    }),
    delegatedKey: keysInUse.find,
    alarm: (sentence, evidence) => log.error(evidence, sentence),
    recordRead: overrides.recordRead?.(retrievalAppender(sql)) ?? retrievalAppender(sql),
    admitUpload: admission({ most: MAX_UPLOADS, mostOfOne: MAX_UPLOADS_OF_ACCOUNT }),
    admitImport: admission({ most: MAX_ARCHIVES, mostOfOne: MAX_ARCHIVES_OF_ACCOUNT }),
    admitExport: admission({ most: MAX_ARCHIVES, mostOfOne: MAX_ARCHIVES_OF_ACCOUNT }),
    pace: overrides.uploadPace ?? UPLOAD_PACE,
  });
  noticeKnowledge = knowledge.notice;

  const url = (): string => config.publicUrl ?? listeningUrl(server, config.host);
  const keyList = listKeys({ sql, now });
  const packs = openPacks({
    ...access,
    blobs,
    staging,
    cache,
    policy,
    authenticate: asks,
    authenticateUpload: asksFast,
    delegatedKey: keysInUse.find,
    claimOfNamespace: claims.find,
    requireProven: namespaces.requireProven,
    requireKeyOfHolder: namespaces.requireKeyOfHolder,
    listKeys: keyList,
    makeEvent: makeEvent({ now }),
    reissueWithdrawals: reissueWithdrawn,
    trust,
    reissueKeyring: reissue,
    treeSize,
    stateRevocation: stateRevoked,
    awaitReceipt: awaitReceipt(receipts),
    findProof: findProof(receipts),
    pace: overrides.uploadPace ?? UPLOAD_PACE,
    registryName: config.registryName,
    url,
    log: () => ({ origin: trust.root().log.origin, vkey: formatVkey(trust.root().log.vkey) }),
    auth: auditAdvert(auditKey.publicKey),
    testNamespace: config.testNamespace,
    securityContact: config.securityContact,
    publishing: overrides.publishing,
  });
  forgetPacks = packs.forget;

  const router = new Router({ sensitive: true, strict: true });
  addHealthRoutes(
    router,
    {
      database: () => pingDatabase(sql),
      blobs: () => blobs.ping(),
      log: requireSealing({ now, oldestUnsealed: oldestUnsealed(sql), trouble: sealer.trouble }),
    },
    () => isDraining(server),
  );
  const logReads = {
    cache,
    watch,
    readTile: readTile(tiles),
    readEntries: readEntries(tiles),
    withCosignatures: withCosignatures(sql),
  };
  addLogRoutes(router, {
    readCheckpoint: readCheckpoint(logReads),
    readLogPath: readLogPath(logReads),
    findReceipt: findReceipt(receipts),
    readEvents: readEvents({ sql, watch }),
    mayAudit: async (authorization) => sightOf(await asks(authorization)),
  });
  addWitnessRoutes(router, {
    readWitnessed: readWitnessed({ sql, cache, isOurs: isSignedByUs(headSigner) }),
  });
  addAuditRoutes(router, {
    requireAuditor: async (authorization) => requireScope(await asks(authorization), 'audit:read'),
    verifyAudit: verifyAudit({ ...auditing, publicKey: auditKey.publicKey }),
  });
  addAccessRoutes(router, {
    authenticate: asks,
    createAccount: createAccount(access),
    listAccounts: () => allAccounts(sql),
    issueToken: issueToken(access),
    listTokens: (account) => tokensOf(sql, account),
    revokeToken: revokeToken(access),
    namespaces,
    delegateKey: delegateKey(delegations),
    revokeKey: revokeKey({ ...delegations, treeSize, stateRevocation: stateRevoked }),
    publishRoot: publishRoot({
      ...access,
      trust,
      lists: [draftOf(issuing, KEYRING), draftOf(issuing, WITHDRAWALS)],
      keyFolder,
    }),
    listKeys: keyList,
    readKey: readKey({ sql, cache }),
    readRoot: readRoot({ sql, cache }),
    readKeyring: readIssued({ sql }, 'keyrings'),
    readWithdrawals: readIssued({ sql }, 'withdrawals'),
  });
  addWorkforceRoutes(router, workforces.routes);
  knowledge.addRoutes(router);
  packs.addRoutes(router);
  addReferenceRoutes(router, OPENAPI);

  const limits =
    config.rateLimits === 'off'
      ? []
      : [
          rateLimit({
            limits: config.rateLimits,
            addressOf: clientAddress(config.trustedProxies),
            tokenOf: tokenOf(asksFast),
            buckets: leasedBuckets(drawFrom(sql)),
          }),
        ];
  const onlyOnce = idempotency({
    whoSends: senderOf(asks),
    requests: keyedRequests(sql),
    // The room of knowledge keeps its own in the transaction of the write.
    covers: (path) => !path.startsWith('/knowledge/'),
    isSecret: holdsToken,
    onTrouble: (error) => log.warn({ err: error }, 'the outcome of a write with a key is not kept'),
    leaseMs: LEASE_MS,
    ...overrides.keyedWrites,
  });
  const server = createHttpServer({
    router,
    ready: cache.ready,
    log,
    isUnavailable,
    gates: [...limits, onlyOnce],
    jsonPace: overrides.uploadPace,
  });
  const witnessing = askWitnesses({
    ...auditing,
    witnesses: config.witnesses,
    ask: askWitness(WITNESS_TIMEOUT_MS),
    log: { warn: (about, line) => log.warn(about, line), error: (about, line) => log.error(about, line) },
  });
  const stopChores = startChores(
    [
      { name: 'root', everyMs: KEYRING_CHECK_MS, run: trust.refresh },
      { name: 'keyring', everyMs: KEYRING_CHECK_MS, run: keep },
      { name: 'withdrawals', everyMs: KEYRING_CHECK_MS, run: reissueWithdrawn },
      // Keys grow old without an event.
      { name: 'key list', everyMs: KEYRING_CHECK_MS, run: async () => cache.forget(KEYS_TOPIC) },
      { name: 'names', everyMs: SWEEP_MS, run: namespaces.indexNames },
      { name: 'sweep', everyMs: SWEEP_MS, run: () => staging.sweep(SWEEP_MS) },
      { name: 'keyed writes', everyMs: FORGET_MS, run: () => forgetKeyedRequests(sql) },
      { name: 'rate limits', everyMs: FORGET_MS, run: () => sweepBuckets(sql) },
      { name: 'audit', everyMs: AUDIT_MS, run: mintCheckpoints({ ...auditing, signer: auditKey.signer }) },
      { name: 'witnesses', everyMs: WITNESS_MS, run: witnessing },
      ...packs.chores,
      ...knowledge.chores,
    ],
    log,
  );
  return {
    server,
    url,
    drain: (mostMs) => drainServer(server, mostMs),
    close: () =>
      inOrder([
        stopChores,
        follower.stop,
        sealer.stop,
        watch.stop,
        stopCosigned,
        () => closeConnection(sql),
        stopDatabase,
      ]),
  };
};
