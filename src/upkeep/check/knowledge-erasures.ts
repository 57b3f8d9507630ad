// Checks erasures: each on record as its event says, and nothing of what was erased there any more.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import {
  type CheckedErasure,
  type ErasedDocument,
  type ErasureKey,
  erasedAfter,
  erasuresAfter,
} from '../document-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { namedDigests } from '../upkeep-store.ts';
import { digestOfHeld } from './knowledge-documents.ts';
import { difference, members, toldEvent, toldPayload } from './told.ts';

export interface ErasuresDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const checkErasure = ({ report }: ErasuresDeps, row: CheckedErasure): undefined => {
  const about = `${row.base} sha256:${row.digest}`;
  if (row.event_kind !== 'KnowledgeBaseContentErased') return report.add('erasure_without_event', about);
  const { actor, at } = toldEvent(row);
  const { base, digest, authority, reason_code } = row;
  const found = { knowledge_base_id: base, digest: `sha256:${digest}`, authority, reason_code };
  const evidence = difference(
    { ...members(toldPayload(row), Object.keys(found)), actor, at },
    { ...found, actor: row.actor, at: row.at.toISOString() },
  );
  if (evidence !== undefined) report.add('erasure_differs', about, evidence);
};

export const checkErasures = async (the: ErasuresDeps): Promise<void> => {
  const rows = rowsBehind<CheckedErasure, ErasureKey>(
    { base: '', digest: '' },
    (after) => erasuresAfter(the.tx, after),
    (row) => row,
  );
  for await (const row of rows) checkErasure(the, row);
};

export interface ErasedDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly report: Report;
  readonly patienceMs: number;
}

/** Erased content of which something is left, though nobody holds it: asked of the database as it is now. */
export async function* leftOfErased({
  db,
  blobs,
}: {
  readonly db: Queryable;
  readonly blobs: BlobStore;
}): AsyncGenerator<ErasedDocument, void, undefined> {
  const page = (after: string) => erasedAfter(db, after);
  for await (const erased of rowsBehind('', page, ({ digest }) => digest)) {
    const { digest, searchable } = erased;
    const isLeft = searchable || (await blobs.head(blobKey(digestOfHeld(erased)))) !== undefined;
    if (isLeft && !(await namedDigests(db, [digest])).has(digest)) yield erased;
  }
}

const leftNow = async ({ sql, blobs }: ErasedDeps): Promise<Map<string, ErasedDocument>> => {
  const left = new Map<string, ErasedDocument>();
  for await (const erased of leftOfErased({ db: sql, blobs })) {
    left.set(erased.digest, erased);
    if (left.size >= MOST_LEFT) break;
  }
  return left;
};

const MOST_LEFT = 1_000;

/** A registry that runs destroys within moments what it erases, and names what is uploaded: what is left must stay so. */
export const checkErased = async (the: ErasedDeps): Promise<void> => {
  const before = await leftNow(the);
  if (before.size === 0) return;
  await sleep(the.patienceMs);
  for (const [digest, { base, destroyed }] of await leftNow(the)) {
    if (!before.has(digest)) continue;
    const about = `${base} sha256:${digest}`;
    the.report.add(destroyed ? 'erasure_undone' : 'erasure_pending', about);
  }
};
