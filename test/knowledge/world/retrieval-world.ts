// A base whose versions are read over HTTP: the routes of retrieval and of documents on the world of bases.

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Router from '@koa/router';
import { admission } from '../../../src/http/admission.ts';
import type { Pace } from '../../../src/http/steady.ts';
import { lookAtExport } from '../../../src/knowledge/archive/export.ts';
import {
  createDocumentMemory,
  type DocumentMemory,
  openDocument,
} from '../../../src/knowledge/documents/document-body.ts';
import { versionWithDocument } from '../../../src/knowledge/documents/document-store.ts';
import { readDocument, takeDocument } from '../../../src/knowledge/documents/documents.ts';
import { destroyBytes } from '../../../src/knowledge/documents/erase.ts';
import { erasedIn } from '../../../src/knowledge/documents/erase-store.ts';
import { asRecorded, type LookDeps, looksOf, replayKinds } from '../../../src/knowledge/retrieve/looks.ts';
import { replayRetrieval } from '../../../src/knowledge/retrieve/replay.ts';
import { addRetrievalRoutes } from '../../../src/knowledge/retrieve/retrieval-routes.ts';
import {
  type AppendRetrieval,
  entryFinder,
  findRetrieval,
  retrievalAppender,
} from '../../../src/knowledge/retrieve/retrieval-store.ts';
import { retrieve } from '../../../src/knowledge/retrieve/retrieve.ts';
import { createStaging, type Staging } from '../../../storage/staging.ts';
import { type BaseWorld, type BaseWorldOptions, startBaseWorld, type WorldParts } from './base-world.ts';

/** What a test may put in the place of the real thing. */
export interface RetrievalOverrides {
  readonly append?: (append: AppendRetrieval) => AppendRetrieval;
  readonly looking?: (the: LookDeps) => LookDeps;
  readonly staging?: (staging: Staging) => Staging;
  readonly findProof?: (eventId: string) => Promise<string | 'late'>;
  readonly memory?: DocumentMemory;
  readonly pace?: Pace;
  readonly uploadsOfOne?: number;
}

export interface Alarmed {
  readonly sentence: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface RetrievalWorld extends BaseWorld {
  /** What the operator was told, in order. */
  readonly alarms: readonly Alarmed[];
  readonly stagingFolder: string;
}

const same = <T>(value: T): T => value;

/** Mounts everything that is read, as the service wires it. */
export const mountRetrieval =
  (overrides: RetrievalOverrides, stagingFolder: string, alarms: Alarmed[]) =>
  (router: Router, parts: WorldParts): void => {
    const { sql, blobs, authorise, whoActs, makeEvent, now } = parts;
    const alarm = (sentence: string, evidence: Alarmed['evidence']) =>
      void alarms.push({ sentence, evidence });
    const memory = overrides.memory ?? createDocumentMemory(1024 * 1024);
    const open = openDocument({ blobs, memory });
    const looking = { db: sql, blocks: parts.blocks, findEntry: entryFinder(sql), open };
    const looks = looksOf((overrides.looking ?? same)(looking));
    const append = (overrides.append ?? same)(retrievalAppender(sql));
    const staging = (overrides.staging ?? same)(
      createStaging({ directory: stagingFolder, memoryBytes: 64 * 1024 }),
    );
    const documents = {
      db: sql,
      blobs,
      staging,
      now,
      authorise,
      open,
      admit: admission({ most: 4, mostOfOne: overrides.uploadsOfOne ?? 2 }),
      destroyErased: destroyBytes({ sql, now, blobs }),
    };
    addRetrievalRoutes(router, {
      whoActs,
      authorise,
      db: sql,
      alarm,
      looks,
      retrieve: retrieve({ authorise, makeEvent, append, alarm }),
      replay: replayRetrieval({
        authorise,
        alarm,
        kinds: {
          ...replayKinds(looks),
          export: { verb: 'get', look: asRecorded(lookAtExport({ ...looking, blobs })) },
        },
        findRetrieval: (eventId) => findRetrieval(sql, eventId),
        hasErasures: async ({ base }, seq) => (await erasedIn(sql, base, seq)) !== undefined,
      }),
      findProof: overrides.findProof ?? (async () => 'late'),
      takeDocument: takeDocument(documents),
      versionWithDocument: (base, document) => versionWithDocument(sql, base, document),
      readDocument: readDocument(documents),
      pace: overrides.pace ?? { graceMs: 10_000, bytesPerSecond: 1 },
    });
  };

export const startRetrievalWorld = async (
  options: BaseWorldOptions = {},
  overrides: RetrievalOverrides = {},
): Promise<RetrievalWorld> => {
  const stagingFolder = mkdtempSync(join(tmpdir(), 'attestry-staging-'));
  const alarms: Alarmed[] = [];
  const world = await startBaseWorld({ ...options, mount: mountRetrieval(overrides, stagingFolder, alarms) });
  return {
    ...world,
    alarms,
    stagingFolder,
    stop: async () => {
      await world.stop();
      await rm(stagingFolder, { recursive: true, force: true });
    },
  };
};
