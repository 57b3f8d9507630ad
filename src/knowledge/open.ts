// Wires the room of knowledge: its addresses and its chores out of what the house gives it. Long, flat and dull.

import type Router from '@koa/router';
import { forgetOutcomes } from '../access/idempotency-store.ts';
import { keyOfPrincipal } from '../access/workforces/principal-store.ts';
import { param } from '../http/reply.ts';
import { eventWithId } from '../transparency/log-store.ts';
import { ABOUT } from './about.ts';
import { acceptContribution } from './accept/accept.ts';
import { chainCommitter } from './accept/acceptance-store.ts';
import { acceptVerified, thenAccept } from './accept/auto-accept.ts';
import { requireSignedDecision } from './accept/believe-decision.ts';
import { takeDecision } from './accept/decisions.ts';
import { situationFinder } from './accept/situation-store.ts';
import { addArchiveRoutes } from './archive/archive-routes.ts';
import { lookAtExport } from './archive/export.ts';
import { importVersion, sweepImports } from './archive/import.ts';
import { addEventRoutes } from './audit/event-routes.ts';
import { readKnowledgeEvent, searchKnowledgeEvents } from './audit/events-search.ts';
import { addBaseRoutes } from './bases/base-routes.ts';
import { basesOf } from './bases/base-store.ts';
import { changePolicy } from './bases/change-policy.ts';
import { listBases, readBase } from './bases/read-base.ts';
import { authoriseNew, registerBase } from './bases/register.ts';
import { holdBase, pauseBase, releaseBase, resumeBase } from './bases/standing.ts';
import { reading } from './calls/asking.ts';
import { expireContributions } from './contributions/expire.ts';
import { proposeContribution } from './contributions/propose.ts';
import { reviseContribution } from './contributions/revise.ts';
import { withdrawContribution } from './contributions/withdraw.ts';
import { createDocumentMemory, type DocumentMemory, openDocument } from './documents/document-body.ts';
import { versionWithDocument } from './documents/document-store.ts';
import { readDocument, takeDocument } from './documents/documents.ts';
import { destroyBytes, eraseDocument, finishErasures } from './documents/erase.ts';
import { erasedIn } from './documents/erase-store.ts';
import { addErasureRoutes } from './documents/erasure-routes.ts';
import { readOutcome } from './events/outcomes.ts';
import { type Ground, ground, type KnowledgeDeps } from './ground.ts';
import { asRecorded, looksOf, replayKinds } from './retrieve/looks.ts';
import { replayRetrieval } from './retrieve/replay.ts';
import { addRetrievalRoutes } from './retrieve/retrieval-routes.ts';
import { entryFinder, findRetrieval } from './retrieve/retrieval-store.ts';
import { retrieve } from './retrieve/retrieve.ts';
import { addContributionRoutes } from './review/contribution-routes.ts';
import { overdueContributions } from './review/contribution-view-store.ts';
import {
  ancestryOfContribution,
  diffContribution,
  eventsOf,
  listContributions,
  readContribution,
} from './review/contribution-views.ts';
import { decideContribution } from './review/decide.ts';
import { evaluateContribution } from './review/evaluate.ts';
import { reviewQueue } from './review/review-queue.ts';
import { verifyContribution } from './review/verify.ts';
import { addViewRoutes } from './review/view-routes.ts';
import { putBlocks } from './versions/block-store.ts';
import { movePointerByHand } from './versions/pointer.ts';
import { addPointerRoutes } from './versions/pointer-routes.ts';
import { pointerHistory, readPointer, resolvePointer } from './versions/read-pointer.ts';
import { requireVersionSignature } from './versions/sign-version.ts';

/** Documents that were read lately, in this process. */
const MEMORY_BYTES = 32 * 1024 * 1024;
const MINUTE_MS = 60 * 1_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** So long a write may be sent again under its key. */
const OUTCOMES_KEPT_MS = 7 * DAY_MS;
const IMPORT_MS = 30 * MINUTE_MS;
/** Well beyond what any import takes. */
const IMPORTS_LEFT_MS = 2 * IMPORT_MS;

export interface Knowledge {
  readonly addRoutes: (router: Router) => void;
  /** Tell it of every event, of this process and of others. */
  readonly notice: (kind: string) => void;
  readonly chores: readonly {
    readonly name: string;
    readonly everyMs: number;
    readonly run: () => Promise<unknown>;
  }[];
}

const addGoverning = (router: Router, the: Ground): void => {
  const { sql } = the;
  addBaseRoutes(router, {
    whoActs: the.whoActs,
    registerBase: registerBase({
      ...the,
      authoriseNew: authoriseNew(the.asking),
      ensureSigner: the.signerFor,
    }),
    listBases: listBases({ ...the, basesOf: (workforce) => basesOf(sql, workforce) }),
    readBase: readBase({ ...the, basesOf: (workforce) => basesOf(sql, workforce) }),
    changePolicy: changePolicy(the),
    pause: pauseBase(the),
    resume: resumeBase(the),
    hold: holdBase(the),
    release: releaseBase(the),
  });
  addPointerRoutes(router, {
    whoActs: the.whoActs,
    movePointer: movePointerByHand(the),
    readPointer: readPointer(the),
    pointerHistory: pointerHistory(the),
    resolvePointer: resolvePointer(the),
  });
};

