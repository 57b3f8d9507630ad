// Goes through what lies in the blob store: incomplete tiles that are wrong, leftovers, and blobs that nobody names.
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../../../keys/bytes.ts';
import type { BlobStore, ListedBlob } from '../../../storage/blob-store.ts';
import { BLOB_PREFIX, parseBlobKey } from '../../../storage/object-keys.ts';
import type { Sql } from '../../database/connect.ts';
import { readHead } from '../../transparency/log-store.ts';
import type { RightEdge } from '../log-objects.ts';
import type { Report } from '../report.ts';
import { namedDigests } from '../upkeep-store.ts';
import { type ListedObject, listLogObjects, partialBytes, standingOf } from './published.ts';
import { readLogObject } from './tiles.ts';

export interface ObjectsDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly report: Report;
  readonly progress: (done: number) => void;
}

type LogObjectsDeps = Omit<ObjectsDeps, 'progress'> & { readonly patienceMs: number };

const KEYS_AT_ONCE = 1_000;
/** Enough to tell that the log is not the one of this database. */
const MAX_BEYOND = 1_000;

const sizeNow = async (sql: Sql): Promise<number> => (await readHead(sql))?.size ?? 0;

const checkPartial = async (
  { blobs, report }: LogObjectsDeps,
  { path, parsed }: ListedObject,
  edge: RightEdge,
): Promise<void> => {
  const found = await readLogObject(blobs, path);
  if (found !== undefined && !equalBytes(found, partialBytes(parsed, edge)))
    report.add('partial_differs', path);
};

/** A sealer puts its objects first and moves the head moments later: what is beyond it has to stay so to count. */
const checkBeyond = async (
  { sql, report, patienceMs }: LogObjectsDeps,
  beyond: readonly ListedObject[],
): Promise<void> => {
  if (beyond.length === 0) return;
  await sleep(patienceMs);
  const size = await sizeNow(sql);
  for (const object of beyond) {
    const standing = standingOf(object, size);
    if (standing === 'left by a crash') report.add('object_beyond_head', object.path);
    if (standing === 'of a larger log') report.add('log_ahead', object.path, { expected: size });
  }
};

/** @param edge the right edge that sound rows make, undefined for others. */
export const checkLogObjects = async (the: LogObjectsDeps, edge: RightEdge | undefined): Promise<void> => {
  const size = await sizeNow(the.sql);
  const beyond: ListedObject[] = [];
  for await (const object of listLogObjects(the.blobs)) {
    const standing = standingOf(object, size);
    if (standing === 'superseded') the.report.add('partial_superseded', object.path);
    if (standing === 'superseded' || beyond.length >= MAX_BEYOND) continue;
    if (standing !== 'covered') beyond.push(object);
    // What came after the rows were read cannot be judged by them.
    else if (
      object.path.includes('.p/') &&
      edge !== undefined &&
      standingOf(object, edge.edge.size) === 'covered'
    )
      await checkPartial(the, object, edge);
  }
  await checkBeyond(the, beyond);
};

/** Blobs that no version names, in the order of the store; asked of the database as it is now. */
export async function* unnamedBlobs({
  sql,
  blobs,
  progress,
}: Omit<ObjectsDeps, 'report'>): AsyncGenerator<ListedBlob, void, undefined> {
  let page: ListedBlob[] = [];
  let seen = 0;
  const judge = async (): Promise<readonly ListedBlob[]> => {
    const digests = page.flatMap(({ key }) => parseBlobKey(key) ?? []);
    const named = await namedDigests(sql, digests);
    const unnamed = page.filter(({ key }) => !named.has(parseBlobKey(key) ?? ''));
    seen += page.length;
    page = [];
    progress(seen);
    return unnamed;
  };
  for await (const blob of blobs.list(BLOB_PREFIX)) {
    page.push(blob);
    if (page.length >= KEYS_AT_ONCE) yield* await judge();
  }
  yield* await judge();
}

/** Asked after the log: a database that was set back names none of the blobs that the newer one needs. */
export const checkBlobs = async (the: ObjectsDeps): Promise<void> => {
  if (the.report.has('log_ahead')) return;
  for await (const { key, size } of unnamedBlobs(the)) the.report.add('blob_unnamed', key, { found: size });
};
