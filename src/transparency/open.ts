// Wires the log: how it is followed, sealed, proved, audited and witnessed, and its addresses. Long, flat and dull.
import type Router from '@koa/router';
import type { Logger } from 'pino';
import type { BlobStore } from '../../storage/blob-store.ts';
import { inOrder } from '../../storage/in-order.ts';
import type { Sql } from '../database/connect.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import { auditAdvert, openAuditKey } from './audit-chain/key.ts';
import { mintCheckpoints } from './audit-chain/mint.ts';
import { type AuditRoutesDeps, addAuditRoutes } from './audit-chain/routes.ts';
import { verifyAudit } from './audit-chain/verify.ts';
import { readEvents } from './events.ts';
import { type FollowDeps, followEvents } from './follow.ts';
import { HEAD_TOPIC, readCheckpoint, readLogPath } from './log-documents.ts';
import { createLogNodes } from './log-nodes.ts';
import { oldestUnsealed } from './log-store.ts';
import { putLogObject, readEntries, readTile } from './log-tiles.ts';
import { openLog } from './open-log.ts';
import { publishHead } from './publish-head.ts';
import { awaitReceipt, findProof, findReceipt } from './receipts.ts';
import { addLogRoutes, type LogRoutesDeps } from './routes.ts';
import { requireSealing } from './seal-lag.ts';
import { type SealSteps, startSealer } from './sealer.ts';
import { type HeadSignerDeps, isSignedByUs, signHead } from './sign-head.ts';
import { watchLog } from './watch.ts';
import { followCosignatures, readWitnessed, withCosignatures } from './witness/cosignatures.ts';
import { askWitness } from './witness/exchange.ts';
import { addWitnessRoutes } from './witness/routes.ts';
import { askWitnesses, type WitnessDeps } from './witness/witnesses.ts';

const FRESHNESS_CHECK_MS = 1_000;
const SEAL_WAIT_MS = 5_000;
const AUDIT_MS = 60 * 1_000;
const WITNESS_MS = 5_000;
const WITNESS_TIMEOUT_MS = 5_000;

export interface FollowLogDeps extends Pick<FollowDeps, 'sql' | 'onEvent'> {
  readonly cache: DocumentCache;
  readonly checkEveryMs: number | undefined;
}

/** Begins to follow what every process commits and seals: needed before anybody can sign for this one. */
export const followLog = async ({ sql, cache, onEvent, checkEveryMs }: FollowLogDeps) => {
  const watch = await watchLog(sql, () => cache.forget(HEAD_TOPIC));
  const sealing = { wake: (): void => undefined };
  const follower = await followEvents({
    sql,
    onEvent,
    onRing: () => sealing.wake(),
    checkEveryMs: checkEveryMs ?? FRESHNESS_CHECK_MS,
  });
  return {
    watch,
    follower,
    sealing,
    /** How many leaves the log has. */
    treeSize: async (): Promise<number> => (await watch.newestHead())?.size ?? 0,
    /** Something was committed here. */
    ring: (): void => {
      sealing.wake();
      follower.ring();
    },
  };
};

export interface TransparencyDeps
  extends Pick<LogRoutesDeps, 'mayAudit'>,
    Pick<AuditRoutesDeps, 'requireAuditor'>,
    Pick<WitnessDeps, 'witnesses'> {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: BlobStore;
  readonly cache: DocumentCache;
  readonly log: Logger;
  readonly followed: Awaited<ReturnType<typeof followLog>>;
  readonly headSigner: HeadSignerDeps;
  readonly keyFolder: string;
  /** How long a writer waits for the seal; milliseconds. */
  readonly sealWaitMs: number | undefined;
  readonly replaceSteps: ((steps: SealSteps) => SealSteps) | undefined;
}

const seal = (the: TransparencyDeps, nodes: ReturnType<typeof createLogNodes>) => {
  const { sql, now, blobs, headSigner, followed } = the;
  const tiles = { sql, blobs };
  const sign = signHead(headSigner);
  const sealer = startSealer({
    sql,
    open: (session) =>
      openLog({
        session,
        ...tiles,
        readTile: readTile(tiles),
        now,
        sign,
        isOurs: isSignedByUs(headSigner),
      }),
    vkey: headSigner.vkey,
    steps: {
      now,
      putObject: putLogObject(blobs),
      sign,
      announce: (batch) => {
        nodes.remember(0, batch.from.size, batch.leafHashes);
        followed.watch.sealed(batch);
      },
    },
    publish: publishHead(blobs),
    replaceSteps: the.replaceSteps,
    onTrouble: (error) => the.log.error({ err: error }, 'sealing stopped; it is tried again'),
  });
  followed.sealing.wake = sealer.wake;
  return sealer;
};

const reads = ({ sql, blobs, cache, followed: { watch } }: TransparencyDeps) => ({
  cache,
  watch,
  readTile: readTile({ sql, blobs }),
  readEntries: readEntries({ sql, blobs }),
  withCosignatures: withCosignatures(sql),
});

export const openTransparency = async (the: TransparencyDeps) => {
  const { sql, now, blobs, cache, log } = the;
  const { watch, follower } = the.followed;
  const nodes = createLogNodes(readTile({ sql, blobs }));
  const sealer = seal(the, nodes);
  const stops = [follower.stop, sealer.stop, watch.stop];
  await sealer.opened.catch(async (error: unknown) => {
    await inOrder(stops);
    throw error;
  });
  const stopCosigned = await followCosignatures(sql, () => cache.forget(HEAD_TOPIC));
  const auditKey = await openAuditKey(sql, the.keyFolder, (sentence) => log.warn(sentence));
  const auditing = { sql, now, newestHead: watch.newestHead, readTile: readTile({ sql, blobs }) };
  const receipts = { sql, nodes, watch, waitMs: the.sealWaitMs ?? SEAL_WAIT_MS };
  const witnessing = askWitnesses({
    ...auditing,
    witnesses: the.witnesses,
    ask: askWitness(WITNESS_TIMEOUT_MS),
    log: { warn: (about, line) => log.warn(about, line), error: (about, line) => log.error(about, line) },
  });
  return {
    awaitReceipt: awaitReceipt(receipts),
    findProof: findProof(receipts),
    /** What the discovery document says of it. */
    auditAdvert: auditAdvert(auditKey.publicKey),
    requireSealing: requireSealing({ now, oldestUnsealed: oldestUnsealed(sql), trouble: sealer.trouble }),
    addRoutes: (router: Router): void => {
      const logReads = reads(the);
      addLogRoutes(router, {
        readCheckpoint: readCheckpoint(logReads),
        readLogPath: readLogPath(logReads),
        findReceipt: findReceipt(receipts),
        readEvents: readEvents({ sql, watch }),
        mayAudit: the.mayAudit,
      });
      addWitnessRoutes(router, {
        readWitnessed: readWitnessed({ sql, cache, isOurs: isSignedByUs(the.headSigner) }),
      });
      addAuditRoutes(router, {
        requireAuditor: the.requireAuditor,
        verifyAudit: verifyAudit({ ...auditing, publicKey: auditKey.publicKey }),
      });
    },
    chores: [
      { name: 'audit', everyMs: AUDIT_MS, run: mintCheckpoints({ ...auditing, signer: auditKey.signer }) },
      { name: 'witnesses', everyMs: WITNESS_MS, run: witnessing },
    ],
    /** One after the other: nobody follows what is not sealed any more. */
    stops: [...stops, stopCosigned],
  };
};