const addContributing = (
  router: Router,
  the: Ground,
  accept: ReturnType<typeof acceptContribution>,
): void => {
  const auto = { sql: the.sql, accept };
  addContributionRoutes(router, {
    whoActs: the.whoActs,
    propose: proposeContribution(the),
    revise: reviseContribution(the),
    verify: thenAccept(auto, verifyContribution(the)),
    evaluate: thenAccept(auto, evaluateContribution(the)),
    decide: takeDecision({
      ...the,
      authorise: the.authoriseKnown,
      requireSignedDecision: requireSignedDecision({ keyOf: (id) => keyOfPrincipal(the.sql, id) }),
      decide: decideContribution(the),
      accept,
    }),
    withdraw: withdrawContribution(the),
  });
  addViewRoutes(router, {
    whoActs: the.whoActs,
    listContributions: listContributions(the),
    readContribution: readContribution(the),
    diffContribution: diffContribution(the),
    ancestryOfContribution: ancestryOfContribution(the),
    eventsOfContribution: eventsOf(the),
    reviewQueue: reviewQueue(the),
  });
};

const addReading = (router: Router, the: Ground, memory: DocumentMemory): void => {
  const { sql, now, blobs, alarm } = the;
  const open = openDocument({ blobs, memory });
  const looks = looksOf({ db: sql, blocks: the.blocks, findEntry: entryFinder(sql), open });
  const documents = {
    ...the,
    open,
    admit: the.admitUpload,
    destroyErased: destroyBytes({ sql, now, blobs }),
  };
  const retrieving = retrieve({
    authorise: the.authoriseKnown,
    makeEvent: the.make,
    append: the.recordRead,
    alarm,
  });
  const exporting = lookAtExport(the);
  addRetrievalRoutes(router, {
    ...the,
    looks,
    retrieve: retrieving,
    replay: replayRetrieval({
      authorise: the.authorise,
      alarm,
      kinds: { ...replayKinds(looks), export: { verb: 'get', look: asRecorded(exporting) } },
      findRetrieval: (eventId) => findRetrieval(sql, eventId),
      hasErasures: async ({ base }, seq) => (await erasedIn(sql, base, seq)) !== undefined,
    }),
    takeDocument: takeDocument(documents),
    versionWithDocument: (base, document) => versionWithDocument(sql, base, document),
    readDocument: readDocument(documents),
  });
  addArchiveRoutes(router, {
    ...the,
    retrieve: retrieving,
    lookAtExport: exporting,
    importVersion: importVersion({
      ...the,
      makeEvent: the.make,
      putBlocks: (blocks) => putBlocks(sql, blocks),
      verifyVersion: requireVersionSignature(the),
      admit: the.admitImport,
    }),
    importMs: IMPORT_MS,
  });
};

const addAuditing = (router: Router, the: Ground, memory: DocumentMemory): void => {
  const { sql } = the;
  const erase = eraseDocument(the);
  addEventRoutes(router, {
    whoActs: the.whoActs,
    searchEvents: searchKnowledgeEvents(the),
    readEvent: readKnowledgeEvent({ ...the, eventWithId: (id) => eventWithId(sql, id) }),
  });
  addErasureRoutes(router, {
    whoActs: the.whoActs,
    erase: async (attempt, wish) => {
      const written = await erase(attempt, wish);
      memory.forget();
      return written;
    },
  });
  router.get('/knowledge/v1', async (ctx) => {
    ctx.body = ABOUT;
  });
  router.get(
    '/knowledge/v1/outcomes/:key',
    reading(the, (by, ctx) => readOutcome(sql)(by, param(ctx, 'key'))),
  );
};

export const openKnowledge = (deps: KnowledgeDeps): Knowledge => {
  const the = ground(deps);
  const { sql, now } = the;
  const memory = createDocumentMemory(MEMORY_BYTES);
  const accepting = {
    ...the,
    findSituations: situationFinder(sql),
    commitChain: chainCommitter(sql),
    keepBlocks: the.blocks.keep,
  };
  const { awaitReceipt } = the;
  const accept = acceptContribution({ ...(the.accepting?.(accepting) ?? accepting), awaitReceipt });
  const forget = async () => forgetOutcomes(sql, new Date(now().getTime() - OUTCOMES_KEPT_MS));
  const overdue = (at: Date, limit: number) => overdueContributions(sql, at, limit);
  return {
    addRoutes: (router) => {
      addGoverning(router, the);
      addContributing(router, the, accept);
      addReading(router, the, memory);
      addAuditing(router, the, memory);
    },
    // Nothing that was erased is given out; it shall not stay in memory either.
    notice: (kind) => {
      if (kind === 'KnowledgeBaseContentErased') memory.forget();
    },
    chores: [
      { name: 'verified contributions', everyMs: MINUTE_MS, run: acceptVerified({ sql, accept }) },
      { name: 'expired contributions', everyMs: MINUTE_MS, run: expireContributions({ ...the, overdue }) },
      { name: 'erasures', everyMs: MINUTE_MS, run: finishErasures(the) },
      { name: 'imports', everyMs: IMPORT_MS, run: () => sweepImports(the)(IMPORTS_LEFT_MS) },
      { name: 'outcomes', everyMs: DAY_MS / 24, run: forget },
    ],
  };
};
