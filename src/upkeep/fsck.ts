// Checks all that a registry keeps against all the rest of it: blobs, rows, log, signatures and what is served.
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Queryable, Sql, Tx } from '../database/connect.ts';
import { type Edge, EMPTY_EDGE } from '../protocol/growing-tree.ts';
import { TILE_WIDTH } from '../protocol/tiles.ts';
import { type Head, leavesBetween } from '../transparency/log-store.ts';
import { checkAccounts } from './check/accounts.ts';
import { checkAdvisories } from './check/advisories.ts';
import { checkAudit } from './check/audit.ts';
import { checkCosignatures, checkEarlyCosignatures, cosignedSizes } from './check/cosignatures.ts';
import { checkKeys } from './check/keys.ts';
import { checkKnowledge } from './check/knowledge.ts';
import { checkErased } from './check/knowledge-erasures.ts';
import { checkLists } from './check/lists.ts';
import { checkBlobs, checkLogObjects } from './check/objects.ts';
import {
  checkPartials,
  checkPublished,
  checkpointIn,
  type Published,
  readPublished,
} from './check/published.ts';
import { checkRoots, type PlacedRoot } from './check/roots.ts';
import { type CheckedRows, checkRows } from './check/rows.ts';
import { checkTiles, locateDamage } from './check/tiles.ts';
import { checkVersions } from './check/versions.ts';
import type { RightEdge } from './log-objects.ts';
import { openReport, type Report } from './report.ts';
import { inSnapshot, namedDigests } from './upkeep-store.ts';

/** Told how far a part has come; `total` is 0 where nobody knows it beforehand. */
export type Progress = (part: string, done: number, total: number) => void;

export interface FsckDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly now: () => Date;
  readonly progress: Progress;
  /** What a registry that runs sets right by itself within so many milliseconds is not counted. */
  readonly patienceMs: number;
}

export interface FsckOptions {
  /** How many tarballs, and how many documents, are read to the end; of the others only size and place are looked at. */
  readonly sample: number | 'all';
}

export interface Checked {
  readonly report: Report;
  /** Leaves of the log when its rows were read. */
  readonly size: number;
  /** The rows make the very tree that the log has signed, so that whatever follows from them can be made again. */
  readonly sound: boolean;
}

/** One moment of the database, and what was published before it. */
interface Moment extends Omit<FsckDeps, 'sql' | 'patienceMs'> {
  readonly tx: Tx;
  readonly report: Report;
  readonly roots: readonly PlacedRoot[];
  readonly published: Published;
  readonly options: FsckOptions;
  /** Whether somebody holds these bytes now, whatever was so when the rows were read. */
  readonly isHeld: (digest: string) => Promise<boolean>;
}

const ascending = (sizes: readonly number[]): number[] => [...new Set(sizes)].sort((a, b) => a - b);

/** Checks the rows of the log and, in passing, everything that others signed of it. */
const checkLog = async (the: Moment): Promise<CheckedRows & { readonly atPublished: Edge | undefined }> => {
  const { tx, report, published, progress } = the;
  const roots = the.roots.map(({ root }) => root);
  const cosigned = { tx, report, origin: roots.at(-1)?.log.origin ?? '' };
  const publishedSize = published.checkpoint?.size ?? 0;
  let atPublished: Edge | undefined = publishedSize === 0 ? EMPTY_EDGE : undefined;
  const rows = await checkRows({
    tx,
    report,
    roots,
    stops: async (start, end) =>
      ascending([
        ...(await cosignedSizes(the, start, end)),
        ...(publishedSize > start && publishedSize <= end ? [publishedSize] : []),
      ]),
    onStop: async (edge) => {
      if (edge.size === publishedSize) atPublished = edge;
      if (roots.length > 0) await checkCosignatures(cosigned, edge);
    },
    progress: (done, total) => progress('rows of the log', done, total),
  });
  await checkEarlyCosignatures(cosigned, rows.head?.size ?? 0);
  return { ...rows, atPublished };
};

