// Finds uploads that nobody wants any more, and takes them together with their bytes while others propose.
import type { Queryable, Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { lockBase } from '../knowledge/bases/base-store.ts';
import { forgetWords, stopNaming } from '../knowledge/documents/erase-store.ts';
import { type Cid, cidOfDigest } from '../protocol/cid.ts';
import { inBatches, rowsBehind } from './pages.ts';
import { dropUpload, namedInOpen, type Upload, type UploadKey, uploadsBefore } from './upload-store.ts';

/**
 * An upload is no leftover of a crash: whoever made it may still propose it. So it is left for this long, whatever grace
 * is asked for.
 */
const LEAST_GRACE_MS = 24 * 60 * 60 * 1_000;

/** What was uploaded before that may be taken. */
export const uploadsBeforeGrace = (now: Date, graceMs: number): Date =>
  new Date(now.getTime() - Math.max(graceMs, LEAST_GRACE_MS));

type Named = Pick<Upload, 'base' | 'digest'>;

const cidOf = ({ digest }: Named): Cid => cidOfDigest('raw', Buffer.from(digest, 'hex'));

/** Those that no open contribution names. */
const unnamedAmong = async <U extends Named>(db: Queryable, uploads: readonly U[]): Promise<readonly U[]> => {
  const found: U[] = [];
  for (const base of new Set(uploads.map((upload) => upload.base))) {
    const own = uploads.filter((upload) => upload.base === base);
    const named = await namedInOpen(db, base, own.map(cidOf));
    found.push(...own.filter((upload) => !named.has(cidOf(upload))));
  }
  return found;
};

const AT_ONCE = 200;

export async function* unusedUploads(sql: Sql, before: Date): AsyncGenerator<Upload, void, undefined> {
  const uploads = rowsBehind<Upload, UploadKey>(
    { base: '', digest: '' },
    (after) => uploadsBefore(sql, before, after),
    (row) => row,
  );
  for await (const some of inBatches(uploads, AT_ONCE)) yield* await unnamedAmong(sql, some);
}

/**
 * Whoever proposes, revises or accepts holds the base, and looks once more for the documents that he names: he comes
 * wholly before, and the upload stays, or wholly after, and is told to upload it again. False where it stays.
 */
export const takeUpload = (sql: Sql, upload: Named, before: Date): Promise<boolean> =>
  inTransaction(sql, async (tx) => {
    const cid = cidOf(upload);
    await lockBase(tx, upload.base);
    await stopNaming(tx, cid);
    if ((await unnamedAmong(tx, [upload])).length === 0) return false;
    if (!(await dropUpload(tx, upload, before))) return false;
    await forgetWords(tx, cid);
    return true;
  });
