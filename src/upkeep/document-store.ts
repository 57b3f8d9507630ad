// Documents that bases hold, where each stands, the words it is found by; and erasures beside their events.
import type { Queryable, Tx } from '../database/connect.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';

const ROWS_AT_ONCE = 500;
const PLACES = 8;

export interface HeldDocument {
  /** In hex. */
  readonly digest: string;
  /** As rows say; where they do not agree, the smallest and the largest. */
  readonly size: number;
  readonly largest: number;
}

/** Every document that a base names and has not erased, each once, by its digest. */
export async function* heldDocuments(tx: Tx): AsyncGenerator<HeldDocument, void, undefined> {
  await tx`
    declare held_documents no scroll cursor for
    select encode(held.blob, 'hex') as digest, min(held.size) as size, max(held.size) as largest
    from (
      select base, blob, size from knowledge_entries
      union all select base, blob, size from knowledge_documents
    ) as held
    where not exists (select from knowledge_erasures as gone where gone.base = held.base and gone.blob = held.blob)
    group by held.blob order by held.blob`;
  for (;;) {
    const rows = await tx<HeldDocument[]>`fetch ${tx.unsafe(String(ROWS_AT_ONCE))} from held_documents`;
    if (rows.length === 0) break;
    yield* rows;
  }
  await tx`close held_documents`;
}

export const countDocuments = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ count: number }[]>`
    select count(*) as count from (select blob from knowledge_entries union select blob from knowledge_documents) as held`;
  return row?.count ?? 0;
};

/** Some documents, each time others; in hex. */
export const someDocuments = async (db: Queryable, count: number): Promise<Set<string>> => {
  const rows = await db<{ digest: string }[]>`
    select encode(blob, 'hex') as digest
    from (select blob from knowledge_entries union select blob from knowledge_documents) as held
    order by random() limit ${count}`;
  return new Set(rows.map(({ digest }) => digest));
};

export interface Place {
  readonly base: BaseId;
  /** Null for an upload that stands nowhere yet. */
  readonly path: string | null;
  readonly from_seq: number | null;
  readonly to_seq: number | null;
}

/** Some of the places at which a document stands. */
export const placesOf = (db: Queryable, digest: string): Promise<Place[]> => db<Place[]>`
  select base, path, from_seq, to_seq from knowledge_entries where blob = decode(${digest}, 'hex')
  union all
  select base, null, null, null from knowledge_documents where blob = decode(${digest}, 'hex')
    and not exists (select from knowledge_entries where blob = decode(${digest}, 'hex'))
  order by base, path limit ${PLACES}`;

export interface WordsRow {
  readonly words: readonly string[];
  readonly counts: readonly number[];
}

/** Undefined where no search looks into it. */
export const wordsOf = async (db: Queryable, digest: string): Promise<WordsRow | undefined> => {
  const [row] = await db<WordsRow[]>`
    select words, counts from knowledge_words where blob = decode(${digest}, 'hex')`;
  return row;
};

export const writeWords = async (
  tx: Tx,
  digest: string,
  words: ReadonlyMap<string, number> | undefined,
): Promise<void> => {
  await tx`delete from knowledge_words where blob = decode(${digest}, 'hex')`;
  if (words === undefined) return;
  await tx`
    insert into knowledge_words (blob, words, counts)
    values (decode(${digest}, 'hex'), ${[...words.keys()]}::text[], ${[...words.values()]}::integer[])`;
};

export interface CheckedErasure {
  readonly base: BaseId;
  /** In hex. */
  readonly digest: string;
  readonly actor: string;
  readonly authority: string;
  readonly reason_code: string;
  readonly at: Date;
  readonly destroyed: boolean;
  readonly event_kind: string | null;
  readonly event_leaf: Uint8Array | null;
  readonly event_sealed: Uint8Array | null;
}

export type ErasureKey = Pick<CheckedErasure, 'digest'> & { readonly base: string };

export const erasuresAfter = (db: Queryable, after: ErasureKey): Promise<CheckedErasure[]> =>
  db<CheckedErasure[]>`
    select base, encode(blob, 'hex') as digest, actor, authority, reason_code, erasures.at, destroyed,
      events.kind as event_kind, events.leaf as event_leaf, events.sealed as event_sealed
    from knowledge_erasures as erasures left join events on events.id = erasures.event_id
    where (base, blob) > (${after.base}, decode(${after.digest}, 'hex'))
    order by base, blob limit ${ROWS_AT_ONCE}`;

/** A document that somebody erased, each once. */
export interface ErasedDocument {
  readonly digest: string;
  /** By every base that has erased it. */
  readonly destroyed: boolean;
  /** One of them. */
  readonly base: BaseId;
  readonly searchable: boolean;
}

/** Behind a digest in hex; whether others hold it is another question. */
export const erasedAfter = (db: Queryable, after: string): Promise<ErasedDocument[]> => db<ErasedDocument[]>`
  select encode(erasures.blob, 'hex') as digest, bool_and(destroyed) as destroyed, min(base) as base,
    exists (select from knowledge_words where knowledge_words.blob = erasures.blob) as searchable
  from knowledge_erasures as erasures where blob > decode(${after}, 'hex')
  group by erasures.blob order by erasures.blob limit ${ROWS_AT_ONCE}`;
