// What versions hold, as the blocks of their trees and as the index of their entries, in the order of the paths.
import type { Queryable } from '../database/connect.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';

const ROWS_AT_ONCE = 500;
const STRAYS = 1_000;

export interface BlockRow {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Of these digests, those that are there. */
export const blocksWith = (db: Queryable, digests: readonly Uint8Array[]): Promise<BlockRow[]> =>
  db<BlockRow[]>`
    select digest, bytes from knowledge_blocks where digest = any(${db.array([...digests])}::bytea[])`;

/** An entry, and the versions in which it stands. */
export interface IndexRow {
  readonly path: string;
  readonly from_seq: number;
  readonly to_seq: number | null;
  readonly fold: string;
  readonly entry: Uint8Array;
  readonly blob: Uint8Array;
  readonly size: number;
  readonly media_type: string;
}

export type IndexKey = Pick<IndexRow, 'path' | 'from_seq'>;

/** Entries of a version behind one of them, in the order of the paths as bytes; of a path there may be several. */
export const indexAt = (db: Queryable, base: BaseId, seq: number, after: IndexKey): Promise<IndexRow[]> =>
  db<IndexRow[]>`
    select path, from_seq, to_seq, fold, entry, blob, size, media_type from knowledge_entries
    where base = ${base} and (path, from_seq) > (${after.path}, ${after.from_seq})
      and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})
    order by path, from_seq limit ${ROWS_AT_ONCE}`;

/** What began or ended with a version at these paths. */
export const indexTurns = (
  db: Queryable,
  base: BaseId,
  seq: number,
  paths: readonly string[],
): Promise<IndexRow[]> => db<IndexRow[]>`
  select path, from_seq, to_seq, fold, entry, blob, size, media_type from knowledge_entries
  where base = ${base} and path = any(${[...paths]}::text[]) and (from_seq = ${seq} or to_seq = ${seq})
  order by path, from_seq`;

export interface Turns {
  readonly seq: number;
  readonly begun: number;
  readonly ended: number;
}

/** How many entries begin, and how many end, with each version of a range; nothing for those with which none does. */
export const turnsBetween = (db: Queryable, base: BaseId, first: number, last: number): Promise<Turns[]> =>
  db<Turns[]>`
    select seq, count(*) filter (where begins) as begun, count(*) filter (where not begins) as ended
    from (
      select from_seq as seq, true as begins from knowledge_entries
      where base = ${base} and from_seq between ${first} and ${last}
      union all
      select to_seq, false from knowledge_entries where base = ${base} and to_seq between ${first} and ${last}
    ) as turns
    group by seq order by seq`;

/** Entries of versions that no base can have. */
export const strayEntries = (db: Queryable) => db<{ base: string; path: string; from_seq: number }[]>`
  select entries.base, entries.path, entries.from_seq
  from knowledge_entries as entries
    left join (select base, min(seq) as first, max(seq) as last from knowledge_versions group by base) as line
      on line.base = entries.base
  where line.base is null or from_seq < first or from_seq > last or to_seq <= first or to_seq > last
  order by entries.base, entries.path limit ${STRAYS}`;
