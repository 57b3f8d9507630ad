// Which documents proposals may name: those that were uploaded for the base, or stand in it, and were not erased.
import type { Queryable } from '../../database/connect.ts';
import { type Cid, cidOfDigest, digestOfCid } from '../../protocol/cid.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';

export interface KnownDocument {
  readonly blob: Cid;
  readonly size: number;
  readonly erased: boolean;
}

/** Of these documents, those that the base knows. */
export const knownDocuments = async (
  db: Queryable,
  base: BaseId,
  blobs: readonly Cid[],
): Promise<readonly KnownDocument[]> => {
  const digests = [...new Set(blobs)].map(digestOfCid);
  const rows = await db<{ blob: Uint8Array; size: number; erased: boolean }[]>`
    select wanted.blob, coalesce(uploaded.size, entry.size) as size, erasure.blob is not null as erased
    from unnest(${db.array(digests)}::bytea[]) as wanted (blob)
    left join knowledge_documents as uploaded on uploaded.base = ${base} and uploaded.blob = wanted.blob
    left join lateral (select size from knowledge_entries
      where uploaded.blob is null and base = ${base} and blob = wanted.blob limit 1) as entry on true
    left join knowledge_erasures as erasure on erasure.base = ${base} and erasure.blob = wanted.blob
    where uploaded.blob is not null or entry.size is not null`;
  return rows.map(({ blob, size, erased }) => ({ blob: cidOfDigest('raw', blob), size, erased }));
};
