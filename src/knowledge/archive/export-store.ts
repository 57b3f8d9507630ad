// What a version holds as its rows say, as far as an export has to know that beforehand.
import type { Queryable } from '../../database/connect.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';

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

export interface CountedEntry {
  readonly path: KnowledgePath;
  readonly digest: NamedDigest;
  readonly size: number;
}

/** Behind a path, in the order of the paths as bytes; no more of each than is counted. */
export const countedAt = (
  db: Queryable,
  base: BaseId,
  seq: number,
  after: string,
  limit: number,
): Promise<readonly CountedEntry[]> =>
  db<CountedEntry[]>`
    select path, 'sha256:' || encode(blob, 'hex') as digest, size from knowledge_entries
    where base = ${base} and path > ${after} and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
    order by path limit ${limit}`;
