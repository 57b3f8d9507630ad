// Documents that were uploaded for a base, with the words they are found by, as rows.
import type { Queryable } from '../../database/connect.ts';
import { type Cid, digestOfCid } from '../../protocol/cid.ts';
import type { BaseId, PrincipalId, RoleId, Selector } from '../../protocol/knowledge/ids.ts';
import type { Words } from '../../protocol/knowledge/words.ts';

export interface UploadedDocument {
  readonly size: number;
  readonly uploadedBy: string;
}

/** Not of one that was erased: that is forgotten with its bytes. */
export const findDocument = async (
  db: Queryable,
  base: BaseId,
  blob: Cid,
): Promise<UploadedDocument | undefined> => {
  const [row] = await db<{ size: number; uploaded_by: string }[]>`
    select size, uploaded_by from knowledge_documents where base = ${base} and blob = ${digestOfCid(blob)}`;
  return row === undefined ? undefined : { size: row.size, uploadedBy: row.uploaded_by };
};

/** A version that has the document: `current` where that one does; undefined where none ever had it. */
export const versionWithDocument = async (
  db: Queryable,
  base: BaseId,
  blob: Cid,
): Promise<Selector | undefined> => {
  const [row] = await db<{ id: Cid; current: Cid | null }[]>`
    select versions.id, bases.current
    from knowledge_entries as entries join knowledge_bases as bases on bases.id = entries.base
      join knowledge_versions as versions on versions.base = entries.base and versions.seq >= from_seq
        and (to_seq is null or versions.seq < to_seq)
    where entries.base = ${base} and blob = ${digestOfCid(blob)}
    order by versions.id is not distinct from bases.current desc, versions.seq desc limit 1`;
  if (row === undefined) return undefined;
  return row.id === row.current ? 'current' : row.id;
};

export interface DocumentRow {
  readonly base: BaseId;
  readonly blob: Cid;
  readonly size: number;
  readonly words: Words | undefined;
  readonly uploadedBy: PrincipalId;
  readonly role: RoleId | null;
  readonly tokenId: string;
  readonly at: Date;
}

export interface Insertion {
  readonly token_ok: boolean;
  readonly principal_ok: boolean;
  /** The last sweep that took these bytes. */
  readonly sweep: number;
  readonly erased: boolean;
  readonly created: boolean;
}

/**
 * Names the bytes, unless whoever brought them may not any more, they were erased from the base, or a sweep took them
 * since they were put. What is there already stays, and is as young as its newest upload: nobody takes it for left behind.
 * @param sweepSeen the last sweep after which the bytes were put
 */
export const insertDocument = async (
  db: Queryable,
  document: DocumentRow,
  sweepSeen: number,
): Promise<Insertion> => {
  const { base, size, words, uploadedBy, role, tokenId, at } = document;
  const blob = digestOfCid(document.blob);
  const [names, counts] = [[...(words?.keys() ?? [])], [...(words?.values() ?? [])]];
  const [row] = await db<Insertion[]>`
    with asked as materialized (
      select token_in_force(${tokenId}, ${at}) as token_ok,
        principal_in_force(${uploadedBy}, ${role}) as principal_ok, sweep_of(${blob}) as sweep,
        exists (select from knowledge_erasures where base = ${base} and blob = ${blob}) as erased
    ), allowed as materialized (
      select from asked where token_ok and principal_ok and sweep <= ${sweepSeen} and not erased
    ), named as (
      insert into knowledge_documents (base, blob, size, uploaded_by, uploaded_at)
      select ${base}, ${blob}, ${size}, ${uploadedBy}, ${at} from allowed
      on conflict (base, blob) do update
        set uploaded_at = greatest(knowledge_documents.uploaded_at, excluded.uploaded_at)
      returning xmax = 0 as created
    ), indexed as (
      insert into knowledge_words (blob, words, counts)
      select ${blob}, ${names}::text[], ${counts}::integer[] from allowed where ${words !== undefined}
      on conflict do nothing
    )
    select token_ok, principal_ok, sweep, erased, coalesce((select created from named), false) as created from asked`;
  if (row === undefined) throw new Error('the database did not say what became of a document');
  return row;
};
