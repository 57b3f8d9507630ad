// Erasures as rows, who else holds a document, and the lock and note under which its bytes are destroyed.

import { encodeHex } from '../../../keys/bytes.ts';
import type { Digest } from '../../../storage/digest.ts';
import type { Queryable, Tx } from '../../database/connect.ts';
import { type Cid, cidOfDigest, digestOfCid } from '../../protocol/cid.ts';
import type { BaseId, PrincipalId } from '../../protocol/knowledge/ids.ts';
import { digestOfDocument } from './document-body.ts';
import type { ErasureRecord } from './erased.ts';

type Fragment = ReturnType<Queryable>;

interface ErasureRow {
  readonly base: BaseId;
  readonly blob: Uint8Array;
  readonly actor: PrincipalId;
  readonly authority: string;
  readonly reason_code: string;
  readonly at: Date;
  readonly event_id: string;
  readonly destroyed: boolean;
}

const toErasure = ({ blob, reason_code, event_id, ...row }: ErasureRow): ErasureRecord => ({
  ...row,
  blob: cidOfDigest('raw', blob),
  reasonCode: reason_code,
  eventId: event_id,
});

export const erasureOf = async (
  db: Queryable,
  base: BaseId,
  blob: Cid,
): Promise<ErasureRecord | undefined> => {
  const [row] = await db<ErasureRow[]>`
    select * from knowledge_erasures where base = ${base} and blob = ${digestOfCid(blob)}`;
  return row === undefined ? undefined : toErasure(row);
};

/** Of some documents those that were erased from a base. */
export const erasuresAmong = async (
  db: Queryable,
  base: BaseId,
  blobs: readonly Cid[],
): Promise<readonly ErasureRecord[]> => {
  if (blobs.length === 0) return [];
  const rows = await db<ErasureRow[]>`
    select * from knowledge_erasures where base = ${base} and blob = any(${db.array(blobs.map(digestOfCid))}::bytea[])`;
  return rows.map(toErasure);
};

/** Something that a version holds and that was erased; undefined where all of it is there. */
export const erasedIn = async (
  db: Queryable,
  base: BaseId,
  seq: number,
): Promise<ErasureRecord | undefined> => {
  const [row] = await db<ErasureRow[]>`
    select * from knowledge_erasures as erasures
    where base = ${base} and exists (select from knowledge_entries as entries
      where entries.base = erasures.base and entries.blob = erasures.blob
        and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq}))
    order by at limit 1`;
  return row === undefined ? undefined : toErasure(row);
};

/** Whether any version of the base, or an upload for it, ever named the document. */
export const knowsDocument = async (db: Queryable, base: BaseId, blob: Cid): Promise<boolean> => {
  const digest = digestOfCid(blob);
  const [row] = await db<{ known: boolean }[]>`
    select exists (select from knowledge_entries where base = ${base} and blob = ${digest})
      or exists (select from knowledge_documents where base = ${base} and blob = ${digest}) as known`;
  return row?.known === true;
};

/** Whoever is about to name the document comes wholly before or wholly after this transaction. */
export const stopNaming = (tx: Tx, blob: Cid): Promise<unknown> =>
  tx`select stop_use(${`blob:${encodeHex(digestOfCid(blob))}`})`;

export const insertErasure = (tx: Tx, each: ErasureRecord): Promise<unknown> => tx`
  insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id, destroyed)
  values (${each.base}, ${digestOfCid(each.blob)}, ${each.actor}, ${each.authority}, ${each.reasonCode}, ${each.at},
    ${each.eventId}, ${each.destroyed})`;

/**
 * Whether a version of a pack that was not unpublished names these bytes, or a base that has not erased them, or an import on its way in: nobody may take them
 * away then.
 * @param blob their SHA-256, as the statement around it has it
 */
export const isHeld = (db: Queryable, blob: Fragment): Fragment => db`(
  exists (select from versions where versions.digest = ${blob} and versions.unpublished is null)
  or exists (select from knowledge_entries as held where held.blob = ${blob}
    and not exists (select from knowledge_erasures as gone where gone.base = held.base and gone.blob = held.blob))
  or exists (select from knowledge_documents as held where held.blob = ${blob}
    and not exists (select from knowledge_erasures as gone where gone.base = held.base and gone.blob = held.blob))
  or ${blob} in (select held.blob from knowledge_imports as held))`;

/** Of a document that nobody holds any more. */
export const forgetWords = (db: Queryable, blob: Cid): Promise<unknown> => db`
  delete from knowledge_words as words
  where blob = ${digestOfCid(blob)} and not ${isHeld(db, db`words.blob`)}`;

/** What was erased and still has its bytes, though nobody else holds it: the oldest first. */
export const undestroyed = async (db: Queryable, limit: number): Promise<readonly Cid[]> => {
  const rows = await db<{ blob: Uint8Array }[]>`
    select blob from knowledge_erasures as erasures
    where not destroyed and not ${isHeld(db, db`erasures.blob`)}
    group by blob order by min(at) limit ${limit}`;
  return rows.map(({ blob }) => cidOfDigest('raw', blob));
};

/** As a sweep takes it: waits for commits that name the blob. */
export const lockBytes = async (session: Queryable, blob: Cid): Promise<Digest> => {
  const digest = digestOfDocument(blob);
  await session`select pg_advisory_lock(hashtextextended(${`blob:${digest}`}, 0))`;
  return digest;
};

/** False where the session had lost the lock. */
export const unlockBytes = async (session: Queryable, digest: Digest): Promise<boolean> => {
  const [row] = await session<{ held: boolean }[]>`
    select pg_advisory_unlock(hashtextextended(${`blob:${digest}`}, 0)) as held`;
  return row?.held === true;
};

/** Notes that the bytes are about to go, as sweeps do; false where somebody holds them, or nobody erased them. */
export const noteDestruction = async (session: Queryable, digest: Digest, at: Date): Promise<boolean> => {
  const result = await session`
    insert into swept_blobs (digest, swept_at)
    select distinct blob, ${at}::timestamptz from knowledge_erasures as erasures
    where blob = decode(${digest}, 'hex') and not ${isHeld(session, session`erasures.blob`)}
    on conflict (digest) do update set sweep = excluded.sweep, swept_at = excluded.swept_at`;
  return result.count === 1;
};

/** For every base that erased it. */
export const markDestroyed = (session: Queryable, digest: Digest): Promise<unknown> =>
  session`update knowledge_erasures set destroyed = true where blob = decode(${digest}, 'hex')`;
