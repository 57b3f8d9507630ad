// Entries of one version by the words of their documents, the best first, in an order that never changes.
import type { Queryable } from '../../database/connect.ts';
import { type Cid, cidOfDigest } from '../../protocol/cid.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';

/** Where a page of hits begins: behind this one. */
export interface HitPlace {
  readonly score: number;
  readonly path: string;
}

export interface Hit {
  readonly path: KnowledgePath;
  readonly entry: Cid;
  readonly blob: Cid;
  readonly size: number;
  readonly mediaType: string;
  readonly score: number;
}

interface HitRow {
  readonly path: KnowledgePath;
  readonly entry: Uint8Array;
  readonly blob: Uint8Array;
  readonly size: number;
  readonly media_type: string;
  readonly score: number;
}

const toHit = ({ path, entry, blob, size, media_type, score }: HitRow): Hit => ({
  path,
  entry: cidOfDigest('dag-cbor', entry),
  blob: cidOfDigest('raw', blob),
  size,
  mediaType: media_type,
  score,
});

/** No score is higher. */
const BEFORE_ALL: HitPlace = { score: Number.MAX_SAFE_INTEGER, path: '' };

/** What was erased from the base is found no more. */
export const hitsAt = async (
  db: Queryable,
  base: BaseId,
  seq: number,
  words: readonly string[],
  { after = BEFORE_ALL, limit }: { readonly after?: HitPlace | undefined; readonly limit: number },
): Promise<readonly Hit[]> => {
  const wanted = [...words];
  const rows = await db<HitRow[]>`
    select * from (
      select path, entry, entries.blob, size, media_type,
        (select sum(found.counts[array_position(found.words, word)])
          from unnest(${wanted}::text[]) as word)::bigint as score
      from knowledge_words as found join knowledge_entries as entries on entries.blob = found.blob
      where found.words @> ${wanted}::text[] and entries.base = ${base}
        and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
        and not exists (select from knowledge_erasures
          where knowledge_erasures.base = ${base} and knowledge_erasures.blob = entries.blob)
    ) as hits
    where score < ${after.score} or (score = ${after.score} and path > ${after.path})
    order by score desc, path limit ${limit}`;
  return rows.map(toHit);
};
