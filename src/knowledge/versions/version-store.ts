// Versions as rows: what each was made from, its content, and the manifest whose content id is its name.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { VersionRecord } from './version.ts';

type VersionRow = Omit<VersionRecord, 'createdAt' | 'eventId'> & {
  readonly created_at: Date;
  readonly event_id: string;
};

const toVersion = ({ created_at, event_id, ...row }: VersionRow): VersionRecord => ({
  ...row,
  createdAt: created_at,
  eventId: event_id,
});

export const findVersion = async (
  db: Queryable,
  base: BaseId,
  id: Cid,
): Promise<VersionRecord | undefined> => {
  const [row] = await db<VersionRow[]>`select * from knowledge_versions where id = ${id} and base = ${base}`;
  return row === undefined ? undefined : toVersion(row);
};

/** Newest first, below a number. */
export const versionsBelow = async (
  db: Queryable,
  base: BaseId,
  below: number,
  limit: number,
): Promise<readonly VersionRecord[]> => {
  const rows = await db<VersionRow[]>`
    select * from knowledge_versions where base = ${base} and seq < ${below} order by seq desc limit ${limit}`;
  return rows.map(toVersion);
};

export const insertVersion = (tx: Tx, version: VersionRecord): Promise<unknown> => tx`
  insert into knowledge_versions (id, base, seq, parent, content, entries, bytes, manifest, signature, contribution,
    proposer, created_at, event_id)
  values (${version.id}, ${version.base}, ${version.seq}, ${version.parent}, ${version.content}, ${version.entries},
    ${version.bytes}, ${version.manifest}, ${version.signature}, ${version.contribution}, ${version.proposer},
    ${version.createdAt}, ${version.eventId})`;
