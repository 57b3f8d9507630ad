// Documents that were uploaded for a base and that nobody wants any more: none of its versions, nor an open contribution.
import type { Queryable, Tx } from '../database/connect.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';

const ROWS_AT_ONCE = 200;

export interface Upload {
  readonly base: BaseId;
  /** In hex. */
  readonly digest: string;
  readonly size: number;
  readonly uploaded_at: Date;
}

export type UploadKey = Pick<Upload, 'digest'> & { readonly base: string };

/** Those that no version names, of bases that nothing holds back; contributions are asked elsewhere. */
export const uploadsBefore = (db: Queryable, before: Date, after: UploadKey): Promise<Upload[]> =>
  db<Upload[]>`
    select uploads.base, encode(uploads.blob, 'hex') as digest, uploads.size, uploads.uploaded_at
    from knowledge_documents as uploads join knowledge_bases as bases on bases.id = uploads.base
    where (uploads.base, uploads.blob) > (${after.base}, decode(${after.digest}, 'hex'))
      and uploaded_at < ${before} and registration #>> '{retention,legal_hold}' is distinct from 'true'
      and not exists (select from knowledge_entries as entries
        where entries.base = uploads.base and entries.blob = uploads.blob)
      and not exists (select from knowledge_erasures as gone where gone.base = uploads.base and gone.blob = uploads.blob)
    order by uploads.base, uploads.blob limit ${ROWS_AT_ONCE}`;

/** Of these documents, by their content ids, those that open contributions to a base name in any revision. */
export const namedInOpen = async (
  db: Queryable,
  base: BaseId,
  cids: readonly string[],
): Promise<ReadonlySet<string>> => {
  const rows = await db<{ cid: string }[]>`
    select distinct change #>> '{entry,blob}' as cid
    from knowledge_contributions as contributions
      join knowledge_revisions as revisions on revisions.contribution = contributions.id
      cross join jsonb_array_elements(revisions.changes) as change
    where contributions.base = ${base} and state in ('in_review', 'changes_requested')
      and change #>> '{entry,blob}' = any(${[...cids]}::text[])`;
  return new Set(rows.map(({ cid }) => cid));
};

/** False where it was uploaded again, or named, or erased, since it was found. */
export const dropUpload = async (
  tx: Tx,
  { base, digest }: Pick<Upload, 'base' | 'digest'>,
  before: Date,
): Promise<boolean> => {
  const result = await tx`
    delete from knowledge_documents as uploads
    where base = ${base} and blob = decode(${digest}, 'hex') and uploaded_at < ${before}
      and not exists (select from knowledge_entries as entries
        where entries.base = uploads.base and entries.blob = uploads.blob)
      and not exists (select from knowledge_erasures as gone where gone.base = uploads.base and gone.blob = uploads.blob)`;
  return result.count === 1;
};