const rightEdgeOf = async (tx: Tx, edge: Edge): Promise<RightEdge> => ({
  edge,
  bundle: await leavesBetween(tx, edge.size - (edge.size % TILE_WIDTH), edge.size),
});

/** Rows that do not make the signed tree are compared with the tiles the other way about. */
const checkStoredLog = async (the: Moment, rows: Awaited<ReturnType<typeof checkLog>>): Promise<void> => {
  const size = rows.head?.size ?? 0;
  const tiles = { ...the, progress: (done: number, total: number) => the.progress('tiles', done, total) };
  if (!rows.sound) return locateDamage(tiles, size);
  await checkTiles(tiles, size);
  if (rows.atPublished !== undefined) await checkPartials({ ...the, roots: [] }, rows.atPublished);
};

/** Everything that can be read in one moment of the database; the right edge of its log where the rows are sound. */
const checkMoment = async (
  the: Moment,
): Promise<{ head: Head | undefined; size: number; edge: RightEdge | undefined }> => {
  const rows = await checkLog(the);
  const size = rows.head?.size ?? 0;
  const roots = the.roots.map(({ root }) => root);
  if (rows.head !== undefined) {
    checkPublished({ ...the, roots }, the.published, size, rows.sound ? rows.atPublished : undefined);
    await checkStoredLog(the, rows);
  }
  await checkVersions({
    ...the,
    ...the.options,
    progress: (done, total) => the.progress('versions', done, total),
  });
  await checkAdvisories(the);
  if (rows.sound) await checkAudit(the);
  await checkKeys(the);
  await checkAccounts(the);
  await checkKnowledge({ ...the, ...the.options });
  return {
    head: rows.head,
    size,
    edge: rows.sound && rows.edge ? await rightEdgeOf(the.tx, rows.edge) : undefined,
  };
};

const holdsNow =
  (db: Queryable) =>
  async (digest: string): Promise<boolean> =>
    (await namedDigests(db, [digest])).has(digest);

/** Reads everything and changes nothing. A registry that runs meanwhile goes on, and is not blamed for that. */
export const checkAll =
  (the: FsckDeps) =>
  async (options: FsckOptions): Promise<Checked> => {
    const report = openReport();
    // Read before the rows: what is published was committed before.
    const published = await readPublished(the.blobs);
    const isHeld = holdsNow(the.sql);
    const found = await inSnapshot(the.sql, async (tx) => {
      const roots = await checkRoots({ tx, report });
      return { roots, ...(await checkMoment({ ...the, tx, report, roots, published, options, isHeld })) };
    });
    const root = found.roots.at(-1)?.root;
    if (root !== undefined) await checkLists({ ...the, db: the.sql, report, root });
    await checkLogObjects({ ...the, report }, found.edge);
    await checkBlobs({ ...the, report, progress: (done) => the.progress('blobs', done, 0) });
    await checkErased({ ...the, report });
    return { report, size: found.size, sound: found.edge !== undefined };
  };

export interface RestoredDeps extends Omit<FsckDeps, 'sql' | 'patienceMs'> {
  /** The transaction that has filled the tables, and may still take that back. */
  readonly tx: Tx;
  readonly report: Report;
  /** The checkpoint that is about to be published. */
  readonly note: string;
}

/** Checks rows that are about to be committed with the objects that are theirs. */
export const checkRestored = async ({ tx, note, report, ...the }: RestoredDeps) => {
  const roots = await checkRoots({ tx, report });
  const published = { note, checkpoint: checkpointIn(note) };
  const options: FsckOptions = { sample: 'all' };
  const moment = await checkMoment({
    ...the,
    tx,
    report,
    roots,
    published,
    options,
    isHeld: async () => true,
  });
  return { head: moment.head, sound: moment.edge !== undefined };
};
