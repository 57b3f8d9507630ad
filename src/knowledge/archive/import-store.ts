// Entries of an import on their way in, as rows: nobody sees them before all of them become a version's together.
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import { type Cid, digestOfCid } from '../../protocol/cid.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { Words } from '../../protocol/knowledge/words.ts';
import { foldPath, type KnowledgePath } from '../../protocol/knowledge-path.ts';

export interface ImportedEntry {
  readonly path: KnowledgePath;
  /** Its block. */
  readonly cid: Cid;
  readonly entry: Entry;
}

/** What one statement moves or removes; many more would not end in its time. */
const ROWS_AT_ONCE = 20_000;

const base64 = (cid: Cid): string => Buffer.from(digestOfCid(cid)).toString('base64');

const rowOf = ({ path, cid, entry }: ImportedEntry) => ({
  path,
  fold: foldPath(path),
  entry: base64(cid),
  blob: base64(entry.blob),
  size: entry.size,
  media_type: entry.mediaType,
});

/**
 * Names the documents, and waits for whoever was about to take them away as garbage: put after that, they stay as long
 * as the rows do. Tells the paths of those that were erased from the base, which must not be put.
 */
export const insertImported = async (
  sql: Sql,
  id: string,
  base: BaseId,
  entries: readonly ImportedEntry[],
  at: Date,
): Promise<readonly KnowledgePath[]> => {
  if (entries.length === 0) return [];
  const [row] = await sql<{ erased: KnowledgePath[] | null }[]>`
    with each as materialized (
      select path, fold, decode(entry, 'base64') as entry, decode(blob, 'base64') as blob, size, media_type
      from json_to_recordset(${JSON.stringify(entries.map(rowOf))}::text::json)
        as each (path text, fold text, entry text, blob text, size bigint, media_type text)
    ), named as (
      insert into knowledge_imports (import, path, fold, entry, blob, size, media_type, at)
      select ${id}, path, fold, entry, blob, size, media_type, ${at} from each
    )
    select count(sweep_of(blob)) as waited, (select array_agg(path order by path) from each
      join knowledge_erasures as erasures on erasures.blob = each.blob where erasures.base = ${base}) as erased
    from (select distinct blob from each order by blob) as blobs`;
  return row?.erased ?? [];
};

export interface FoundWords {
  readonly blob: Cid;
  readonly words: Words;
}

/** Words of documents that have some already stay as they are: equal bytes have equal words. */
export const insertWords = async (sql: Sql, found: readonly FoundWords[]): Promise<void> => {
  if (found.length === 0) return;
  const rows = found.map(({ blob, words }) => ({
    blob: base64(blob),
    words: [...words.keys()],
    counts: [...words.values()],
  }));
  await sql`
    insert into knowledge_words (blob, words, counts)
    select distinct on (blob) decode(blob, 'base64'), words, counts
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as each (blob text, words text[], counts integer[])
    order by blob
    on conflict do nothing`;
};

/** Some of the paths that differ from another only in case, those that do together; none where each stands alone. */
export const clashesIn = async (
  db: Queryable,
  id: string,
): Promise<readonly (readonly KnowledgePath[])[]> => {
  const rows = await db<{ paths: KnowledgePath[] }[]>`
    select array_agg(path order by path) as paths from knowledge_imports
    where import = ${id} group by fold having count(*) > 1 order by min(path) limit 16`;
  return rows.map(({ paths }) => paths);
};

/** Some of the paths whose documents were erased from the base. */
export const erasedInImport = async (
  db: Queryable,
  id: string,
  base: BaseId,
): Promise<readonly KnowledgePath[]> => {
  const rows = await db<{ path: KnowledgePath }[]>`
    select path from knowledge_erasures as erasures join knowledge_imports as imported on imported.blob = erasures.blob
    where erasures.base = ${base} and imported.import = ${id} order by path limit 100`;
  return rows.map(({ path }) => path);
};

const moveSome = async (tx: Tx, id: string, base: BaseId, seq: number, after: string) => {
  const [row] = await tx<{ moved: number; last: string | null }[]>`
    with first as materialized (
      select * from knowledge_imports where import = ${id} and path > ${after} order by path limit ${ROWS_AT_ONCE}
    ), moved as (
      insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
      select ${base}, path, ${seq}, fold, entry, blob, size, media_type from first
    )
    select count(*) as moved, max(path) as last from first`;
  return row ?? { moved: 0, last: null };
};

const removeSome = async (db: Queryable, id: string): Promise<number> => {
  const result = await db`
    delete from knowledge_imports where ctid = any(array(
      select ctid from knowledge_imports where import = ${id} limit ${ROWS_AT_ONCE}))`;
  return result.count;
};

/** Removes everything of an import, however much that is. */
export const dropImport = async (db: Queryable, id: string): Promise<void> => {
  while ((await removeSome(db, id)) === ROWS_AT_ONCE);
};

/** Makes the entries those of a version that is the first of its base here; tells how many they were. */
export const takeImported = async (tx: Tx, id: string, base: BaseId, seq: number): Promise<number> => {
  let [all, after] = [0, ''];
  for (;;) {
    const { moved, last } = await moveSome(tx, id, base, seq, after);
    all += moved;
    if (last === null || moved < ROWS_AT_ONCE) break;
    after = last;
  }
  await dropImport(tx, id);
  return all;
};

/** False where the base has a version. */
export const startAtSeq = async (tx: Tx, base: BaseId, seq: number): Promise<boolean> => {
  const result = await tx`
    update knowledge_bases set last_seq = ${seq} where id = ${base} and last_seq = 0 and generation = 0`;
  return result.count === 1;
};

/** Imports that began before a time and did not end; a crash leaves them. */
export const importsBefore = async (db: Queryable, before: Date): Promise<readonly string[]> => {
  const rows = await db<{ import: string }[]>`
    select import from knowledge_imports group by import having max(at) < ${before}`;
  return rows.map((row) => row.import);
};
