// What of a version cannot be exported any more, as its rows say.
import type { Queryable } from '../database/connect.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../protocol/knowledge-path.ts';

/** The first paths of a version whose documents were erased. */
export const erasedPathsAt = async (
  db: Queryable,
  base: BaseId,
  seq: number,
  limit: number,
): Promise<readonly KnowledgePath[]> => {
  const rows = await db<{ path: KnowledgePath }[]>`
    select path from knowledge_erasures as erasures
    join knowledge_entries as entries on entries.base = erasures.base and entries.blob = erasures.blob
    where erasures.base = ${base} and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
    order by path limit ${limit}`;
  return rows.map(({ path }) => path);
};
