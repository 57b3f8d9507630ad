// Which entry stands at a path from which version on and until which: every version is listed and searched from here.
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import { type Cid, cidOfDigest, digestOfCid } from '../../protocol/cid.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { type KnowledgePath, MAX_PATH_BYTES } from '../../protocol/knowledge-path.ts';
import { type EntryChange, entryRows } from './row-texts.ts';

/** An entry as lists show it; its `meta` stands in its block. */
export interface ListedEntry {
  readonly path: KnowledgePath;
  readonly entry: Cid;
  readonly blob: Cid;
  readonly size: number;
  readonly mediaType: string;
}

interface EntryRow {
  readonly path: KnowledgePath;
  readonly entry: Uint8Array;
  readonly blob: Uint8Array;
  readonly size: number;
  readonly media_type: string;
}

const toListed = ({ path, entry, blob, size, media_type }: EntryRow): ListedEntry => ({
  path,
  entry: cidOfDigest('dag-cbor', entry),
  blob: cidOfDigest('raw', blob),
  size,
  mediaType: media_type,
});

/** Bytes of a document that stands anywhere in a version; undefined where it does nowhere. */
export const sizeInVersion = async (
  db: Queryable,
  base: BaseId,
  seq: number,
  blob: Cid,
): Promise<number | undefined> => {
  const [row] = await db<{ size: number }[]>`
    select size from knowledge_entries
    where base = ${base} and blob = ${digestOfCid(blob)} and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
    limit 1`;
  return row?.size;
};

export interface EntryRange {
  /** Any text, not only whole segments. */
  readonly prefix: string;
  /** Only paths behind this one. */
  readonly after: string;
  readonly limit: number;
}

/** Behind every path that begins with what stands before it: the highest character as often as a path has room for. */
const END = '\u{10FFFF}'.repeat(MAX_PATH_BYTES / 4);

/** In the order of the paths as bytes. */
export const entriesAt = async (
  db: Queryable,
  base: BaseId,
  seq: number,
  { prefix, after, limit }: EntryRange,
): Promise<readonly ListedEntry[]> => {
  const rows = await db<EntryRow[]>`
    select path, entry, blob, size, media_type from knowledge_entries
    where base = ${base} and path >= ${prefix} and path <= ${prefix + END} and path > ${after}
      and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
    order by path limit ${limit}`;
  return rows.map(toListed);
};

/** Paths of a version, by what all that differ only in case have in common. */
export interface WantedFolds {
  readonly base: BaseId;
  readonly seq: number;
  readonly folds: readonly string[];
}

const findFolds =
  (sql: Sql) =>
  async (all: readonly WantedFolds[]): Promise<readonly (readonly ListedEntry[])[]> => {
    const wanted = all.flatMap(({ base, seq, folds }, at) => folds.map((fold) => ({ at, base, seq, fold })));
    const rows = await sql<(EntryRow & { at: number })[]>`
      select at, path, entry, blob, size, media_type from entries_with_folds(
        ${wanted.map(({ at }) => at)}::integer[], ${wanted.map(({ base }) => base)}::text[],
        ${wanted.map(({ seq }) => seq)}::bigint[], ${wanted.map(({ fold }) => fold)}::text[])`;
    const found = all.map((): ListedEntry[] => []);
    for (const row of rows) found[row.at]?.push(toListed(row));
    return found;
  };

/** What a version has at paths with these folds: at those very paths, and at others that differ only in case. */
export type FindFolds = (wanted: WantedFolds) => Promise<readonly ListedEntry[]>;

const MOST_FOLDS = 2_000;

/** Those who ask at once share a statement. */
export const foldFinder = (sql: Sql): FindFolds =>
  sharing({ run: findFolds(sql), weigh: ({ folds }) => folds.length, most: MOST_FOLDS });

/** What a version has at these paths; nothing for a path where it has none. */
export const entriesAtPaths = async (
  db: Queryable,
  base: BaseId,
  seq: number,
  paths: readonly KnowledgePath[],
): Promise<readonly ListedEntry[]> => {
  const rows = await db<EntryRow[]>`
    select path, entry, blob, size, media_type from knowledge_entries
    where base = ${base} and path = any(${[...paths]}::text[])
      and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})`;
  return rows.map(toListed);
};

/** Turns what stands in the newest version into what stands in the one after it, whose number is `seq`. */
export const changeEntries = async (
  tx: Tx,
  base: BaseId,
  seq: number,
  changes: readonly EntryChange[],
): Promise<void> => {
  const rows = entryRows(changes);
  await tx`
    update knowledge_entries set to_seq = ${seq}
    from json_to_recordset(${rows}::text::json) as each (path text)
    where base = ${base} and knowledge_entries.path = each.path and to_seq is null`;
  await tx`
    insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
    select ${base}, path, ${seq}, fold, decode(entry, 'base64'), decode(blob, 'base64'), size, media_type
    from json_to_recordset(${rows}::text::json)
      as each (path text, fold text, entry text, blob text, size bigint, media_type text)
    where entry is not null`;
};
